"""NumPy: all photos in one array and all masks in another, img_uint8.npy and msk_uint8.npy."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from limner.datasets.layouts.base import Entry, Listing, Mask, People
from limner.errors import DataError

_NAMES = ("img_uint8.npy", "msk_uint8.npy")


class Arrays:
    """``img_uint8.npy`` (N, H, W, 3) and ``msk_uint8.npy`` (N, H, W) or (N, H, W, 1), of one type: uint8."""

    name = "numpy"
    about = "img_uint8.npy (N, H, W, 3) and msk_uint8.npy (N, H, W[, 1])"
    labelled = False

    def signs(self, folder: Path) -> dict[str, bool]:
        """See ``Layout``."""
        return {name: (folder / name).is_file() for name in _NAMES}

    def read(self, folder: Path, people: People) -> Listing:
        """See ``Layout``. The arrays stay on the disk, and are read a photo at a time."""
        photos, masks = (_mapped(folder / name) for name in _NAMES)
        if photos.ndim != 4 or photos.shape[3] != 3:
            raise DataError(f"{folder / _NAMES[0]}: has the shape {photos.shape}, not (N, H, W, 3)")
        if masks.ndim == 4 and masks.shape[3] == 1:
            masks = masks[..., 0]
        if masks.shape != photos.shape[:3]:
            raise DataError(f"{folder / _NAMES[1]}: has the shape {masks.shape}, but the photos {photos.shape}")
        width = len(str(max(len(photos) - 1, 0)))
        return Listing(
            [
                Entry(
                    name=f"{folder / _NAMES[0]}[{index}]",
                    stem=f"{index:0{width}}",
                    photo=partial(_photo, photos, index),
                    mask=partial(_mask, masks, index),
                    mask_name=f"{folder / _NAMES[1]}[{index}]",
                )
                for index in range(len(photos))
            ]
        )


def _photo(photos: NDArray[np.uint8], index: int) -> Image.Image:
    return Image.fromarray(np.ascontiguousarray(photos[index]))


def _mask(masks: NDArray[np.uint8], index: int) -> Mask:
    return np.array(masks[index])


def _mapped(path: Path) -> NDArray[np.uint8]:
    try:
        array = np.load(path, mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise DataError(f"{path}: cannot be read as a NumPy array ({error})") from None
    if not isinstance(array, np.ndarray) or array.dtype != np.uint8:
        raise DataError(f"{path}: holds {getattr(array, 'dtype', 'no array')}, not uint8; save it with 0 to 255")
    return array
