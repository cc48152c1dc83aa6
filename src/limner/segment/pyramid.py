"""The frame once at full size and once small: the small one feeds the net and guides the edges."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

UInt8 = NDArray[np.uint8]
LONGEST_SIDE = 640
_LEAST_SIDE = 48


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
    """Halve an RGB uint8 (H, W, 3) frame until its longest side is at most 640, or its shorter one below 96."""
    height, width = frame.shape[:2]
    step = 1
    while max(height, width) > LONGEST_SIDE * step and min(height, width) >= 2 * _LEAST_SIDE * step:
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
