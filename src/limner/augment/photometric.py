"""The photometric chain: what changes how a scene looks but not where things are, each step by its own chance."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from limner.augment import camera, light
from limner.errors import DataError

Rgb = NDArray[np.uint8]


@dataclass(frozen=True)
class Look:
    """Chances, in [0, 1], of the steps of the chain.

    Attributes:
        tone: gamma, contrast, brightness and white balance.
        filter: a warm or cold colour filter.
        saturation: more or less colour; ``grey``: none.
        gradient: light falls off across the picture.
        glow: a lamp or window shines into the lens.
        dark: a dark room.
        soft: Gaussian blur; ``motion``: blur along a line; ``lens``: out of focus. At most one of the three.
        small: low resolution.
        noise: the same noise everywhere; ``sensor``: noise that grows with the light, with blotches of colour.
        jpeg: JPEG; ``video``: coarse colour and smoothed blocks. At most one of the two.
    """

    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}

    tone: float = 0.85
    filter: float = 0.0
    saturation: float = 0.24
    grey: float = 0.06
    gradient: float = 0.1
    glow: float = 0.0
    dark: float = 0.07
    soft: float = 0.13
    motion: float = 0.04
    lens: float = 0.0
    small: float = 0.08
    noise: float = 0.2
    sensor: float = 0.0
    jpeg: float = 0.25
    video: float = 0.0

    def __post_init__(self) -> None:
        for option in fields(self):
            if not 0 <= getattr(self, option.name) <= 1:
                raise DataError(f"recipe: data.look.{option.name} must lie in [0, 1]")
        for together in (("saturation", "grey"), ("soft", "motion", "lens"), ("jpeg", "video")):
            if sum(getattr(self, name) for name in together) > 1:
                raise DataError(f"recipe: data.look: {', '.join(together)} must not add up to more than 1")


def photograph(image: Rgb, rng: np.random.Generator, look: Look) -> Rgb:
    """The whole chain on RGB uint8 (H, W, 3): light, then camera."""
    return capture(relight(image, rng, look), rng, look, noise=rng)


def relight(image: Rgb, rng: np.random.Generator, look: Look) -> Rgb:
    """Light and colour of the scene."""
    draws = rng.random(6)
    if draws[0] < look.tone:
        image = light.change_tone(image, rng)
    if draws[1] < look.filter:
        image = light.colour_filter(image, rng)
    if draws[2] < look.grey + look.saturation:
        image = light.change_saturation(image, 0.0 if draws[2] < look.grey else rng.uniform(0.3, 1.5))
    if draws[3] < look.gradient:
        image = light.light_gradient(image, rng)
    if draws[4] < look.glow:
        image = light.window_glow(image, rng)
    if draws[5] < look.dark:
        image = light.darken(image, rng)
    return image


def capture(image: Rgb, rng: np.random.Generator, look: Look, *, noise: np.random.Generator) -> Rgb:
    """Lens, sensor and file. Lengths scale with the picture, so every size trains alike.

    Two frames of one camera share the seed of ``rng``, which decides, and differ in ``noise``, which makes noise.
    """
    size = image.shape[0]
    draws = rng.random(5)
    if draws[0] < look.soft:
        image = camera.soft_focus(image, rng.uniform(0.4, 1.6) * size / 160)
    elif draws[0] < look.soft + look.motion:
        image = camera.motion_blur(image, rng, length=max(3, int(rng.uniform(0.015, 0.05) * size)))
    elif draws[0] < look.soft + look.motion + look.lens:
        image = camera.lens_blur(image, max(0.7, rng.uniform(0.004, 0.018) * size))
    if draws[1] < look.small:
        image = camera.low_resolution(image, rng.uniform(0.35, 0.8))
    if draws[2] < look.noise:
        image = camera.white_noise(image, rng, noise=noise)
    if draws[3] < look.sensor:
        image = camera.sensor_noise(image, rng, noise=noise)
    if draws[4] < look.jpeg:
        image = camera.recompress(image, int(rng.integers(25, 92)))
    elif draws[4] < look.jpeg + look.video:
        image = camera.video_file(image, int(rng.integers(12, 60)))
    return image
