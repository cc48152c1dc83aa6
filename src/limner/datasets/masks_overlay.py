"""Masks beside a data folder that stand in for its own, as `limner data label` and `limner data review` make them."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Literal, get_args

from limner.datasets.photo import MaskKind, Photo
from limner.datasets.tables import read_table
from limner.errors import DataError
from limner.whole_file import whole_text

Use = Literal["new", "old", "drop", "nobody"]
TABLE = "masks.csv"
_ADOPTED = ("unlabelled", "auto")  # `limner data label --adopt` came between


@dataclass(frozen=True, slots=True)
class Row:
    """What becomes of one photo.

    Attributes:
        use: "new" takes the overlay's mask, "old" keeps the data folder's, "drop" leaves the photo out, "nobody" says
            that nobody is in it.
        weight: of the photo in the loss, in [0, 1].
        agreement: mean IoU of the teacher's passes with their mean.
        change: IoU of the new mask with the old one; 0 where there was none.
        replaces: kind of the mask in the data folder. "hand" was asked for by naming the photo's set, or in a review.
        kind: of the new mask: "auto", or "hand" where a person repaired it.
        verdict: of the teachers, "keep", "reject" or "ask"; of a person, see ``limner.datasets.decisions``.
    """

    set: str
    stem: str
    use: Use
    weight: float
    agreement: float
    change: float
    replaces: MaskKind = "auto"
    kind: MaskKind = "auto"
    verdict: str = ""


class MasksOverlay:
    """A folder with ``masks.csv`` and ``<set>/<stem>.png``.

    Raises:
        DataError: there is no such table, or a row of it cannot be used.
    """

    def __init__(self, folder: Path) -> None:
        self.folder, self.table = folder, folder / TABLE
        if not self.table.is_file():
            raise DataError(
                f"{self.table}: no such file; ‹masks› must name a folder that `limner data label` has finished"
            )
        rows = [_parse(row, f"{self.table}:{line}") for line, row in enumerate(read_table(self.table)[1], start=2)]
        self.rows = {(row.set, row.stem): row for row in rows}

    def apply(self, photos: Iterable[Photo]) -> list[Photo]:
        """The photos that stay, with their weights; those with new masks are of the kind auto from now on.

        Raises:
            DataError: the overlay names a photo with a mask of another kind than when it was made: masks of people and
                renderers are never replaced unasked.
        """
        kept = []
        for photo in photos:
            row = self.rows.get((photo.set, photo.stem))
            if row is not None and photo.mask != row.replaces and not (row.replaces, photo.mask) == _ADOPTED:
                raise DataError(
                    f"{self.table}: {photo.set}/{photo.stem} has a mask of kind {photo.mask}, not {row.replaces}"
                )
            if row is None or (photo.mask == "unlabelled" and row.use in ("old", "drop")):
                kept.append(photo)
            elif row.use == "new":
                kept.append(replace(photo, weight=row.weight, mask=row.kind))
            elif row.use == "nobody":
                kept.append(replace(photo, weight=row.weight, mask="none"))
            elif row.use == "old":
                kept.append(replace(photo, weight=row.weight))
        return kept

    def mask_path(self, photo: Photo) -> Path | None:
        """The file of the photo's new mask, or None where the data folder's counts."""
        row = self.rows.get((photo.set, photo.stem))
        return self.folder / photo.set / f"{photo.stem}.png" if row is not None and row.use == "new" else None


def write_overlay(path: Path, rows: Iterable[Row]) -> None:
    """Write the table of an overlay, whole or not at all."""
    text = io.StringIO(newline="")
    table = csv.DictWriter(text, fieldnames=[item.name for item in fields(Row)], lineterminator="\n")
    table.writeheader()
    table.writerows(asdict(row) for row in rows)
    whole_text(path, text.getvalue())


def _parse(row: dict[str, str], where: str) -> Row:
    try:
        use = row["use"]
        parsed = Row(
            row["set"],
            row["stem"],
            use,  # type: ignore[arg-type]
            float(row["weight"]),
            float(row["agreement"]),
            float(row["change"]),
            row.get("replaces") or "auto",  # type: ignore[arg-type]
            row.get("kind") or "auto",  # type: ignore[arg-type]
            row.get("verdict") or "",
        )
    except KeyError as error:
        raise DataError(f"{where}: the column {error} is missing") from None
    except (TypeError, ValueError):
        raise DataError(f"{where}: weight, agreement and change must be numbers") from None
    if use not in get_args(Use):
        raise DataError(f"{where}: use must be one of {', '.join(get_args(Use))}, not {use!r}")
    for name in ("replaces", "kind"):
        if getattr(parsed, name) not in get_args(MaskKind):
            kinds = ", ".join(get_args(MaskKind))
            raise DataError(f"{where}: {name} must be one of {kinds}, not {getattr(parsed, name)!r}")
    if not 0 <= parsed.weight <= 1:
        raise DataError(f"{where}: weight must lie in [0, 1], not {row['weight']}")
    return parsed
