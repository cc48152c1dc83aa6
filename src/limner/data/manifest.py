"""The manifest: which photos a data folder holds, in which split, and how their masks were made."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from limner.data.masks_overlay import MasksOverlay
from limner.errors import DataError

Split = Literal["train", "val", "test"]
MaskKind = Literal["hand", "auto", "exact", "none"]

VOID = 128
"""Mask value of pixels nobody could decide on, in sets listed in ``VOID_SETS``: left out of loss and scores."""

VOID_SETS = frozenset({"people_with_animals"})


@dataclass(frozen=True, slots=True)
class Photo:
    """One row of the manifest.

    ``mask`` says who drew it: "hand" people, "auto" another net, "exact" a renderer (alpha of an RGBA file), "none"
    nobody is in the photo. ``source`` is where the photo came from. ``weight`` in [0, 1] is its share of the loss.
    """

    set: str
    stem: str
    split: Split
    mask: MaskKind
    width: int
    height: int
    source: str
    weight: float = 1.0


def read_manifest(folder: Path) -> list[Photo]:
    """The photos listed in ``folder/manifest.csv``.

    Raises:
        DataError: the file is missing, empty, or a row is not as the header promises (it names the line).
    """
    path = folder / "manifest.csv"
    if not path.is_file():
        raise DataError(f"{path}: no such file; --data must name a folder with a manifest.csv and one zip for each set")
    with path.open(newline="", encoding="utf-8") as file:
        photos = [_parse(row, f"{path}:{line}") for line, row in enumerate(csv.DictReader(file), start=2)]
    if not photos:
        raise DataError(f"{path}: lists no photos")
    return photos


def _parse(row: dict[str, str], where: str) -> Photo:
    try:
        split, mask = row["split"], row["mask"]
        width, height = int(row["width"]), int(row["height"])
        name, stem, source = row["set"], row["stem"], row["source"]
    except KeyError as error:
        raise DataError(f"{where}: the column {error} is missing") from None
    except (TypeError, ValueError):
        raise DataError(f"{where}: width and height must be whole numbers") from None
    if split not in get_args(Split):
        raise DataError(f"{where}: split must be one of {', '.join(get_args(Split))}, not {split!r}")
    if mask not in get_args(MaskKind):
        raise DataError(f"{where}: mask must be one of {', '.join(get_args(MaskKind))}, not {mask!r}")
    return Photo(name, stem, split, mask, width, height, source)  # type: ignore[arg-type]


class PhotoFolder:
    """Decodes photos and masks of a data folder, straight from its zips.

    Args:
        folder: the data folder.
        masks: a folder of masks that stand in for those of its auto sets, see ``limner.data.masks_overlay``.
    """

    def __init__(self, folder: Path, *, masks: Path | None = None) -> None:
        self.folder = folder
        self._overlay = MasksOverlay(masks) if masks is not None else None
        photos = read_manifest(folder)
        self.photos = photos if self._overlay is None else self._overlay.apply(photos)
        self._zips: dict[str, zipfile.ZipFile] = {}

    def load(self, photo: Photo) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
        """RGB uint8 (H, W, 3) and mask uint8 (H, W), 0 background … 255 person (``VOID`` where undecided).

        Raises:
            DataError: the photo or its mask is missing or cannot be decoded.
        """
        image = self._open(photo, f"images/{photo.stem}.avif")
        if photo.mask == "exact":
            rgba = np.asarray(image.convert("RGBA"))
            return np.ascontiguousarray(rgba[..., :3]), np.ascontiguousarray(rgba[..., 3])
        rgb = np.ascontiguousarray(np.asarray(image.convert("RGB")))
        if photo.mask == "none":
            return rgb, np.zeros(rgb.shape[:2], np.uint8)
        mask = np.asarray(self._mask(photo).convert("L"))
        if mask.shape != rgb.shape[:2]:
            interpolation = cv2.INTER_NEAREST if photo.set in VOID_SETS else cv2.INTER_LINEAR
            mask = cv2.resize(mask, (rgb.shape[1], rgb.shape[0]), interpolation=interpolation).astype(np.uint8)
        return rgb, np.ascontiguousarray(mask)

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
            return self._open(photo, f"masks/{photo.stem}.png")
        try:
            image = Image.open(path)
            image.load()
        except (UnidentifiedImageError, OSError) as error:
            raise DataError(f"{path}: cannot be read ({error}); run `limner data relabel` again") from None
        return image

    def _open(self, photo: Photo, member: str) -> Image.Image:
        path = self.folder / f"{photo.set}.zip"
        try:
            if photo.set not in self._zips:
                self._zips[photo.set] = zipfile.ZipFile(path)
            image = Image.open(io.BytesIO(self._zips[photo.set].read(member)))
            image.load()
        except FileNotFoundError:
            raise DataError(f"{path}: no such file, though the manifest lists its photos") from None
        except KeyError:
            raise DataError(f"{path}: holds no {member}, though the manifest lists it") from None
        except (zipfile.BadZipFile, UnidentifiedImageError, OSError) as error:
            raise DataError(f"{path}: {member} cannot be read ({error}); fetch the file again") from None
        return image
