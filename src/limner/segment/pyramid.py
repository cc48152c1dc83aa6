"""The frame once at full size and once small: the small one feeds the net and guides the edges."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from limner.segment.tiles import is_long

UInt8 = NDArray[np.uint8]
LONGEST_SIDE = 640
_LEAST_SIDE = 48
_TILE_SIDE = 192
"""Shorter side that is left at least of a picture that is cut into tiles, whatever its length …"""
_MOST_PIXELS = 4_000_000
"""… unless it would have more pixels than this."""


@dataclass(frozen=True, slots=True, eq=False)
class Pyramid:
    """A frame at two sizes.

    Attributes:
        frame: as it came.
        small: ``full`` shrunk by exactly ``step``, each pixel the mean of those it stands for; both its sides are even
            unless it is a part of another.
        step: a power of two; 1 for small frames.
    """

    frame: UInt8
    small: UInt8
    step: int

    @property
    def size(self) -> tuple[int, int]:
        """(height, width) of the frame."""
        return self.frame.shape[0], self.frame.shape[1]

    @property
    def whole(self) -> tuple[int, int]:
        """(height, width) of ``full``: of what ``small`` shows."""
        return self.small.shape[0] * self.step, self.small.shape[1] * self.step

    @property
    def full(self) -> UInt8:
        """The frame with its last row and column repeated up to ``whole``; itself, not a copy, where it is as large."""
        return _continued(self.frame, self.whole)


def build_pyramid(frame: UInt8) -> Pyramid:
    """Halve an RGB uint8 (H, W, 3) frame until its longest side is at most 640, or its shorter one below 96.

    Of a picture that is cut into tiles, the shorter side is what counts: it ends below 384, for each tile is as large.
    """
    height, width = frame.shape[:2]
    step = 1
    while max(height, width) > LONGEST_SIDE * step and min(height, width) >= _least(height, width, step) * step:
        step *= 2
    whole = height + -height % (2 * step), width + -width % (2 * step)
    if step == 1:
        return Pyramid(frame, _continued(frame, whole), 1)
    small = _first_half(frame, whole)
    for _ in range(step.bit_length() - 2):
        small = _half(small)
    return Pyramid(frame, small, step)


def crop(pyramid: Pyramid, part: tuple[slice, slice]) -> Pyramid:
    """A part of a frame as a pyramid of its own; ``part`` is rows and columns of ``small``. Nothing is copied."""
    rows, columns = (slice(side.start * pyramid.step, side.stop * pyramid.step) for side in part)
    return Pyramid(pyramid.frame[rows, columns], pyramid.small[part], pyramid.step)


def _continued(frame: UInt8, size: tuple[int, int]) -> UInt8:
    """The frame with its last row and column repeated up to ``size``."""
    bottom, right = size[0] - frame.shape[0], size[1] - frame.shape[1]
    if not bottom and not right:
        return frame
    return cv2.copyMakeBorder(frame, 0, bottom, 0, right, cv2.BORDER_REPLICATE)  # type: ignore[return-value]


def _half(image: UInt8) -> UInt8:
    # By halves: OpenCV's area average is ten times faster at exactly two than at any other factor.
    half = (image.shape[1] // 2, image.shape[0] // 2)
    return cv2.resize(image, half, interpolation=cv2.INTER_AREA)  # type: ignore[return-value]


def _first_half(frame: UInt8, whole: tuple[int, int]) -> UInt8:
    """Half of the frame continued up to ``whole``, without a copy of the frame."""
    rows, columns = frame.shape[0] // 2, frame.shape[1] // 2
    if (2 * rows, 2 * columns) == whole:
        return _half(frame)
    small = np.empty((whole[0] // 2, whole[1] // 2, 3), np.uint8)
    inner = frame[: 2 * rows, : 2 * columns]
    cv2.resize(inner, (columns, rows), dst=small[:rows, :columns], interpolation=cv2.INTER_AREA)
    small[:rows, columns:] = _half(np.repeat(frame[: 2 * rows, -1:], 2, axis=1))
    last = _continued(frame[-1:], (2, whole[1]))
    small[rows:] = _half(last)
    return small


def _least(height: int, width: int, step: int) -> int:
    """Shorter side, after halving ``step`` times over, from which a frame of this size is halved once more."""
    few = height * width <= _MOST_PIXELS * step * step
    return 2 * (_TILE_SIDE if is_long((height, width)) and few else _LEAST_SIDE)
