"""The manifest: which photos a data folder holds, in which split, and how their masks were made."""

from __future__ import annotations

import io
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from limner.checking import checked
from limner.datasets.masks_overlay import MasksOverlay
from limner.datasets.packed_photos import is_pack, open_pack
from limner.datasets.photo import MaskKind, Photo, Split
from limner.datasets.photo_sets import PhotoSet, grey, open_set
from limner.datasets.tables import read_table
from limner.errors import DataError

VOID = 128
"""Mask value of pixels nobody could decide on, in sets listed in ``VOID_SETS``: left out of loss and scores."""

VOID_SETS = frozenset({"people_with_animals"})


def read_manifest(folder: Path) -> list[Photo]:
    """The photos listed in ``folder/manifest.csv``.

    Raises:
        DataError: the file is missing, empty, or a row is not as the header promises (it names the line).
    """
    if is_pack(folder):
        return [_parse(row, f"{folder}:{line}") for line, row in enumerate(open_pack(folder).rows(), start=2)]
    path = folder / "manifest.csv"
    if not path.is_file():
        raise DataError(
            f"{path}: no such file; name a data folder: a manifest.csv, and a zip or folder for each set "
            "(`limner data import` makes one)"
        )
    photos: dict[tuple[str, str], Photo] = {}
    for line, row in enumerate(read_table(path)[1], start=2):
        photo = _parse(row, f"{path}:{line}")
        if photos.setdefault((photo.set, photo.stem), photo) is not photo:
            raise DataError(f"{path}:{line}: lists {photo.set}/{photo.stem} a second time; take one of the rows out")
    if not photos:
        raise DataError(f"{path}: lists no photos")
    return list(photos.values())


def _parse(row: dict[str, str], where: str) -> Photo:
    try:
        split, mask = row["split"], row["mask"]
        width, height, weight = int(row["width"]), int(row["height"]), float(row.get("weight") or 1)
        name, stem, source = row["set"], row["stem"], row["source"]
    except KeyError as error:
        raise DataError(f"{where}: the column {error} is missing") from None
    except (TypeError, ValueError):
        raise DataError(f"{where}: width and height must be whole numbers, weight a number") from None
    if split not in get_args(Split):
        raise DataError(f"{where}: split must be one of {', '.join(get_args(Split))}, not {split!r}")
    if mask not in get_args(MaskKind):
        raise DataError(f"{where}: mask must be one of {', '.join(get_args(MaskKind))}, not {mask!r}")
    rights, group = row.get("rights") or "", row.get("group") or ""
    return Photo(name, stem, split, mask, width, height, source, weight, rights, group)  # type: ignore[arg-type]


class PhotoFolder:
    """Decodes photos and masks of a data folder, straight from its zips and folders.

    Args:
        folder: the data folder, or a file of `limner data pack`.
        masks: a folder of masks that stand in for those of its auto sets, see ``limner.datasets.masks_overlay``.

    Attributes:
        photos: those of the manifest that can be trained on or measured: all that have a mask, or nobody in them.
        unlabelled: those that have no mask yet.
    """

    @checked
    def __init__(self, folder: Path, *, masks: Path | None = None) -> None:
        self.folder = folder
        self._overlay = MasksOverlay(masks) if masks is not None else None
        listed = read_manifest(folder)
        if self._overlay is not None:
            listed = self._overlay.apply(listed)
        self.photos = [photo for photo in listed if photo.mask != "unlabelled"]
        self.unlabelled = [photo for photo in listed if photo.mask == "unlabelled"]
        self._sets: dict[str, PhotoSet] = {}

    def load(self, photo: Photo) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
        """RGB uint8 (H, W, 3) and mask uint8 (H, W), 0 background … 255 person (``VOID`` where undecided).

        Raises:
            DataError: the photo or its mask is missing or cannot be decoded.
        """
        if photo.mask == "exact":
            rgba = np.asarray(self._set(photo).image(photo.stem).convert("RGBA"))
            return np.ascontiguousarray(rgba[..., :3]), np.ascontiguousarray(rgba[..., 3])
        rgb = self.load_rgb(photo)
        return rgb, self.load_mask(photo, (rgb.shape[0], rgb.shape[1]))

    def load_rgb(self, photo: Photo) -> NDArray[np.uint8]:
        """The photo alone, uint8 (H, W, 3); errors as for ``load``."""
        return np.ascontiguousarray(np.asarray(self._set(photo).image(photo.stem).convert("RGB")))

    def load_mask(self, photo: Photo, size: tuple[int, int]) -> NDArray[np.uint8]:
        """The mask alone, uint8 of ``size`` (H, W), which is the photo's; errors as for ``load``. Not for renders."""
        if photo.mask in ("none", "unlabelled"):
            return np.zeros(size, np.uint8)
        mask = grey(self._mask(photo))
        if mask.shape != size:
            interpolation = cv2.INTER_NEAREST if photo.set in VOID_SETS else cv2.INTER_LINEAR
            mask = cv2.resize(mask, size[::-1], interpolation=interpolation).astype(np.uint8)
        return np.ascontiguousarray(mask)

    def keys(self, photo: Photo) -> tuple[str, str | None]:
        """What the pixels of the photo and of its mask depend on, as two texts; None where nobody is in the photo.

        Raises:
            DataError: one of them is missing.
        """
        source, stem = self._set(photo), photo.stem
        image = f"{photo.set}/{stem} {source.image_mark(stem)}"
        if photo.mask in ("none", "unlabelled"):
            return image, None
        if photo.mask == "exact":
            return image, f"{image} alpha"
        path = self._overlay.mask_path(photo) if self._overlay is not None else None
        mark = source.mask_mark(stem) if path is None else f"{zlib.crc32(_content(path)):08x}"
        return image, f"{image} mask {mark}"

    def select(self, *, split: Split | None = None, sets: tuple[str, ...] | None = None) -> Iterator[Photo]:
        """The photos of a split and of some sets; ``None`` means all."""
        known = {photo.set for photo in self.photos}
        for name in sets or ():
            if name not in known:
                raise DataError(f"{self.folder}: there is no set {name!r}; its sets are {', '.join(sorted(known))}")
        for photo in self.photos:
            if (split is None or photo.split == split) and (sets is None or photo.set in sets):
                yield photo

    def _mask(self, photo: Photo) -> Image.Image:
        path = self._overlay.mask_path(photo) if self._overlay is not None else None
        if path is None:
            return self._set(photo).mask(photo.stem)
        try:
            image = Image.open(io.BytesIO(_content(path)))
            image.load()
        except (UnidentifiedImageError, OSError) as error:
            raise DataError(f"{path}: cannot be read ({error}); run `limner data label` again") from None
        return image

    def _set(self, photo: Photo) -> PhotoSet:
        if photo.set not in self._sets:
            self._sets[photo.set] = open_set(self.folder, photo.set)
        return self._sets[photo.set]


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error}); run `limner data label` again") from None
