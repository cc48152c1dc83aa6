"""Mending: what is safe to change in a data folder is changed, and what was there before is kept beside it."""

from __future__ import annotations

import shutil
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from limner.datasets.faults.kinds import Fault
from limner.datasets.faults.measures import HIGH, LOW, small_parts
from limner.datasets.manifest_rows import MANIFEST, read_rows, write_rows
from limner.datasets.photo_sets import grey, open_photo
from limner.errors import DataError
from limner.one_writer import OneWriter
from limner.whole_file import aside

Mask = NDArray[np.uint8]

BEFORE = "before-fix"
"""Folder in the data folder that keeps what was there before the first mending."""
_OUT = ("unreadable", "leak", "duplicate")
_MASKS = ("range", "inverted", "residue", "specks")


@dataclass(slots=True)
class Mended:
    """What was changed.

    Attributes:
        faults: those that are mended now.
        out: rows of the manifest that were taken out.
        masks: masks that were written anew.
        notices: what could not be done, a line each.
    """

    faults: list[Fault] = field(default_factory=list)
    out: int = 0
    masks: int = 0
    notices: list[str] = field(default_factory=list)


def mend(data: Path, faults: Sequence[Fault]) -> Mended:
    """Mend what is mendable of the faults of a data folder: masks first, then the manifest in one go.

    No photo is deleted or changed: rows are taken out of the manifest. Masks and manifest as they were before lie in
    ``before-fix`` in the data folder. Masks in zips stay as they are.

    Raises:
        DataError: it is no data folder, nothing would be left, or it cannot be written.
    """
    if not (data / MANIFEST).is_file():
        raise DataError(f"{data}: is no data folder, which has a {MANIFEST}; import it first, and mend what comes out")
    done = Mended()
    by_photo: dict[tuple[str, str], list[Fault]] = defaultdict(list)
    for fault in faults:
        if fault.mendable:
            by_photo[fault.photo].append(fault)
    out = {photo for photo, mine in by_photo.items() if any(fault.kind in _OUT for fault in mine)}
    try:
        with OneWriter(data, error=DataError):
            columns, rows = read_rows(data / MANIFEST)
            left = [row for row in rows if (row["set"], row["stem"]) not in out]
            if not left:
                raise DataError(f"{data}: no photo would be left; look at the faults, and import the photos again")
            for photo, mine in by_photo.items():
                if photo not in out:
                    _mend_mask(data, photo, [fault for fault in mine if fault.kind in _MASKS], done)
            sizes = {photo: fault for photo, mine in by_photo.items() for fault in mine if fault.kind == "size"}
            for row in left:
                if (wrong := sizes.get((str(row["set"]), str(row["stem"])))) is not None:
                    row["width"], row["height"] = wrong.detail.partition(",")[0].split("×")
            if len(left) < len(rows) or sizes:
                _keep(data, data / MANIFEST)
                write_rows(data / MANIFEST, columns, left)
    except OSError as error:
        raise DataError(f"{data}: cannot be written ({error.strerror or error})") from None
    done.out = len(rows) - len(left)
    done.faults += [fault for mine in by_photo.values() for fault in mine if fault.kind in (*_OUT, "size")]
    return done


def _mend_mask(data: Path, photo: tuple[str, str], faults: list[Fault], done: Mended) -> None:
    if not faults:
        return
    path = data / photo[0] / "masks" / f"{photo[1]}.png"
    if not path.is_file():
        notice = f"{data / photo[0]}: masks in a zip stay as they are; unpack it to mend them"
        if notice not in done.notices:
            done.notices.append(notice)
        return
    mask = grey(open_photo(path))
    for fault in sorted(faults, key=lambda fault: _MASKS.index(fault.kind)):
        mask = _MENDERS[fault.kind](mask)
    _keep(data, path)
    with aside(path) as partial:
        Image.fromarray(mask).save(partial, "PNG")
    done.masks += 1
    done.faults += faults


def _keep(data: Path, path: Path) -> None:
    """Copy a file to ``before-fix``, unless an earlier mending did."""
    kept = data / BEFORE / path.relative_to(data)
    if not kept.exists():
        kept.parent.mkdir(parents=True, exist_ok=True)
        with aside(kept) as partial:
            shutil.copyfile(path, partial)


def widened(mask: Mask) -> Mask:
    """A mask of 0 and 1 as 0 and 255."""
    return np.asarray(mask * np.uint8(255), np.uint8)


def inverted(mask: Mask) -> Mask:
    """The mask of the others."""
    return np.asarray(255 - mask, np.uint8)


def snapped(mask: Mask) -> Mask:
    """Values near 0 and 255 become 0 and 255; soft edges stay."""
    return np.where(mask < LOW, np.uint8(0), np.where(mask >= HIGH, np.uint8(255), mask))


def without_specks(mask: Mask) -> Mask:
    """Tiny holes are filled and tiny islands are gone."""
    mended = mask.copy()
    parts, numbers = small_parts(mask <= 127, inner=True)
    mended[np.isin(parts, numbers)] = 255
    parts, numbers = small_parts(mask > 127, inner=False)
    mended[np.isin(parts, numbers)] = 0
    return mended


_MENDERS: dict[str, Callable[[Mask], Mask]] = {
    "range": widened, "inverted": inverted, "residue": snapped, "specks": without_specks,
}  # fmt: skip
