"""Smooth random displacements of pictures and masks: thin-plate splines, worked out on a coarse grid."""

from __future__ import annotations

from functools import cache, lru_cache
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

Field = NDArray[np.float32]

CONTROL = 4
"""Control points a side of a spline."""

GRID = 16
"""Points a side at which a spline is worked out; between them it is so smooth that linear interpolation will do."""


def spline_field(displacements: NDArray[np.float64]) -> Field:
    """The thin-plate spline (Bookstein 1989) through ``displacements`` at 4 × 4 points spread over the square.

    Args:
        displacements: (4, 4, 2), x and y, in any unit, of the points at 0, ⅓, ⅔ and 1 of each side.

    Returns:
        float32 (16, 16, 2) in the same unit, at the centres of 16 × 16 cells.
    """
    flat = _basis() @ displacements.reshape(CONTROL * CONTROL, 2)
    return flat.reshape(GRID, GRID, 2).astype(np.float32)


def random_spline(rng: np.random.Generator, reach: float) -> Field:
    """A spline whose control points move by a normal distribution with deviation ``reach``; float32 (16, 16, 2)."""
    return spline_field(rng.normal(0, reach, (CONTROL, CONTROL, 2)))


def displace(image: NDArray[Any], field: Field, *, border: int, value: float = 0) -> NDArray[Any]:
    """``image`` (S, S) or (S, S, C), where each pixel shows what lay at its place plus ``field``.

    Args:
        image: any type OpenCV warps.
        field: float32 (h, w, 2) in pixels of ``image``, of any lower resolution.
        border: OpenCV border mode for what comes from outside.
        value: what lies outside, for ``cv2.BORDER_CONSTANT``.
    """
    size = image.shape[0]
    x, y = (
        cv2.add(cv2.resize(np.ascontiguousarray(field[..., axis]), (size, size)), _places(size)[axis])
        for axis in (0, 1)
    )
    return np.asarray(cv2.remap(image, x, y, cv2.INTER_LINEAR, borderMode=border, borderValue=value))


@lru_cache(maxsize=8)
def _places(size: int) -> Field:
    """x and y of each pixel: (2, S, S)."""
    places = np.stack(np.meshgrid(np.arange(size), np.arange(size))).astype(np.float32)
    places.setflags(write=False)
    return places


@cache
def _basis() -> NDArray[np.float64]:
    """(256, 16): what a unit displacement of each control point does at each point of the grid.

    Splines are linear in their displacements, so solving once for each control point solves them all.
    """
    side = np.linspace(0, 1, CONTROL)
    control = np.stack(np.meshgrid(side, side), axis=-1).reshape(-1, 2)
    centres = (np.arange(GRID) + 0.5) / GRID
    points = np.stack(np.meshgrid(centres, centres), axis=-1).reshape(-1, 2)
    count = len(control)
    plane = np.column_stack([np.ones(count), control])
    system = np.block([[_bending(control, control), plane], [plane.T, np.zeros((3, 3))]])
    unit = np.vstack([np.eye(count), np.zeros((3, count))])
    coefficients = np.linalg.solve(system, unit)
    basis = np.column_stack([_bending(points, control), np.ones(len(points)), points]) @ coefficients
    return np.asarray(basis, np.float64)


def _bending(a: NDArray[np.float64], b: NDArray[np.float64]) -> NDArray[np.float64]:
    """r² log r between all points of ``a`` and ``b``."""
    squared = ((a[:, None] - b[None]) ** 2).sum(-1)
    return np.asarray(0.5 * squared * np.log(np.maximum(squared, 1e-12)), np.float64)
