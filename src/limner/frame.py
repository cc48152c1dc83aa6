"""Frames: pictures as every part of Limner hands them on, and when each is shown."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

Frame = NDArray[np.uint8]
"""RGB uint8 (H, W, 3), C-contiguous; after an effect with alpha, RGBA uint8 (H, W, 4)."""


@dataclass(frozen=True, slots=True, eq=False)
class TimedFrame:
    """A picture and when it is shown.

    Attributes:
        pixels: RGB uint8 (H, W, 3), C-contiguous; after an effect with alpha, RGBA uint8 (H, W, 4).
        time: presentation time in seconds.
        duration: seconds it stays on the screen, where that is known.
        alpha: transparency that the picture came with, uint8 (H, W), 255 opaque; None where all of it is opaque.
    """

    pixels: Frame
    time: Fraction
    duration: Fraction | None = None
    alpha: NDArray[np.uint8] | None = None


def plain(size: tuple[int, int], color: tuple[int, int, int]) -> Frame:
    """RGB uint8 (H, W, 3) of one colour; row by row, which numpy does several times as fast as pixel by pixel."""
    frame = np.empty((*size, 3), np.uint8)
    row = np.empty((size[1], 3), np.uint8)
    row[:] = color
    frame[:] = row
    return frame


def over(pixels: Frame, alpha: NDArray[np.uint8], color: tuple[int, int, int] = (0, 0, 0)) -> Frame:
    """`pixels` RGB uint8 (H, W, 3) with straight `alpha` (H, W), over one colour: RGB uint8 (H, W, 3)."""
    import cv2

    shown = cv2.multiply(np.ascontiguousarray(pixels), cv2.merge([alpha, alpha, alpha]), scale=1 / 255)
    if any(color):
        rest = 255 - alpha
        shown = cv2.add(shown, cv2.merge([cv2.convertScaleAbs(rest, alpha=c / 255) for c in color]))
    return shown.astype(np.uint8, copy=False)
