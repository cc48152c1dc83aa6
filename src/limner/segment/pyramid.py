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


@dataclass(frozen=True, slots=True)
class Pyramid:
    """A frame at two sizes.

    Attributes:
        size: (height, width) of the frame.
        full: the frame, its last row and column repeated until ``2 * step`` divides both sides; the frame itself, not a
            copy, where that is so already.
        small: ``full`` shrunk by exactly ``step``, each pixel the mean of those it stands for.
        step: a power of two; 1 for small frames.
    """

    size: tuple[int, int]
    full: UInt8
    small: UInt8
    step: int


def build_pyramid(frame: UInt8) -> Pyramid:
    """Halve an RGB uint8 (H, W, 3) frame until its longest side is at most 640, or its shorter one below 96.

    Of a picture that is cut into tiles, the shorter side is what counts: it ends below 384, for each tile is as large.
    """
    height, width = frame.shape[:2]
    step = 1
    while max(height, width) > LONGEST_SIDE * step and min(height, width) >= _least(height, width, step) * step:
        step *= 2
    bottom, right = -height % (2 * step), -width % (2 * step)
    full = frame
    if bottom or right:
        full = cv2.copyMakeBorder(frame, 0, bottom, 0, right, cv2.BORDER_REPLICATE)  # type: ignore[assignment]
    small = full
    for _ in range(step.bit_length() - 1):
        # By halves: OpenCV's area average is ten times faster at exactly two than at any other factor.
        half = (small.shape[1] // 2, small.shape[0] // 2)
        small = cv2.resize(small, half, interpolation=cv2.INTER_AREA)  # type: ignore[assignment]
    return Pyramid((height, width), full, small, step)


def crop(pyramid: Pyramid, part: tuple[slice, slice]) -> Pyramid:
    """A part of a frame as a pyramid of its own; ``part`` is rows and columns of ``small``. Nothing is copied."""
    rows, columns = (slice(side.start * pyramid.step, side.stop * pyramid.step) for side in part)
    full = pyramid.full[rows, columns]
    return Pyramid((full.shape[0], full.shape[1]), full, pyramid.small[part], pyramid.step)


def _least(height: int, width: int, step: int) -> int:
    """Shorter side, after halving ``step`` times over, from which a frame of this size is halved once more."""
    few = height * width <= _MOST_PIXELS * step * step
    return 2 * (_TILE_SIDE if is_long((height, width)) and few else _LEAST_SIDE)
