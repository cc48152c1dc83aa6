"""Membrane: the smoothest function with given values around a hole, by multigrid from coarse to fine."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from limner.effects.fill import Floats, fill_unknown

_SWEEPS = 24
"""Sweeps of relaxation on each grid; each grid starts from the solution on the next coarser one."""

_SMALLEST = 6
"""Grids get coarser down to this shorter side."""


def solve_membrane(values: Floats, known: NDArray[np.bool_]) -> Floats:
    """`values` (H, W, 3) float32 where `known` (H, W), and elsewhere the solution of Laplace's equation.

    At the border of the picture the slope is 0. Where nothing is known, 0 comes back. Cascadic multigrid
    (Bornemann and Deuflhard 1996) with over-relaxed red and black half-sweeps.
    """
    if not known.any():
        return np.zeros_like(values)
    if known.all():
        return values.copy()
    start = fill_unknown(values, known.astype(np.float32))
    height, width = known.shape
    if min(height, width) >= 2 * _SMALLEST:
        size = (width + 1) // 2, (height + 1) // 2
        share = cv2.resize(known.astype(np.float32), size, interpolation=cv2.INTER_AREA)
        total = cv2.resize(values * known[..., None], size, interpolation=cv2.INTER_AREA)
        mean = total / np.maximum(share, 1e-6)[..., None]
        coarse = solve_membrane(mean.astype(np.float32, copy=False), share > 0.5)
        if (share > 0.5).any():
            start = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_LINEAR).astype(np.float32, copy=False)
    return _relaxed(np.where(known[..., None], values, start), known)


def _relaxed(field: Floats, known: NDArray[np.bool_]) -> Floats:
    """`field` (H, W, 3) after sweeps of successive over-relaxation, its `known` places untouched."""
    height, width = known.shape
    omega = np.float32(2 / (1 + np.sin(np.pi / max(3.0, min(40.0, float(max(height, width)))))))
    checker = (np.add.outer(np.arange(height), np.arange(width)) % 2).astype(bool)
    steps = [(~known & colour).astype(np.float32)[..., None] * omega for colour in (checker, ~checker)]
    for _ in range(_SWEEPS):
        for step in steps:
            around = cv2.copyMakeBorder(field, 1, 1, 1, 1, cv2.BORDER_REPLICATE)
            mean = (around[:-2, 1:-1] + around[2:, 1:-1] + around[1:-1, :-2] + around[1:-1, 2:]) * np.float32(0.25)
            field = field + step * (mean - field)
    return field.astype(np.float32, copy=False)
