"""Decisions: what a person said of photos, kept line by line as they say it, and what becomes of the photos then."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Any, Literal, get_args

from limner.datasets.masks_overlay import Row
from limner.datasets.photo import Photo
from limner.errors import DataError
from limner.whole_file import whole_text

Verdict = Literal["accept", "reject", "nobody", "repair"]
"""accept: the mask is right; reject: leave the photo out; nobody: nobody is in it; repair: the mask was painted."""
DECISIONS = "decisions.jsonl"


class Decisions:
    """The decisions of a folder, in the order in which they were made; the last of a photo counts.

    Each is on the disk before ``put`` returns, so that nothing said is lost, whatever ends the program.

    Args:
        folder: of masks, see ``limner.datasets.masks_overlay``.

    Raises:
        DataError: they cannot be read.
    """

    def __init__(self, folder: Path) -> None:
        self.path = folder / DECISIONS
        self.verdicts: dict[tuple[str, str], Verdict] = {}
        self._before: dict[tuple[str, str], Row | None] = {}
        if not self.path.is_file():
            return
        try:
            whole, newline, cut = self.path.read_text(encoding="utf-8").rpartition("\n")
            if cut:  # written while the machine failed
                whole_text(self.path, whole + newline)
            for number, line in enumerate(whole.splitlines(), start=1):
                self._note(line, number)
        except (OSError, UnicodeDecodeError) as error:
            raise DataError(f"{self.path}: cannot be read ({error})") from None

    def put(self, photo: Photo, verdict: Verdict | None, *, row: Row | None = None) -> None:
        """Note a decision; None takes it back.

        Args:
            row: what would become of the photo without the first one, for ``before``.

        Raises:
            OSError: it cannot be written.
        """
        said: dict[str, Any] = {"set": photo.set, "stem": photo.stem, "verdict": verdict}
        if verdict is not None and self.of(photo) is None and row is not None:
            said["before"] = asdict(row)
        line = json.dumps(said, ensure_ascii=False)
        with self.path.open("a", encoding="utf-8") as file:
            file.write(line + "\n")
            file.flush()
            os.fsync(file.fileno())
        self._keep((photo.set, photo.stem), verdict, said.get("before"))

    def before(self, photo: Photo) -> Row | None:
        """What would become of a decided photo without the decision; None where nothing is known of it."""
        return self._before.get((photo.set, photo.stem))

    def of(self, photo: Photo) -> Verdict | None:
        """What was said of a photo."""
        return self.verdicts.get((photo.set, photo.stem))

    def settle(self, rows: Iterable[Row], photos: Iterable[Photo], is_drawn: Callable[[Photo], bool]) -> list[Row]:
        """The rows of the masks, with what was decided.

        Args:
            rows: as the teachers would have them.
            photos: of the data folder.
            is_drawn: whether the folder has a mask of its own of a photo.
        """
        found = {(row.set, row.stem): row for row in rows}
        for photo in photos:
            verdict = self.of(photo)
            if verdict is not None:
                key = photo.set, photo.stem
                found[key] = settled(photo, verdict, found.get(key), drawn=is_drawn(photo))
        return list(found.values())

    def _note(self, line: str, number: int) -> None:
        try:
            said = json.loads(line)
            key, verdict = (str(said["set"]), str(said["stem"])), said["verdict"]
        except (ValueError, KeyError, TypeError):
            raise DataError(f"{self.path}:{number}: is no decision; take the line out") from None
        if verdict is not None and verdict not in get_args(Verdict):
            raise DataError(f"{self.path}:{number}: verdict must be one of {', '.join(get_args(Verdict))}")
        try:
            self._keep(key, verdict, said.get("before"))
        except TypeError:
            raise DataError(f"{self.path}:{number}: is no decision; take the line out") from None

    def _keep(self, key: tuple[str, str], verdict: Verdict | None, before: Any) -> None:
        if verdict is None:
            self.verdicts.pop(key, None)
            self._before.pop(key, None)
            return
        if key not in self.verdicts:
            self._before[key] = None if before is None else Row(**before)
        self.verdicts[key] = verdict


def settled(photo: Photo, verdict: Verdict, row: Row | None, *, drawn: bool) -> Row:
    """What becomes of a photo.

    Args:
        row: as the teachers would have it; None where they were not asked.
        drawn: there is a mask beside the data folder's.
    """
    agreement, change = (row.agreement, row.change) if row is not None else (1.0, 0.0)
    use: Literal["new", "old", "drop", "nobody"] = "new" if drawn else "old"
    if verdict in ("reject", "nobody"):
        use = "drop" if verdict == "reject" else "nobody"
    kind: Literal["auto", "hand"] = "hand" if verdict == "repair" else "auto"
    return Row(photo.set, photo.stem, use, 1.0, agreement, change, photo.mask, kind, verdict)
