"""Labelling by teachers: new masks for photos that another net labelled or nobody did, kept where teachers agree."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any, Literal

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

from limner.datasets.decisions import Decisions
from limner.datasets.manifest import VOID_SETS, PhotoFolder
from limner.datasets.masks_overlay import TABLE, Row, write_overlay
from limner.datasets.photo import Photo
from limner.errors import DataError, OptionError
from limner.one_writer import OneWriter
from limner.tasks.teachers.distillation import Teacher
from limner.tasks.teachers.gates import Gates, Scores, score, verdict, why_not
from limner.tasks.teachers.passes import iou, view
from limner.whole_file import aside, whole_text, writing

Unsure = Literal["old", "drop"]
JOURNAL, SETTINGS, REVIEW = "journal.csv", "relabel.json", "review.csv"
_LONGEST = 1024  # pixels, at which passes are compared and averaged; masks are written at the photo's own size
_LABELLED_ANEW = ("auto", "unlabelled")


@dataclass(frozen=True, slots=True, kw_only=True)
class RelabelOptions:
    """How photos are looked at, and what becomes of those the teachers disagree on.

    Attributes:
        scales: sizes at which each model sees a photo, relative to its own, in [0.4, 2].
        flip: each pass also sees the mirrored photo.
        salient: places of the teacher's models that find any salient object, not people. They look once.
        steepen: the mean's middle is made steeper by this factor, p → clip(0.5 + steepen (p − 0.5)): where models put
            an edge a pixel apart, their mean is too soft.
        gates: from when on a mask counts.
        unsure: else, "old" keeps the old mask at ``unsure_weight``, "drop" leaves the photo out. Hand-drawn masks stay
            as they are in either case.
        unsure_weight: in [0, 1].
    """

    scales: tuple[float, ...] = (0.85, 1.0, 1.2)
    flip: bool = True
    salient: tuple[int, ...] = ()
    steepen: float = 1.6
    gates: Gates = field(default_factory=Gates)
    unsure: Unsure = "old"
    unsure_weight: float = 0.5

    def __post_init__(self) -> None:
        if not self.scales or not all(0.4 <= scale <= 2 for scale in self.scales):
            raise OptionError("‹scales›: name at least one, all in [0.4, 2]")
        if self.unsure not in ("old", "drop"):
            raise OptionError(f"‹unsure›: must be old or drop, not {self.unsure!r}")
        if not 0 <= self.unsure_weight <= 1:
            raise OptionError(f"‹unsure_weight›: must lie in [0, 1], not {self.unsure_weight}")
        if not self.steepen >= 1:
            raise OptionError(f"‹steepen›: must be 1 (as it is) or more, not {self.steepen}")


@dataclass(frozen=True, slots=True)
class _Done:
    """A photo whose new mask is written."""

    set: str
    stem: str
    change: float
    scores: Scores


def relabel(
    folder: PhotoFolder,
    teacher: Teacher,
    out: Path,
    *,
    options: RelabelOptions,
    sets: Sequence[str] | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> list[Row]:
    """Write ``out/<set>/<stem>.png`` for photos that another net labelled or nobody did, and ``out/masks.csv``.

    Hand-drawn masks are only replaced in sets that ``sets`` names; exact and void masks never. What the teachers
    disagree on is listed in ``out/review.csv``, with the reason, but for what is not worth a look; what a person
    decided of it since (``limner.datasets.decisions``) is heeded. A photo's mask is written whole before it is noted in
    the journal, and the tables come last: stopped anywhere, the same call goes on; other gates only make new tables,
    and other sets are added.

    Raises:
        OptionError: ``out`` holds masks of other teachers or passes, or is being written by another run; a set's masks
            cannot be replaced.
        DataError: there are no such photos, or one cannot be read.
    """
    photos = _choose(folder, sets)
    if any(not 0 <= index < len(teacher.members) for index in options.salient):
        raise OptionError(f"salient: must be places of the teacher's {len(teacher.members)} models")
    with OneWriter(out, error=OptionError):
        return _relabel(folder, teacher, out, options, photos, progress)


def _relabel(
    folder: PhotoFolder,
    teacher: Teacher,
    out: Path,
    options: RelabelOptions,
    photos: list[Photo],
    progress: Callable[[int, int], None] | None,
) -> list[Row]:
    _claim(out / SETTINGS, teacher, options)
    done, decisions = _read_journal(out / JOURNAL), Decisions(out)
    left = [p for p in photos if (p.set, p.stem) not in done and decisions.of(p) != "repair"]
    with writing(out / JOURNAL), (out / JOURNAL).open("a", newline="", encoding="utf-8") as journal:
        writer = csv.writer(journal)
        for count, photo in enumerate(left, start=1):
            item = done[photo.set, photo.stem] = _label(folder, teacher, out, photo, options)
            writer.writerow([item.set, item.stem, item.change, *asdict(item.scores).values()])
            journal.flush()
            if progress is not None:
                progress(len(photos) - len(left) + count, len(photos))
    known = [
        photo
        for photo in (*folder.photos, *folder.unlabelled)
        if (photo.set, photo.stem) in done and photo.mask in (*_LABELLED_ANEW, "hand")
    ]
    rows = [_decide(done[photo.set, photo.stem], photo, options) for photo in known]
    _write_review(out / REVIEW, [done[row.set, row.stem] for row in rows], options.gates)
    everything = (*folder.photos, *folder.unlabelled)
    rows = decisions.settle(rows, everything, lambda photo: (out / photo.set / f"{photo.stem}.png").is_file())
    with writing(out / TABLE):
        write_overlay(out / TABLE, rows)
    return rows


def _choose(folder: PhotoFolder, sets: Sequence[str] | None) -> list[Photo]:
    """The photos that are to be labelled."""
    everything = [*folder.photos, *folder.unlabelled]
    if sets is None:
        photos = [photo for photo in everything if photo.mask in _LABELLED_ANEW]
        if not photos:
            raise DataError(
                f"{folder.folder}: no photo has a mask of kind auto, or none yet; there is nothing to label again. "
                f"Hand-drawn masks are replaced in sets that ‹sets› names"
            )
        return photos
    known = {photo.set for photo in everything}
    for name in sets:
        if name not in known:
            raise OptionError(f"‹sets›: there is no set {name!r}; there are {', '.join(sorted(known))}")
        if name in VOID_SETS:
            raise OptionError(f"sets: {name} has undecided pixels in its masks, which new ones would lose")
    photos = [photo for photo in everything if photo.set in sets]
    if fixed := [photo for photo in photos if photo.mask not in (*_LABELLED_ANEW, "hand")]:
        raise OptionError(f"sets: {fixed[0].set} has masks of kind {fixed[0].mask}, which no teacher betters")
    return photos


def _label(folder: PhotoFolder, teacher: Teacher, out: Path, photo: Photo, options: RelabelOptions) -> _Done:
    rgb, old = folder.load(photo)
    height, width = old.shape
    scale = min(1.0, _LONGEST / max(height, width))
    small = cv2.resize(rgb, (round(width * scale), round(height * scale)), interpolation=cv2.INTER_AREA)
    image = torch.from_numpy(np.asarray(small)).permute(2, 0, 1)[None].float().div(255)
    seen = view(teacher, image, scales=options.scales, flip=options.flip, salient=options.salient)
    steep = np.clip(0.5 + options.steepen * (seen.probability - 0.5), 0, 1)
    alpha = cv2.resize(steep, (width, height), interpolation=cv2.INTER_LINEAR)
    _write_mask(out / photo.set / f"{photo.stem}.png", np.round(alpha * 255).astype(np.uint8))
    change = 0.0 if photo.mask == "unlabelled" else iou(alpha > 0.5, old > 127)
    return _Done(photo.set, photo.stem, round(change, 4), score(seen))


def _decide(done: _Done, photo: Photo, options: RelabelOptions) -> Row:
    kind: Any = photo.mask
    said = verdict(done.scores, options.gates)
    use: Any = "new" if said == "keep" else "old" if photo.mask == "hand" else options.unsure
    if photo.mask == "unlabelled" and said != "keep":
        use = "drop"
    weight = 1.0 if said == "keep" or photo.mask == "hand" else options.unsure_weight
    return Row(done.set, done.stem, use, weight, done.scores.agreement, done.change, kind, verdict=said)


def _write_review(path: Path, done: list[_Done], gates: Gates) -> None:
    """The photos to look at, those in dispute most first."""
    rows = []
    for item in done:
        if verdict(item.scores, gates) == "ask":
            why = why_not(item.scores, gates)
            rows.append(
                {
                    "set": item.set,
                    "stem": item.stem,
                    "score": item.scores.least,
                    **asdict(item.scores),
                    "change": item.change,
                    "why": why,
                }
            )
    rows.sort(key=lambda row: row["score"])
    names = ["set", "stem", "score", *(item.name for item in fields(Scores)), "change", "why"]
    _write_table(path, rows, names)


def _write_table(path: Path, rows: list[dict[str, Any]], names: list[str]) -> None:
    text = io.StringIO(newline="")
    table = csv.DictWriter(text, fieldnames=names)
    table.writeheader()
    table.writerows(rows)
    with writing(path):
        whole_text(path, text.getvalue())


def _claim(path: Path, teacher: Teacher, options: RelabelOptions) -> None:
    """Note whose masks these are, or compare with the note that is there."""
    mine = {
        "teacher": asdict(teacher.recipe),
        "salient": options.salient,
        "scales": options.scales,
        "flip": options.flip,
        "steepen": options.steepen,
        "longest": _LONGEST,
    }
    text = json.dumps(mine, indent=2)
    if not path.is_file():
        with writing(path):
            whole_text(path, text)
    elif path.read_text(encoding="utf-8") != text:
        raise OptionError(
            f"{path.parent}: holds masks of other teachers, shares, scales, flip or steepen; choose another ‹out›"
        )


def _read_journal(path: Path) -> dict[tuple[str, str], _Done]:
    """What was noted before; a last line that was cut off does not count, and is removed."""
    if not path.is_file():
        return {}
    whole, newline, _cut = path.read_text(encoding="utf-8").rpartition("\n")
    with writing(path):
        whole_text(path, whole + newline)
    found = {}
    for row in csv.reader(io.StringIO(whole)):
        name, stem, change, *rest = row
        agreement, people, kinds, blob, area = (float(value) if value else None for value in rest)
        scores = Scores(agreement, people, kinds, blob, area)  # type: ignore[arg-type]
        found[name, stem] = _Done(name, stem, float(change), scores)
    return found


def _write_mask(path: Path, mask: NDArray[np.uint8]) -> None:
    with writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
    with writing(path), aside(path) as partial:
        Image.fromarray(mask).save(partial, "PNG")
