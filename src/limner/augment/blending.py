"""Fast arithmetic on uint8 pictures: blends, tables and wide blurs, the floor under augmentation and composites."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

Rgb = NDArray[np.uint8]
Mask = NDArray[np.uint8]

RAMP = np.linspace(0, 1, 256)
"""The brightness of each level, in [0, 1]."""


def mix(over: Rgb, under: Rgb, alpha: Mask) -> Rgb:
    """``over`` where ``alpha`` (H, W) is 255, ``under`` where it is 0; all uint8, exact to two levels."""
    share = cv2.merge([alpha, alpha, alpha])
    front = cv2.multiply(over, share, scale=1 / 255)
    back = cv2.multiply(under, cv2.bitwise_not(share), scale=1 / 255)
    return np.asarray(cv2.add(front, back), np.uint8)


def table(values: NDArray[np.float64]) -> NDArray[np.uint8]:
    """A lookup table from values in [0, 1], clipped: (256,) for all channels, (256, 3) for each its own."""
    levels = np.clip(values * 255 + 0.5, 0, 255).astype(np.uint8)
    return levels if levels.ndim == 1 else np.ascontiguousarray(levels[None])


def look_up(image: NDArray[np.uint8], levels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """``levels`` (from ``table``) applied to every pixel."""
    return np.asarray(cv2.LUT(image, levels), np.uint8)


def blur(image: NDArray[Any], sigma: float) -> NDArray[Any]:
    """Gaussian blur of (H, W) or (H, W, C), the wider ones at half resolution, where nothing finer is left to see."""
    if sigma < 2:
        return np.asarray(cv2.GaussianBlur(image, (0, 0), sigma))
    height, width = image.shape[:2]
    return resize(blur(resize(image, (width + 1) // 2, (height + 1) // 2), sigma / 2), width, height)


def resize(image: NDArray[Any], width: int, height: int) -> NDArray[Any]:
    """Area average when shrinking, linear when enlarging."""
    shrinks = width < image.shape[1]
    method = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(image, (width, height), interpolation=method))


def grown(mask: Mask, radius: float) -> Mask:
    """The mask widened by a box of about ``radius`` pixels, at least one."""
    width = 2 * max(1, round(radius)) + 1
    return np.asarray(cv2.dilate(mask, np.ones((width, width), np.uint8)), np.uint8)


def above(mask: Mask, level: int) -> Mask:
    """255 where ``mask`` is above ``level``, 0 elsewhere."""
    return np.asarray(cv2.threshold(mask, level, 255, cv2.THRESH_BINARY)[1], np.uint8)
