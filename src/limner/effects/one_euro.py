"""The 1€ filter: calm where a signal rests, quick where it moves (Casiez, Roussel and Vogel, CHI 2012)."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

Vector = NDArray[np.float64]


class OneEuro:
    """Smooths a vector that comes at uneven times.

    Args:
        calm: cut-off frequency in hertz of a signal that rests: lower is steadier, and later.
        follow: by how much the cut-off rises with speed, hertz for each unit a second.
        speed_cutoff: cut-off frequency in hertz of the speed that this goes by.
    """

    def __init__(self, *, calm: float, follow: float, speed_cutoff: float = 1.0) -> None:
        self._calm, self._follow, self._speed_cutoff = calm, follow, speed_cutoff
        self._last: Vector | None = None
        self._value: Vector | None = None
        self._speed: Vector | None = None

    def __call__(self, value: Vector, seconds: float) -> Vector:
        """The smoothed vector.

        Args:
            value: (N,) float64.
            seconds: since the value before, above 0; of no meaning for the first.
        """
        if self._value is None or self._last is None or self._speed is None:
            self._last, self._value, self._speed = value, value, np.zeros_like(value)
            return value
        raw = (value - self._last) / seconds
        self._speed = self._speed + _share(self._speed_cutoff, seconds) * (raw - self._speed)
        cutoff = self._calm + self._follow * np.abs(self._speed)
        self._value = self._value + _share(cutoff, seconds) * (value - self._value)
        self._last = value
        return self._value

    def reset(self) -> None:
        """Forgets what came."""
        self._last = self._value = self._speed = None


def _share(cutoff: Vector | float, seconds: float) -> Vector:
    """Of a new value in the smoothed one."""
    turn = 2 * math.pi * np.asarray(cutoff, np.float64) * seconds
    share: Vector = turn / (turn + 1)
    return share
