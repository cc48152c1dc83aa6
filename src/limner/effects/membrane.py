"""Membrane: the smoothest function with given values around a hole, by multigrid from coarse to fine."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from limner.effects.fill import Floats, fill_unknown, thrice

_SWEEPS = 24
"""Sweeps of relaxation on the finest grid, twice as many on coarser ones; each starts from the next coarser one's."""

_NEIGHBOURS = np.array(((0, 1, 0), (1, 0, 1), (0, 1, 0)), np.float32) / 4

_SMALLEST = 2
"""Grids get coarser down to this shorter side."""


def solve_membrane(values: Floats, known: NDArray[np.bool_]) -> Floats:
    """`values` (H, W, 3) float32 where `known` (H, W), and elsewhere the solution of Laplace's equation.

    At the border of the picture the slope is 0. Where nothing is known, 0 comes back. Cascadic multigrid
    (Bornemann and Deuflhard 1996) with Jacobi sweeps.
    """
    if not known.any():
        return np.zeros_like(values)
    if known.all():
        return values.copy()
    # Only what borders on the hole counts. Carried outwards, it is also what the coarse cells there are the means of.
    ring = known & (cv2.dilate((~known).view(np.uint8), np.ones((3, 3), np.uint8)) > 0)
    solved = _solve(fill_unknown(values, ring.astype(np.float32)), known, _SWEEPS)
    return cv2.copyTo(values, known.view(np.uint8), solved).astype(np.float32, copy=False)


def _solve(values: Floats, known: NDArray[np.bool_], sweeps: int) -> Floats:
    height, width = known.shape
    start = values
    if min(height, width) >= 2 * _SMALLEST:
        size = (width + 1) // 2, (height + 1) // 2
        share = cv2.resize(known.astype(np.float32), size, interpolation=cv2.INTER_AREA)
        total = cv2.resize(values * thrice(known.astype(np.float32)), size, interpolation=cv2.INTER_AREA)
        mean = total / np.maximum(share, 1e-6)[..., None]
        if (share > 0.5).any():
            coarse = _solve(mean.astype(np.float32, copy=False), share > 0.5, 2 * _SWEEPS)
            start = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_LINEAR).astype(np.float32, copy=False)
            start = cv2.copyTo(values, known.view(np.uint8), start).astype(np.float32, copy=False)
    return _relaxed(start, known, sweeps)


def _relaxed(field: Floats, known: NDArray[np.bool_], sweeps: int) -> Floats:
    """`field` (H, W, 3) float32 after sweeps of Jacobi's relaxation, its `known` places untouched."""
    fixed, mask = field, known.view(np.uint8)
    for _ in range(sweeps):
        field = cv2.filter2D(field, -1, _NEIGHBOURS, borderType=cv2.BORDER_REPLICATE).astype(np.float32, copy=False)
        field = cv2.copyTo(fixed, mask, field).astype(np.float32, copy=False)
    return field
