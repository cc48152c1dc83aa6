"""Augmentation of light, colour and camera: what changes how a scene looks but not where things are."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

Rgb = NDArray[np.uint8]


def change_tone(image: Rgb, rng: np.random.Generator, *, strength: float = 1.0) -> Rgb:
    """Random gamma, contrast, brightness and white balance, as one table lookup."""
    gamma = np.exp(rng.normal(0, 0.22 * strength))
    contrast = np.exp(rng.normal(0, 0.18 * strength))
    brightness = rng.normal(0, 0.07 * strength)
    balance = np.exp(rng.normal(0, 0.09 * strength, (1, 3)))
    ramp = np.linspace(0, 1, 256)[:, None]
    table = np.clip(((ramp**gamma - 0.5) * contrast + 0.5 + brightness) * balance, 0, 1)
    return cv2.LUT(image, np.ascontiguousarray((table * 255).astype(np.uint8)[None])).astype(np.uint8)


def change_saturation(image: Rgb, factor: float) -> Rgb:
    """0 is grey, 1 is unchanged, above 1 is more colourful."""
    grey = cv2.cvtColor(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB)
    return cv2.addWeighted(image, factor, grey, 1 - factor, 0).astype(np.uint8)


def darken(image: Rgb, rng: np.random.Generator) -> Rgb:
    """A dark room: less light, and less of it in the shadows."""
    ramp = np.linspace(0, 1, 256) ** rng.uniform(1.2, 2.2) * rng.uniform(0.25, 0.7)
    return cv2.LUT(image, (ramp * 255).astype(np.uint8)).astype(np.uint8)


def light_gradient(image: Rgb, rng: np.random.Generator) -> Rgb:
    """Light that falls off across the picture, as from a window or a lamp at one side."""
    height, width = image.shape[:2]
    corners = rng.uniform(0.45, 1.5, (2, 2)).astype(np.float32)
    field = cv2.resize(corners, (width, height), interpolation=cv2.INTER_LINEAR)
    lit: Rgb = np.clip(image * field[..., None], 0, 255).astype(np.uint8)
    return lit


def motion_blur(image: Rgb, rng: np.random.Generator, *, length: int) -> Rgb:
    """Blur along a random direction, ``length`` pixels long."""
    kernel = np.zeros((length, length), np.float32)
    kernel[length // 2] = 1
    rotation = cv2.getRotationMatrix2D(((length - 1) / 2, (length - 1) / 2), rng.uniform(0, 180), 1)
    turned = cv2.warpAffine(kernel, rotation, (length, length))
    return cv2.filter2D(image, -1, (turned / max(float(turned.sum()), 1e-6)).astype(np.float32)).astype(np.uint8)


def sensor_noise(image: Rgb, rng: np.random.Generator, *, noise: np.random.Generator | None = None) -> Rgb:
    """Gaussian noise, in half of the cases the same in all channels. ``noise`` draws the noise itself, ``rng`` how
    strong it is."""
    channels = 1 if rng.random() < 0.5 else 3
    grain = (noise or rng).standard_normal((*image.shape[:2], channels), dtype=np.float32) * rng.uniform(1, 12)
    return np.clip(image + grain, 0, 255).astype(np.uint8)


def recompress(image: Rgb, quality: int) -> Rgb:
    """JPEG there and back."""
    _, data = cv2.imencode(".jpg", cv2.cvtColor(image, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, quality])
    decoded = cv2.imdecode(data, cv2.IMREAD_COLOR)
    assert decoded is not None
    return cv2.cvtColor(decoded, cv2.COLOR_BGR2RGB).astype(np.uint8)


def photograph(image: Rgb, rng: np.random.Generator) -> Rgb:
    """The whole chain: light, then camera."""
    return capture(relight(image, rng), rng)


def relight(image: Rgb, rng: np.random.Generator) -> Rgb:
    """Light and colour of the scene, each step by its own chance."""
    if rng.random() < 0.85:
        image = change_tone(image, rng)
    if (draw := rng.random()) < 0.3:
        image = change_saturation(image, 0.0 if draw < 0.06 else rng.uniform(0.3, 1.5))
    if rng.random() < 0.1:
        image = light_gradient(image, rng)
    if rng.random() < 0.07:
        image = darken(image, rng)
    return image


def capture(image: Rgb, rng: np.random.Generator, *, noise: np.random.Generator | None = None) -> Rgb:
    """Lens, sensor and file, each step by its own chance. Lengths scale with the picture, so every size trains alike.

    Two frames of one camera share the seed of ``rng`` and differ in ``noise``.
    """
    size = image.shape[0]
    if (draw := rng.random()) < 0.13:
        image = cv2.GaussianBlur(image, (0, 0), rng.uniform(0.4, 1.6) * size / 160).astype(np.uint8)
    elif draw < 0.17:
        image = motion_blur(image, rng, length=max(3, int(rng.uniform(0.015, 0.05) * size)))
    if rng.random() < 0.08:
        factor = rng.uniform(0.35, 0.8)
        small = cv2.resize(image, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
        image = cv2.resize(small, (image.shape[1], size), interpolation=cv2.INTER_LINEAR).astype(np.uint8)
    if rng.random() < 0.2:
        image = sensor_noise(image, rng, noise=noise)
    if rng.random() < 0.25:
        image = recompress(image, int(rng.integers(25, 92)))
    return image
