"""Filters by name, as phones and editors have them: warm and cool curves, fading, grey, vignette, grain and more."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

from limner.augment import camera, light
from limner.augment.blending import RAMP, look_up, table

Rgb = NDArray[np.uint8]
Filter = Callable[[Rgb, float, np.random.Generator], Rgb]
"""RGB uint8 (H, W, 3), strength in [0, 1] (0 changes nothing) and what draws noise to a new picture of that size."""

_SEPIA = np.array([[0.393, 0.769, 0.189], [0.349, 0.686, 0.168], [0.272, 0.534, 0.131]])


def _warm(image: Rgb, strength: float, _: np.random.Generator) -> Rgb:
    return look_up(image, table(light.filter_levels(strength, 0)))


def _cool(image: Rgb, strength: float, _: np.random.Generator) -> Rgb:
    return look_up(image, table(light.filter_levels(-strength, 0)))


def _fade(image: Rgb, strength: float, _: np.random.Generator) -> Rgb:
    return look_up(image, table(light.filter_levels(0, strength)))


def _grey(image: Rgb, strength: float, _: np.random.Generator) -> Rgb:
    return light.change_saturation(image, 1 - strength)


def _vivid(image: Rgb, strength: float, _: np.random.Generator) -> Rgb:
    return light.change_saturation(image, 1 + strength)


def _bright(image: Rgb, strength: float, _: np.random.Generator) -> Rgb:
    return look_up(image, table(RAMP ** (1 - 0.5 * strength)))


def _dark(image: Rgb, strength: float, _: np.random.Generator) -> Rgb:
    return look_up(image, table(RAMP ** (1 + strength) * (1 - 0.4 * strength)))


def _contrast(image: Rgb, strength: float, _: np.random.Generator) -> Rgb:
    steep = RAMP * RAMP * (3 - 2 * RAMP)
    return look_up(image, table(RAMP + strength * (steep - RAMP) * 1.5))


def _sepia(image: Rgb, strength: float, _: np.random.Generator) -> Rgb:
    matrix = (1 - strength) * np.eye(3) + strength * _SEPIA
    return np.asarray(cv2.transform(image, matrix.astype(np.float32)), np.uint8)


def _vignette(image: Rgb, strength: float, _: np.random.Generator) -> Rgb:
    y, x = (np.linspace(-1, 1, side, dtype=np.float32) for side in image.shape[:2])
    gain = 1 - np.float32(0.4 * strength) * (x[None] ** 2 + y[:, None] ** 2)
    return np.asarray(cv2.multiply(image, cv2.merge([gain] * 3), dtype=cv2.CV_8U), np.uint8)


def _soft(image: Rgb, strength: float, _: np.random.Generator) -> Rgb:
    return camera.soft_focus(image, 0.02 * strength * min(image.shape[:2])) if strength else image


def _grain(image: Rgb, strength: float, rng: np.random.Generator) -> Rgb:
    noise = camera.grain((image.shape[0], image.shape[1]), rng, grey=True) * np.float32(16 * strength)
    return np.asarray(cv2.add(image, noise, dtype=cv2.CV_8U), np.uint8)


def _webcam(image: Rgb, strength: float, rng: np.random.Generator) -> Rgb:
    if not strength:
        return image
    seen = camera.noisy(image, camera.Sensor(2 * strength, 4 * strength, 5 * strength), rng)
    return camera.video_file(camera.denoised(seen, strength), round(70 - 50 * strength))


def _jpeg(image: Rgb, strength: float, _: np.random.Generator) -> Rgb:
    return camera.recompress(image, round(95 - 80 * strength)) if strength else image


FILTERS: dict[str, Filter] = {
    "warm": _warm,
    "cool": _cool,
    "fade": _fade,
    "grey": _grey,
    "sepia": _sepia,
    "vivid": _vivid,
    "bright": _bright,
    "dark": _dark,
    "contrast": _contrast,
    "vignette": _vignette,
    "soft": _soft,
    "grain": _grain,
    "webcam": _webcam,
    "jpeg": _jpeg,
}
"""Name -> filter."""
