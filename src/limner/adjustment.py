"""Adjustment: a change of light and colour that a net says in few numbers and that is applied at any size."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import cv2
import numpy as np
from numpy.typing import NDArray

from limner.checking import check_fields, checked
from limner.frame import Frame

Floats = NDArray[np.float32]

KNOTS = 9
"""Points of each tone curve, evenly spaced from black to white."""

GRID = 4
"""Cells of the light field along each side of the frame."""

COUNT = 3 * KNOTS + 9 + 3 * GRID * GRID
"""Numbers that make an adjustment: curves (3, KNOTS), matrix (3, 3), light (3, GRID, GRID), in this order."""

SMOOTH = 32
"""Side of the grid on which the light field is drawn smoothly before it is spread over the frame."""

_ROWS = 48
_LEVELS = np.linspace(0, 1, 256, dtype=np.float32)


@dataclass(frozen=True, slots=True)
class Adjustment:
    """Tone curves, then a mixture of the channels, then light that may differ from place to place.

    A pixel p in [0, 1] becomes ``exp(light) * (matrix @ curves(p))``. Curves and matrix make white balance, exposure,
    contrast and saturation; the light field makes lamps and windows at one side.

    Attributes:
        curves: float32 (3, KNOTS): what levels 0, 1 / (KNOTS - 1), … 1 of red, green and blue become, straight lines
            in between.
        matrix: float32 (3, 3).
        light: float32 (GRID, GRID, 3): log of the gain, row by row over the whole frame.
    """

    curves: Floats
    matrix: Floats
    light: Floats

    def __post_init__(self) -> None:
        check_fields(self)

    @classmethod
    @checked
    def from_vector(cls, values: NDArray[np.floating]) -> Self:
        """From COUNT numbers, as the net gives them.

        Raises:
            ValueError: there are not COUNT of them.
        """
        flat = np.asarray(values, np.float32).reshape(-1)
        if flat.size != COUNT:
            raise ValueError(f"an adjustment is made of {COUNT} numbers, not {flat.size}")
        curves, matrix, light = np.split(flat, [3 * KNOTS, 3 * KNOTS + 9])
        field = np.ascontiguousarray(light.reshape(3, GRID, GRID).transpose(1, 2, 0))
        return cls(curves.reshape(3, KNOTS), matrix.reshape(3, 3), field)

    @classmethod
    def identity(cls) -> Self:
        """The one that changes nothing."""
        ramp = np.tile(np.linspace(0, 1, KNOTS, dtype=np.float32), (3, 1))
        return cls(ramp, np.eye(3, dtype=np.float32), np.zeros((GRID, GRID, 3), np.float32))

    @checked
    def toward(self, other: Adjustment, share: float) -> Adjustment:
        """The one ``share`` (in [0, 1]) of the way to ``other``."""
        return Adjustment(
            self.curves + (other.curves - self.curves) * np.float32(share),
            self.matrix + (other.matrix - self.matrix) * np.float32(share),
            self.light + (other.light - self.light) * np.float32(share),
        )

    @checked
    def apply(self, frame: Frame, *, box: tuple[int, int, int, int] | None = None) -> Frame:
        """The part of ``frame`` in ``box``, adjusted.

        Args:
            frame: RGB uint8 (H, W, 3).
            box: top, left, bottom, right in pixels; None is the whole frame.

        Returns:
            RGB uint8 (bottom - top, right - left, 3), a new array.
        """
        height, width = frame.shape[:2]
        top, left, bottom, right = box if box is not None else (0, 0, height, width)
        out = np.empty((bottom - top, right - left, 3), np.uint8)
        levels = self._levels()
        gains = _gains(self.light, (height, width))[top:bottom, left:right]
        for first in range(0, len(out), _ROWS):  # strips stay in the cache from the table to the product
            last = min(first + _ROWS, len(out))
            toned = cv2.LUT(frame[top + first : top + last, left:right], levels)
            mixed = cv2.transform(toned, self.matrix)
            cv2.multiply(mixed, gains[first:last], out[first:last], dtype=cv2.CV_8U)
        return out

    def _levels(self) -> Floats:
        """What each level of 8 bits becomes in each channel, (1, 256, 3) float32 in about [0, 255]."""
        knots = np.linspace(0, 1, KNOTS, dtype=np.float32)
        columns = [np.interp(_LEVELS, knots, curve) for curve in self.curves]
        return np.ascontiguousarray(np.stack(columns, 1)[None] * 255, np.float32)


def _gains(light: Floats, size: tuple[int, int]) -> Floats:
    """The gain of every pixel of a frame of ``size`` (H, W), float32 (H, W, 3).

    On a middling grid first, by a cubic curve, so that the straight lines to the full size show no kinks.
    """
    smooth = cv2.resize(np.exp(light), (SMOOTH, SMOOTH), interpolation=cv2.INTER_CUBIC)
    return cv2.resize(smooth, (size[1], size[0]), interpolation=cv2.INTER_LINEAR).astype(np.float32, copy=False)
