"""Taking: one entry of a layout after the other becomes a photo and a mask of a set, or a line of what is wrong."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from limner.datasets.layouts.base import Entry, Layout, Listing
from limner.datasets.photo import MaskKind
from limner.datasets.photo_sets import SUFFIXES, open_photo
from limner.errors import DataError

Mask = NDArray[np.uint8]

_ORIENTATION = 0x0112  # the tag of EXIF


@dataclass(frozen=True, slots=True)
class Taken:
    """A photo that was taken: its entry, its name in the set, who drew its mask, and its size (width, height)."""

    entry: Entry
    stem: str
    kind: MaskKind
    size: tuple[int, int]


class Taker:
    """Takes entries.

    Args:
        target: folder with ``images``, to copy to; None leaves the files where they are, and only checks them.
        layout: of the entries.
        kind: who drew the masks, if it is not what the layout says.
        keep_nobody: photos in which nobody is labelled become photos of the kind none, instead of being left out.

    Attributes:
        failures: name and reason of what could not be taken.
    """

    def __init__(self, target: Path | None, layout: Layout, *, kind: MaskKind | None, keep_nobody: bool) -> None:
        self.target, self.layout, self.kind, self.keep_nobody = target, layout, kind, keep_nobody
        self.failures: list[tuple[str, str]] = []
        self._stems: set[str] = set()
        self._widened = self._empty = self._nobody = 0

    def take(self, listing: Listing, progress: Callable[[int, int], None] | None) -> list[Taken]:
        """Take all entries that can be taken.

        Args:
            progress: called with (photos done, photos in all).

        Raises:
            OSError: the target cannot be written.
        """
        self.failures += listing.missing
        done = []
        for count, entry in enumerate(listing.entries, start=1):
            try:
                taken = self._one(entry)
            except DataError as error:
                self.failures.append((entry.name, _reason(entry, error)))
            else:
                if taken is not None:
                    done.append(taken)
            if progress is not None:
                progress(count, len(listing.entries))
        return done

    def notices(self) -> list[str]:
        """What was changed or left out, a line each."""
        told = []
        if self._widened:
            told.append(f"{self._widened} masks had no value but 0 and 1; the 1 became 255")
        if self._empty:
            told.append(f"{self._empty} masks are empty: nobody is in these photos")
        if self._nobody:
            fate = "are of the kind none" if self.keep_nobody else "are left out"
            told.append(f"{self._nobody} photos in which nobody is labelled {fate}")
        return told

    def _one(self, entry: Entry) -> Taken | None:
        if entry.nobody and not self.keep_nobody:
            self._nobody += 1
            return None
        image = _picture(entry)
        kind: MaskKind = self.kind or entry.kind or ("hand" if entry.mask is not None else "unlabelled")
        if kind == "exact" and "A" not in image.mode and "transparency" not in image.info:
            raise DataError("has no transparency, which is the mask of photos of the kind exact")
        mask, changed = None, False
        if entry.nobody:
            kind = "none"
            self._nobody += 1
        elif entry.mask is not None:
            mask, changed = self._mask(entry, image.size)
            if not mask.any() and self.layout.labelled:
                self._nobody += 1
                if not self.keep_nobody:
                    return None
                kind, mask = "none", None
            elif not mask.any():
                self._empty += 1
        stem = self._stem(entry)
        if self.target is None:
            _check_in_place(entry, mask, changed=changed)
        else:
            self._copy(self.target, entry, stem, image, mask)
        self._widened += changed
        return Taken(entry, stem, kind, image.size)

    def _mask(self, entry: Entry, size: tuple[int, int]) -> tuple[Mask, bool]:
        """The mask as uint8 (H, W), and whether its values had to be widened. ``size`` is the photo's."""
        assert entry.mask is not None
        mask = _upright(entry, entry.mask(), size)
        height, width = mask.shape
        area = width * size[1]
        rounding = min(max(size), 0.02 * area)  # a pixel's, if it has many
        if abs(area - height * size[0]) > 0.01 * area + rounding:
            raise DataError(
                f"{entry.mask_name}: has the shape {width}×{height}, but {Path(entry.name).name} has "
                f"{size[0]}×{size[1]}; a mask has the shape of its photo"
            )
        if int(mask.max()) == 1:
            return np.asarray(mask * 255, np.uint8), True
        return mask, False

    def _stem(self, entry: Entry) -> str:
        """A name that no other photo of the set has: the file's own, with the folders that it lies in if need be."""
        parts = Path(entry.name).parent.parts
        names = [entry.stem, *("_".join((*parts[-count:], entry.stem)) for count in range(1, 1 + min(4, len(parts))))]
        names += [f"{entry.stem}_{number}" for number in range(2, 10)]
        free = (name for name in names if "/" not in name and name.casefold() not in self._stems)
        stem = next(free, f"{entry.stem}_{len(self._stems)}")
        self._stems.add(stem.casefold())
        return stem

    def _copy(self, target: Path, entry: Entry, stem: str, image: Image.Image, mask: Mask | None) -> None:
        """The photo as it is, or as PNG where training does not read its kind of file, and the mask as PNG."""
        if isinstance(entry.photo, Path) and entry.photo.suffix.lower() in SUFFIXES:
            shutil.copyfile(entry.photo, target / "images" / f"{stem}{entry.photo.suffix}")
        else:
            mode = "RGBA" if "A" in image.mode else "RGB"
            image.convert(mode).save(target / "images" / f"{stem}.png", compress_level=3)
        if mask is not None:
            (target / "masks").mkdir(exist_ok=True)
            Image.fromarray(mask).save(target / "masks" / f"{stem}.png")


def _picture(entry: Entry) -> Image.Image:
    if not isinstance(entry.photo, Path):
        return entry.photo()
    if not entry.photo.is_file():
        raise DataError(f"{entry.photo}: there is no such photo")
    return open_photo(entry.photo)


def _upright(entry: Entry, mask: Mask, size: tuple[int, int]) -> Mask:
    """The mask turned as the photo is, where it was drawn on the pixels as they are in a turned file."""
    if mask.shape == size[::-1] or mask.shape != size or not isinstance(entry.photo, Path):
        return mask
    with Image.open(entry.photo) as raw:
        orientation = raw.getexif().get(_ORIENTATION, 1)
    if orientation < 5:
        return mask
    turned = Image.fromarray(mask)
    turned.getexif()[_ORIENTATION] = orientation
    return np.asarray(ImageOps.exif_transpose(turned), np.uint8)


def _check_in_place(entry: Entry, mask: Mask | None, *, changed: bool) -> None:
    path = Path(entry.mask_name)
    if mask is not None and (changed or path.suffix.lower() != ".png" or path.stem != entry.stem):
        raise DataError(
            f"{path}: a mask that stays where it is must be an 8-bit grey PNG of 0 to 255 with its photo's name; "
            "import it from another folder, and it is converted"
        )


def _reason(entry: Entry, error: DataError) -> str:
    """What is wrong, without the photo's own name before it; a mask's name stays."""
    told = str(error)
    for name in (entry.name, str(entry.photo) if isinstance(entry.photo, Path) else entry.name):
        told = told.removeprefix(f"{name}: ")
    return told
