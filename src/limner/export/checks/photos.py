"""Photos for exports: to calibrate integers on (train split) and to check files on (val split), a share of each set."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain, zip_longest
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from limner.datasets.manifest import PhotoFolder
from limner.datasets.photo import Photo, Split
from limner.errors import DataError
from limner.models.card import ModelCard
from limner.runtimes.base import Array, TensorInfo
from limner.segment.preprocess import Preprocessor, UInt8

SEED = 0
NOISE = 16
"""Pictures of noise that stand in for photos where there are none."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """A photo as the graph takes it, and what it is judged by.

    Attributes:
        photo: which; None for a picture of noise.
        mask: uint8 (H, W) at the photo's size.
        size: (height, width) of the photo.
        feeds: inputs by name, batch 1.
    """

    photo: Photo | None
    mask: UInt8
    size: tuple[int, int]
    feeds: dict[str, Array]


def stratified(folder: PhotoFolder, split: Split, count: int, *, seed: int = SEED) -> list[Photo]:
    """``count`` photos of a split, or all it has: as many of each set as there are, in turn; chosen by ``seed``.

    Raises:
        DataError: the split has no photos.
    """
    by_set: dict[str, list[Photo]] = defaultdict(list)
    for photo in folder.select(split=split):
        by_set[photo.set].append(photo)
    if not by_set:
        raise DataError(f"{folder.folder}: has no photos of the {split} split")
    rng = np.random.default_rng(seed)
    shuffled = [[photos[i] for i in rng.permutation(len(photos))] for _, photos in sorted(by_set.items())]
    in_turn = [photo for photo in chain.from_iterable(zip_longest(*shuffled)) if photo is not None]
    return in_turn[:count]


def prepare(
    folder: PhotoFolder | None, photos: list[Photo], card: ModelCard, dtype: np.dtype[Any]
) -> Iterator[Prepared]:
    """The photos, or pictures of smooth noise where there is no folder, as a graph of this card takes them.

    Nets that take the state get nothing before every other photo, as for the first frame of a clip, and the photo's own
    mask before the others.

    Args:
        dtype: of the image input.
    """
    spec = card.input
    shape = (1, spec.channels, *spec.size) if spec.layout == "NCHW" else (1, *spec.size, spec.channels)
    preprocess = Preprocessor(card, TensorInfo(spec.name, shape, dtype))
    rows = _noise() if folder is None else ((photo, *folder.load(photo)) for photo in photos)
    for number, (photo, rgb, mask) in enumerate(rows):
        previous: NDArray[np.float32] | None = (mask / np.float32(255)).astype(np.float32) if number % 2 else None
        yield Prepared(photo, mask, (rgb.shape[0], rgb.shape[1]), preprocess.feeds(rgb, previous))


def _noise() -> Iterator[tuple[None, UInt8, UInt8]]:
    rng = np.random.default_rng(SEED)
    for coarse in rng.random((NOISE, 9, 9, 4)):
        picture = np.rint(255 * cv2.resize(coarse, (320, 320), interpolation=cv2.INTER_CUBIC).clip(0, 1))
        pixels = picture.astype(np.uint8)
        yield None, np.ascontiguousarray(pixels[..., :3]), pixels[..., 3]
