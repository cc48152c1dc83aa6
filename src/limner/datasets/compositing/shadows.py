"""Soft shadows: of people on the wall behind them, and of those who stand on the floor beneath them."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from limner.augment.blending import blur

Rgb = NDArray[np.uint8]
Mask = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Shadow:
    """Where the light comes from and how hard it is.

    Attributes:
        wall: darkness of the shadow on the wall, in [0, 1]; 0 is none.
        shift: of that shadow, in shares of the canvas's shorter side, to the right and down.
        floor: darkness of the shadow on the floor.
        lean: how far the shadow on the floor leans to the right, in heights of the person.
        flat: its height in heights of the person.
        softness: blur, as a share of the canvas's shorter side.
    """

    wall: float
    shift: tuple[float, float]
    floor: float
    lean: float
    flat: float
    softness: float


def draw_shadow(rng: np.random.Generator) -> Shadow:
    """One of a room, or of an overcast day outside."""
    side = float(rng.choice([-1, 1]))
    return Shadow(
        wall=float(rng.uniform(0.08, 0.35)),
        shift=(side * float(rng.uniform(0.01, 0.07)), float(rng.uniform(0.0, 0.05))),
        floor=float(rng.uniform(0.15, 0.45)),
        lean=side * float(rng.uniform(0.0, 0.5)),
        flat=float(rng.uniform(0.1, 0.3)),
        softness=float(rng.uniform(0.015, 0.05)),
    )


def on_wall(background: Rgb, alpha: Mask, shadow: Shadow) -> Rgb:
    """The background, uint8 (H, W, 3), darker where the person's shifted and blurred outline falls."""
    height, width = alpha.shape
    short = min(height, width)
    matrix = np.array([[1, 0, shadow.shift[0] * short], [0, 1, shadow.shift[1] * short]], np.float64)
    moved = cv2.warpAffine(alpha, matrix, (width, height), borderMode=cv2.BORDER_REPLICATE)
    return _darker(
        background, np.asarray(blur(np.asarray(moved, np.uint8), shadow.softness * short), np.uint8), shadow.wall
    )


def on_floor(background: Rgb, alpha: Mask, shadow: Shadow, *, feet: float, tall: float) -> Rgb:
    """The background darker on the floor behind somebody who stands at the row ``feet`` and is ``tall`` pixels high: a
    lying shadow that fades with the distance, and a darker spot where the feet touch the ground."""
    height, width = alpha.shape
    flat, lean = shadow.flat, shadow.lean
    matrix = np.array([[1, -lean, lean * feet], [0, flat, feet * (1 - flat)]], np.float64)
    lying = np.asarray(cv2.warpAffine(alpha, matrix, (width, height)), np.uint8)
    lying = np.asarray(blur(lying, max(1.0, 0.02 * tall)), np.uint8)
    fade = np.clip((np.arange(height) - (feet - flat * tall)) / max(1.0, flat * tall), 0, 1).astype(np.float32)
    lying = np.asarray(cv2.multiply(lying, np.repeat(fade[:, None], width, 1), dtype=cv2.CV_8U), np.uint8)
    band = np.zeros_like(alpha)
    first = int(max(0, min(feet - 0.05 * tall, height)))
    last = int(max(0, min(feet, height)))
    band[first:last] = alpha[first:last]
    drop = np.array([[1, 0, 0], [0, 1, 0.012 * tall]], np.float64)
    band = np.asarray(cv2.warpAffine(band, drop, (width, height)), np.uint8)
    spot = cv2.GaussianBlur(band, (0, 0), max(0.8, 0.03 * tall), sigmaY=max(0.8, 0.012 * tall))
    return _darker(_darker(background, lying, shadow.floor), np.asarray(spot, np.uint8), min(0.75, 1.8 * shadow.floor))


def _darker(image: Rgb, where: Mask, strength: float) -> Rgb:
    gain = 1 - where.astype(np.float32) * np.float32(strength / 255)
    return np.asarray(cv2.multiply(image, cv2.merge([gain] * 3), dtype=cv2.CV_8U), np.uint8)
