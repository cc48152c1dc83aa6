"""Colours for the places where none is known: the surroundings carried smoothly inwards, at any distance."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

_SURE = 0.5
"""Weight from which a pixel's own colour is taken as it is, without help from further away."""


def fill_unknown(pixels: Floats, weight: Floats) -> Floats:
    """`pixels` (H, W, 3) float32 where `weight` (H, W) in [0, 1] is high, and the colours around where it is low.

    Weighted means on ever coarser grids, the coarse ones used only where the finer ones know nothing (push-pull:
    Gortler et al. 1996, "The Lumigraph"). If no weight is above 0 anywhere, the mean of all pixels comes back.
    """
    levels = [(pixels * thrice(weight), weight)]
    while max(levels[-1][1].shape) > 1:
        colour, known = levels[-1]
        half = (max(1, (known.shape[1] + 1) // 2), max(1, (known.shape[0] + 1) // 2))
        levels.append((_area(colour, half), _area(known, half)))
    total, known = levels.pop()
    nobody_knows = known[0, 0] <= 1e-6
    filled: Floats = pixels.mean((0, 1), dtype=np.float32)[None, None] if nobody_knows else total / known[..., None]
    for level, (colour, known) in enumerate(reversed(levels)):
        size = (known.shape[1], known.shape[0])
        coarse = cv2.resize(filled, size, interpolation=cv2.INTER_LINEAR).reshape(colour.shape)
        # A coarse cell that is known at all is better than one further away: only the finest grid asks for more.
        need = np.float32(_SURE if level == len(levels) - 1 else 0.05)
        lack = np.maximum(need - known, 0.0)
        filled = (colour + coarse * thrice(lack)) / thrice(np.maximum(known, need))
    return filled.astype(np.float32, copy=False)


def thrice(weight: Floats) -> Floats:
    """(H, W) as (H, W, 3): arithmetic on arrays of one shape is several times as fast as with a last axis of 1."""
    return cv2.merge([weight, weight, weight]).astype(np.float32, copy=False).reshape(*weight.shape, 3)


def _area(array: Floats, size: tuple[int, int]) -> Floats:
    return cv2.resize(array, size, interpolation=cv2.INTER_AREA).astype(np.float32, copy=False)
