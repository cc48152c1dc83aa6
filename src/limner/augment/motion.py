"""The frame before: a photo and its target as they may have looked a moment earlier, for the temporal loss."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from limner.augment.warps import GRID, displace, random_spline

Rgb = NDArray[np.uint8]
Alpha = NDArray[np.float32]

_STILL = 0.3
"""Chance that nothing moves: what changes then is noise alone, and the matte must not flicker."""


def earlier(image: Rgb, target: Alpha, rng: np.random.Generator) -> tuple[Rgb, Alpha]:
    """``image`` uint8 (S, S, 3) and ``target`` float32 (S, S) before the camera and the person moved a little.

    The camera shifts, rolls and zooms; the person shifts and bends besides, and the surroundings give way smoothly.
    """
    if rng.random() < _STILL:
        return image, target
    size = target.shape[0]
    field = _camera(rng, size)
    if target.max() > 0.02:
        body = cv2.resize(target, (GRID, GRID), interpolation=cv2.INTER_AREA)
        body = np.asarray(cv2.blur(cv2.dilate(body, np.ones((3, 3), np.uint8)), (3, 3)), np.float32)
        move = rng.normal(0, 0.015 * size, 2).astype(np.float32) + random_spline(rng, 0.006 * size)
        field = field + body[..., None] * move
    return (
        displace(image, field, border=cv2.BORDER_REFLECT_101).astype(np.uint8),
        displace(target, field, border=cv2.BORDER_REFLECT_101).astype(np.float32),
    )


def _camera(rng: np.random.Generator, size: int) -> NDArray[np.float32]:
    """Displacements in pixels, float32 (16, 16, 2), of a small shift, roll and zoom."""
    centres = ((np.arange(GRID) + 0.5) / GRID - 0.5) * size
    x, y = np.meshgrid(centres, centres)
    roll, zoom = rng.normal(0, 0.01), rng.normal(0, 0.008)
    shift = rng.normal(0, 0.008 * size, 2)
    return np.stack([zoom * x - roll * y + shift[0], roll * x + zoom * y + shift[1]], axis=-1).astype(np.float32)
