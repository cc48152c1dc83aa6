"""Pairs of folders: one with photos, one with masks of the same names, alone or for each split."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from limner.datasets.layouts.base import Entry, Listing, Mask, People, folder_named, split_of
from limner.datasets.layouts.photo_index import photo_files
from limner.datasets.photo_sets import grey, open_photo
from limner.errors import DataError

_ENDS = re.compile(r"[-_ .](mask|masks|matte|alpha|label|labels|seg|segmentation|profile|gt)$", re.IGNORECASE)
ReadMask = Callable[[Path], Mask]


@dataclass(frozen=True, slots=True)
class Pairs:
    """A layout of two folders.

    Attributes:
        name, about: see ``Layout``.
        photos, masks: names that the two folders may have, the likeliest first.
        read_mask: makes a mask of its file.
        deep: the two folders also count where they lie in a folder of a split, or two folders down.
        fits: what else the masks must be, or None.
        fits_as: the same in words.
    """

    name: str
    about: str
    photos: tuple[str, ...]
    masks: tuple[str, ...]
    read_mask: ReadMask
    deep: bool = True
    fits: Callable[[Path], bool] | None = None
    fits_as: str = ""
    labelled: bool = False

    def signs(self, folder: Path) -> dict[str, bool]:
        """See ``Layout``."""
        places = _places(folder, deep=self.deep)
        photos = [place for place in places if folder_named(place, *self.photos)]
        pairs = [place for place in photos if folder_named(place, *self.masks)]
        told = {
            f"{_told(self.photos)} with photos": bool(photos),
            f"{_told(self.masks)} with masks beside it": bool(pairs),
        }
        if self.fits is not None:
            told[self.fits_as] = bool(pairs) and self._fits(folder_named(pairs[0], *self.masks))
        return told

    def _fits(self, masks: Path | None) -> bool:
        first = next(photo_files(masks), None) if masks is not None else None
        return first is not None and self.fits is not None and self.fits(first)

    def read(self, folder: Path, people: People) -> Listing:
        """See ``Layout``."""
        listing, found = Listing([]), False
        for place in _places(folder, deep=self.deep):
            photos, masks = folder_named(place, *self.photos), folder_named(place, *self.masks)
            if photos is not None and masks is not None:
                found = True
                pair_up(listing, photos, masks, folder, self.read_mask)
        if not found:
            raise DataError(f"{folder}: holds no {_told(self.photos)} with {_told(self.masks)} beside it")
        return listing


def pair_up(listing: Listing, photos: Path, masks: Path, folder: Path, read_mask: ReadMask) -> None:
    """Add the photos below one folder with the masks of their names below another one to ``listing``."""
    named = _masks_by_name(masks)
    used: dict[Path, Path] = {}
    for path in photo_files(photos):
        inner = path.relative_to(photos).with_suffix("").as_posix()
        mask = named.get(inner) or named.get(path.stem)
        if mask is None:
            listing.missing.append((str(path), "has no mask"))
            continue
        if mask in used:
            listing.missing.append((str(path), f"{used[mask].name} has the same name; rename one of them"))
            continue
        used[mask] = path
        split = split_of([*reversed(path.relative_to(folder).parts[:-1])])
        entry = Entry(str(path), path.stem, path, partial(read_mask, mask), str(mask), split=split)
        listing.entries.append(entry)
    for mask in sorted(set(named.values()) - used.keys()):
        listing.missing.append((str(mask), "has no photo"))


def _masks_by_name(masks: Path) -> dict[str, Path]:
    """Masks by their path and by their name, without an end such as ``_mask``; a mask's own name goes first."""
    plain: dict[str, Path] = {}
    ended: dict[str, Path] = {}
    for path in photo_files(masks):
        inner = path.relative_to(masks).with_suffix("").as_posix()
        for name in (inner, path.stem):
            plain.setdefault(name, path)
            if _ENDS.search(name):
                ended.setdefault(_ENDS.sub("", name), path)
    return ended | plain


def read_grey(path: Path) -> Mask:
    """A mask as its grey values, uint8 (H, W); the alpha of what has one that says more.

    Raises:
        DataError: it cannot be read, or is a picture with a palette of several colours.
    """
    image = open_photo(path)
    if image.mode in ("RGBA", "LA"):
        alpha = np.asarray(image.getchannel("A"))
        if alpha.min() < 255:
            return np.ascontiguousarray(alpha)
    mask = grey(image)
    if image.mode == "P" and len(np.unique(mask)) > 2:
        raise DataError(
            f"{path}: has a palette of several colours; save it as 8-bit grey, 0 nobody and 255 person, or, where the "
            "colours are labels, import it with ‹layout› parsing"
        )
    return mask


def read_alpha(path: Path) -> Mask:
    """The alpha of an RGBA file, uint8 (H, W).

    Raises:
        DataError: it cannot be read, or has none.
    """
    image = open_photo(path)
    if "A" not in image.mode and "transparency" not in image.info:
        raise DataError(f"{path}: has no transparency, which is the matte in this layout")
    return np.ascontiguousarray(np.asarray(image.convert("RGBA"))[..., 3])


def _places(folder: Path, *, deep: bool) -> Iterator[Path]:
    """The folder, and where ``deep`` those one and two below it."""
    yield folder
    if deep and folder.is_dir():
        for inner in _folders(folder):
            yield inner
            yield from _folders(inner)


def _folders(folder: Path) -> list[Path]:
    return [path for path in sorted(folder.iterdir()) if path.is_dir() and not path.name.startswith(".")][:200]


def _told(names: Sequence[str]) -> str:
    return "/ or ".join(names[:3]) + "/"
