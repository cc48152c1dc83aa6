"""Self-training: new masks for the auto sets from a better teacher, kept where its passes agree."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from itertools import product
from pathlib import Path
from typing import Literal

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

from limner.data.manifest import Photo, PhotoFolder
from limner.data.masks_overlay import TABLE, Row
from limner.errors import DataError, OptionError
from limner.training.distillation import Teacher, average
from limner.whole_file import aside, whole_text

Unsure = Literal["old", "drop"]
JOURNAL, SETTINGS = "journal.csv", "relabel.json"
_SIDE = 448  # pixels, square, at which passes are compared and averaged
_BATCH = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class RelabelOptions:
    """How photos are looked at, and what becomes of those the passes disagree on.

    Attributes:
        scales: input sizes of a pass, relative to each teacher's own; models of a fixed size have one pass only.
        flip: each pass also sees the mirrored photo.
        agree: mean IoU of the passes with their mean, in [0, 1], from which on the new mask counts.
        unsure: below that, "old" keeps the old mask at ``unsure_weight``, "drop" leaves the photo out.
        unsure_weight: in [0, 1].
    """

    scales: tuple[float, ...] = (0.85, 1.0, 1.2)
    flip: bool = True
    agree: float = 0.9
    unsure: Unsure = "old"
    unsure_weight: float = 0.5

    def __post_init__(self) -> None:
        if not self.scales or min(self.scales) <= 0:
            raise OptionError("scales: name at least one, all above 0")
        if self.unsure not in ("old", "drop"):
            raise OptionError(f"unsure: must be old or drop, not {self.unsure!r}")
        for name in ("agree", "unsure_weight"):
            if not 0 <= getattr(self, name) <= 1:
                raise OptionError(f"{name}: must lie in [0, 1], not {getattr(self, name)}")


@dataclass(frozen=True, slots=True)
class _Done:
    """A photo whose new mask is written."""

    set: str
    stem: str
    agreement: float
    change: float


def relabel(
    folder: PhotoFolder,
    teacher: Teacher,
    out: Path,
    *,
    options: RelabelOptions,
    progress: Callable[[int, int], None] | None = None,
) -> list[Row]:
    """Write ``out/<set>/<stem>.png`` for every photo whose mask another net made, and ``out/masks.csv``.

    Hand-drawn, exact and void masks are never touched. A photo's mask is written whole before it is noted in the
    journal, and the table comes last: stopped anywhere, the same call goes on; other thresholds only make a new table.

    Raises:
        OptionError: ``out`` holds masks of other teachers or passes.
        DataError: there are no auto photos, or one cannot be read.
    """
    photos = [photo for photo in folder.photos if photo.mask == "auto"]
    if not photos:
        raise DataError(f"{folder.folder}: no photo has a mask of kind auto; there is nothing to label again")
    out.mkdir(parents=True, exist_ok=True)
    _claim(out / SETTINGS, teacher, options)
    done = _read_journal(out / JOURNAL)
    left = [photo for photo in photos if (photo.set, photo.stem) not in done]
    with (out / JOURNAL).open("a", newline="", encoding="utf-8") as journal:
        writer = csv.writer(journal)
        for first in range(0, len(left), _BATCH):
            for item in _label(folder, teacher, out, left[first : first + _BATCH], options):
                done[item.set, item.stem] = item
                writer.writerow(asdict(item).values())
            journal.flush()
            if progress is not None:
                progress(len(done), len(photos))
    rows = [_decide(done[photo.set, photo.stem], options) for photo in photos]
    text = io.StringIO(newline="")
    table = csv.DictWriter(text, fieldnames=list(Row.__dataclass_fields__))
    table.writeheader()
    table.writerows(asdict(row) for row in rows)
    whole_text(out / TABLE, text.getvalue())
    return rows


def _label(
    folder: PhotoFolder, teacher: Teacher, out: Path, photos: Sequence[Photo], options: RelabelOptions
) -> list[_Done]:
    loaded = [folder.load(photo) for photo in photos]
    squares = np.stack([cv2.resize(rgb, (_SIDE, _SIDE), interpolation=cv2.INTER_AREA) for rgb, _ in loaded])
    images = torch.from_numpy(squares).permute(0, 3, 1, 2).float().div(255)
    mean, agreement = _look(teacher, images, options)
    found = []
    for photo, (_, old), probability, agreed in zip(photos, loaded, mean, agreement, strict=True):
        alpha = cv2.resize(probability, (old.shape[1], old.shape[0]), interpolation=cv2.INTER_LINEAR)
        _write_mask(out / photo.set / f"{photo.stem}.png", np.round(alpha * 255).astype(np.uint8))
        found.append(_Done(photo.set, photo.stem, round(agreed, 4), round(_iou(alpha > 0.5, old > 127), 4)))
    return found


def _look(teacher: Teacher, images: torch.Tensor, options: RelabelOptions) -> tuple[NDArray[np.float32], list[float]]:
    """Mean probability (N, S, S) of all passes, and the mean IoU of the passes with it, for each picture."""
    passes, shares = [], []
    flips = (False, True) if options.flip else (False,)
    for index, member in enumerate(teacher.members):
        scales = (1.0,) if member.fixed_size else options.scales
        for scale, flip in product(scales, flips):
            passes.append(teacher.look(index, images, scale=scale, flip=flip))
            shares.append(teacher.shares[index] / (len(scales) * len(flips)))
    mean = average(passes, shares, mean=teacher.recipe.mean)[:, 0].numpy()
    person = mean > 0.5
    agreement = [
        float(np.mean([_iou(one[i, 0].numpy() > 0.5, person[i]) for one in passes])) for i in range(len(person))
    ]
    return mean, agreement


def _iou(first: NDArray[np.bool_], second: NDArray[np.bool_]) -> float:
    """Intersection over union; 1 where both are empty."""
    union = int((first | second).sum())
    return int((first & second).sum()) / union if union else 1.0


def _decide(done: _Done, options: RelabelOptions) -> Row:
    sure = done.agreement >= options.agree
    weight = 1.0 if sure else options.unsure_weight
    return Row(done.set, done.stem, "new" if sure else options.unsure, weight, done.agreement, done.change)


def _claim(path: Path, teacher: Teacher, options: RelabelOptions) -> None:
    """Note whose masks these are, or compare with the note that is there."""
    mine = {"teacher": asdict(teacher.recipe), "scales": options.scales, "flip": options.flip, "side": _SIDE}
    text = json.dumps(mine, indent=2)
    if not path.is_file():
        whole_text(path, text)
    elif path.read_text(encoding="utf-8") != text:
        raise OptionError(f"{path.parent}: holds masks of another teacher, scales or flip; choose another --out")


def _read_journal(path: Path) -> dict[tuple[str, str], _Done]:
    """What was noted before; a last line that was cut off does not count, and is removed."""
    if not path.is_file():
        return {}
    whole, newline, _cut = path.read_text(encoding="utf-8").rpartition("\n")
    whole_text(path, whole + newline)
    rows = csv.reader(io.StringIO(whole))
    return {(row[0], row[1]): _Done(row[0], row[1], float(row[2]), float(row[3])) for row in rows if row}


def _write_mask(path: Path, mask: NDArray[np.uint8]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with aside(path) as partial:
        Image.fromarray(mask).save(partial, "PNG")
