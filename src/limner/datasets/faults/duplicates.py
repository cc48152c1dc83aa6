"""Duplicates: photos with the same pixels, and photos that nearly look the same, mirrored ones too."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

Rgb = NDArray[np.uint8]

SIDE = 24
_MOST_BITS = 10
"""Of 64 bits of a hash that may differ, before photos are compared by their thumbnails."""
_NEAR = 0.12
"""Mean difference of two thumbnails of the same photo, as a share of their contrast, at most."""
_ROWS = 256


@dataclass(frozen=True, slots=True)
class Print:
    """What photos are compared by.

    Attributes:
        exact: a hash of the pixels.
        rough, mirrored: 64 bits of which pixels are brighter than their neighbours, and of the mirror image.
        thumbnail: RGB uint8 (24, 24, 3).
    """

    exact: bytes
    rough: int
    mirrored: int
    thumbnail: Rgb


@dataclass(frozen=True, slots=True)
class Twin:
    """Two photos by their numbers, the first one lower: exactly the same, nearly the same, or mirrored."""

    first: int
    second: int
    exact: bool
    mirrored: bool


def print_of(rgb: Rgb) -> Print:
    """What a photo, RGB uint8 (H, W, 3), is compared by."""
    thumbnail = np.asarray(cv2.resize(rgb, (SIDE, SIDE), interpolation=cv2.INTER_AREA), np.uint8)
    exact = hashlib.blake2b(np.ascontiguousarray(rgb).data, digest_size=16, person=repr(rgb.shape[:2]).encode()[:16])
    return Print(exact.digest(), _hash(thumbnail), _hash(np.ascontiguousarray(thumbnail[:, ::-1])), thumbnail)


def find_twins(prints: Sequence[Print]) -> Iterator[Twin]:
    """All pairs of photos that are exactly or nearly the same.

    A difference hash chooses what is compared, and thumbnails decide: what differs by less than an eighth of their
    contrast, in brightness and colour, is the same photo compressed, scaled or cut a little, or a frame later.
    """
    rough = np.array([each.rough for each in prints], np.uint64)
    mirrored = np.array([each.mirrored for each in prints], np.uint64)
    for start in range(0, len(prints), _ROWS):
        stop = min(start + _ROWS, len(prints))
        plain = _bits(rough[start:stop, None] ^ rough[None, start:]) <= _MOST_BITS
        turned = _bits(mirrored[start:stop, None] ^ rough[None, start:]) <= _MOST_BITS
        for row, column in zip(*np.nonzero(plain | turned), strict=True):
            if column > row:
                twin = _compare(prints, start + int(row), start + int(column), plain=bool(plain[row, column]))
                if twin is not None:
                    yield twin


def _compare(prints: Sequence[Print], first: int, second: int, *, plain: bool) -> Twin | None:
    one, other = prints[first], prints[second]
    if one.exact == other.exact:
        return Twin(first, second, exact=True, mirrored=False)
    if plain and _near(one.thumbnail, other.thumbnail):
        return Twin(first, second, exact=False, mirrored=False)
    if _near(one.thumbnail[:, ::-1], other.thumbnail):
        return Twin(first, second, exact=False, mirrored=True)
    return None


def _near(one: Rgb, other: Rgb) -> bool:
    """Whether two thumbnails differ little for their contrast, whatever the exposure."""
    a, b = one.astype(np.float32), other.astype(np.float32)
    a -= a.mean((0, 1))
    b -= b.mean((0, 1))
    contrast = min(float(a.std()), float(b.std()))
    return float(np.abs(a - b).mean()) < _NEAR * contrast


def _hash(thumbnail: Rgb) -> int:
    """Which of 8×8 places are brighter than the ones right of them."""
    grey = cv2.resize(cv2.cvtColor(thumbnail, cv2.COLOR_RGB2GRAY), (9, 8), interpolation=cv2.INTER_AREA)
    return int.from_bytes(np.packbits(grey[:, 1:] > grey[:, :-1]).tobytes(), "big")


def _bits(values: NDArray[np.uint64]) -> NDArray[np.uint8]:
    """How many bits of each number are set."""
    values = values - ((values >> np.uint64(1)) & np.uint64(0x5555555555555555))
    values = (values & np.uint64(0x3333333333333333)) + ((values >> np.uint64(2)) & np.uint64(0x3333333333333333))
    values = (values + (values >> np.uint64(4))) & np.uint64(0x0F0F0F0F0F0F0F0F)
    return ((values * np.uint64(0x0101010101010101)) >> np.uint64(56)).astype(np.uint8)
