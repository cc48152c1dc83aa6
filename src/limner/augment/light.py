"""Augmentation of light and colour: gamma to filters, dark rooms, lamps and windows."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from limner.augment.blending import RAMP, blur, look_up, table

Rgb = NDArray[np.uint8]
Levels = NDArray[np.float64]


def tone_levels(rng: np.random.Generator, *, strength: float = 1.0) -> Levels:
    """Random gamma, contrast, brightness and white balance: what each level becomes, (256, 3), not clipped."""
    gamma = np.exp(rng.normal(0, 0.22 * strength))
    contrast = np.exp(rng.normal(0, 0.18 * strength))
    brightness = rng.normal(0, 0.07 * strength)
    balance = np.exp(rng.normal(0, 0.09 * strength, 3))
    tone = (RAMP**gamma - 0.5) * contrast + 0.5 + brightness
    return np.asarray(tone[:, None] * balance)


def change_tone(image: Rgb, rng: np.random.Generator, *, strength: float = 1.0) -> Rgb:
    """Random gamma, contrast, brightness and white balance, as one table lookup."""
    return look_up(image, table(tone_levels(rng, strength=strength)))


def filter_levels(warmth: float, fade: float) -> Levels:
    """A phone's colour filter: smooth curves that bend red and blue against each other.

    Args:
        warmth: 1 is a strong warm filter (red lifted, blue lowered in the middle tones), -1 a strong cold one.
        fade: in [0, 1], how far black is lifted and white lowered, as in a faded print.

    Returns:
        what each level becomes, (256, 3) in [0, 1].
    """
    bump = RAMP * (1 - RAMP)  # curves keep black and white, and bend the middle tones
    curves = RAMP[:, None] + bump[:, None] * np.array([0.45, 0.08, -0.45]) * warmth
    return np.asarray(np.clip(curves, 0, 1) * (1 - 0.3 * fade) + 0.2 * fade)


def random_filter(rng: np.random.Generator) -> Levels:
    """A warm or cold filter, in a third of the cases faded."""
    fade = rng.uniform(0.2, 1) if rng.random() < 1 / 3 else 0.0
    return filter_levels(rng.choice([-1, 1]) * rng.uniform(0.25, 1), fade)


def colour_filter(image: Rgb, rng: np.random.Generator) -> Rgb:
    """A random warm or cold filter."""
    return look_up(image, table(random_filter(rng)))


def change_saturation(image: Rgb, factor: float) -> Rgb:
    """0 is grey, 1 is unchanged, above 1 is more colourful."""
    grey = cv2.cvtColor(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB)
    return np.asarray(cv2.addWeighted(image, factor, grey, 1 - factor, 0), np.uint8)


def dark_levels(rng: np.random.Generator) -> Levels:
    """A dark room: what each level becomes, (256,)."""
    return np.asarray(RAMP ** rng.uniform(1.2, 2.2) * rng.uniform(0.25, 0.7))


def darken(image: Rgb, rng: np.random.Generator) -> Rgb:
    """A dark room: less light, and less of it in the shadows."""
    return look_up(image, table(dark_levels(rng)))


def light_gradient(image: Rgb, rng: np.random.Generator) -> Rgb:
    """Light that falls off across the picture, as from a window or a lamp at one side."""
    height, width = image.shape[:2]
    corners = rng.uniform(0.45, 1.5, (2, 2)).astype(np.float32)
    field = cv2.resize(corners, (width, height), interpolation=cv2.INTER_LINEAR)
    return np.asarray(cv2.multiply(image, cv2.merge([field, field, field]), dtype=cv2.CV_8U), np.uint8)


@dataclass(frozen=True, slots=True)
class Glow:
    """A lamp or window that shines into the lens.

    Attributes:
        patch: how bright it is where, uint8 (32, 32), stretched over the picture.
        colour: its RGB, each in [0, 1].
        exposure, veil: every other level x in [0, 1] becomes x · exposure + veil.
    """

    patch: NDArray[np.uint8]
    colour: NDArray[np.float64]
    exposure: float
    veil: float


def draw_glow(rng: np.random.Generator) -> Glow:
    """A box or an ellipse near a border, and the light that bleeds out of it."""
    patch = np.zeros((32, 32), np.uint8)
    centre, half = rng.uniform(0, 32, 2), rng.uniform(2, 9, 2)
    centre[rng.integers(2)] *= 0.2  # near the left or upper border: before the middle of the picture people stand
    if rng.random() < 0.5:
        centre[0] = 32 - centre[0]
    if rng.random() < 0.5:
        corner, opposite = (centre - half).astype(int), (centre + half).astype(int)
        cv2.rectangle(patch, (int(corner[0]), int(corner[1])), (int(opposite[0]), int(opposite[1])), 255, -1)
    else:
        axes = (int(half[0]), int(half[1]))
        cv2.ellipse(patch, (int(centre[0]), int(centre[1])), axes, 0, 0, 360, 255, -1)
    glow = np.asarray(cv2.addWeighted(blur(patch, 1.0), 0.6, blur(patch, 6.0), 1.0, 0), np.uint8)
    colour = np.array([1.0, 0.97, 0.9]) if rng.random() < 0.5 else np.array([0.9, 0.96, 1.0])
    return Glow(glow, colour * rng.uniform(0.4, 1.0), rng.uniform(0.55, 0.95), rng.uniform(0, 0.12))


def window_glow(image: Rgb, rng: np.random.Generator) -> Rgb:
    """A lamp or window shines into the lens: a bright patch that bleeds out, a veil over the rest, less exposure."""
    height, width = image.shape[:2]
    glow = draw_glow(rng)
    patch = np.asarray(cv2.resize(glow.patch, (width, height), interpolation=cv2.INTER_LINEAR), np.uint8)
    light = cv2.merge([look_up(patch, table(RAMP * share)) for share in glow.colour])
    return np.asarray(cv2.add(look_up(image, table(RAMP * glow.exposure + glow.veil)), light), np.uint8)
