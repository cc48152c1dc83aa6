"""The camera that takes a composite: exposure, lens, sensor, denoising, file. What blurs it blurs the mask too."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from limner.augment import camera
from limner.augment.blending import RAMP, look_up, table
from limner.augment.light import change_saturation

Rgb = NDArray[np.uint8]
Mask = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Exposure:
    """What a camera does. A value that does nothing says that the step is left out.

    Attributes:
        gamma, contrast, brightness: tone of all channels; 1, 1, 0 change nothing.
        balance: gain of red, green and blue.
        saturation: 1 changes nothing.
        defocus: radius of the disc that a point becomes, in pixels.
        motion: length of the blur of a moving camera, in pixels, 0 or at least 3; ``direction`` in degrees.
        resolution: of the sensor, relative to the picture.
        shot, read, blotch: noise, see ``limner.augment.camera.Sensor``.
        denoise: smoothing and sharpening of a webcam, in [0, 1].
        jpeg, video: quality of the file; 0: none.
        noise_seed: of the noise.
    """

    gamma: float = 1.0
    contrast: float = 1.0
    brightness: float = 0.0
    balance: tuple[float, float, float] = (1.0, 1.0, 1.0)
    saturation: float = 1.0
    defocus: float = 0.0
    motion: int = 0
    direction: float = 0.0
    resolution: float = 1.0
    shot: float = 0.0
    read: float = 0.0
    blotch: float = 0.0
    denoise: float = 0.0
    jpeg: int = 0
    video: int = 0
    noise_seed: int = 0


def draw_exposure(rng: np.random.Generator, chance: float, side: int) -> Exposure:
    """A camera, each step of it with ``chance``; ``side`` is the picture's shorter one in pixels."""
    draws = rng.random(6) < chance
    tone = [float(value) for value in rng.normal(0, (0.18, 0.1, 0.04))]
    balance = np.exp(rng.normal(0, 0.06, 3))
    saturation = float(rng.uniform(0.6, 1.25))
    lens, kind = rng.random(2)
    defocus, motion = float(rng.uniform(0.003, 0.009)) * side, max(3, int(rng.uniform(0.012, 0.03) * side))
    direction, resolution = float(rng.uniform(0, 180)), float(rng.uniform(0.45, 0.9))
    sensor = camera.draw_sensor(rng)
    denoise, jpeg, video = float(rng.uniform(0.15, 0.8)), int(rng.integers(45, 93)), int(rng.integers(25, 65))
    seed = int(rng.integers(1 << 31))
    off = Exposure()
    return Exposure(
        gamma=float(np.exp(tone[0])) if draws[0] else off.gamma,
        contrast=float(np.exp(tone[1])) if draws[0] else off.contrast,
        brightness=tone[2] if draws[0] else off.brightness,
        balance=(float(balance[0]), float(balance[1]), float(balance[2])) if draws[0] else off.balance,
        saturation=saturation if draws[0] else off.saturation,
        defocus=defocus if draws[1] and lens < 0.35 else off.defocus,
        motion=motion if draws[1] and lens > 0.85 else off.motion,
        direction=direction if draws[1] and lens > 0.85 else off.direction,
        resolution=resolution if draws[2] and kind < 0.5 else off.resolution,
        shot=sensor.shot if draws[3] else off.shot,
        read=sensor.read if draws[3] else off.read,
        blotch=sensor.blotch if draws[3] else off.blotch,
        denoise=denoise if draws[4] else off.denoise,
        jpeg=jpeg if draws[5] and kind < 0.7 else off.jpeg,
        video=video if draws[5] and kind >= 0.7 else off.video,
        noise_seed=seed,
    )


def expose(image: Rgb, alpha: Mask, seen: Exposure) -> tuple[Rgb, Mask]:
    """The picture, uint8 (H, W, 3), as the camera sees it, and the mask, uint8 (H, W), that is true of it.

    A blurred composite is the composite of blurred layers, so lens, motion and resolution act on the mask as well.
    """
    tone = (RAMP**seen.gamma - 0.5) * seen.contrast + 0.5 + seen.brightness
    image = look_up(image, table(tone[:, None] * np.array(seen.balance)))
    if seen.saturation != 1:
        image = change_saturation(image, seen.saturation)
    if seen.defocus:
        image, alpha = (camera.lens_blur(plane, seen.defocus) for plane in (image, alpha))
    if seen.motion:
        kernel = camera.line(seen.motion, seen.direction)
        image, alpha = (np.asarray(cv2.filter2D(plane, -1, kernel), np.uint8) for plane in (image, alpha))
    if seen.resolution < 1:
        image, alpha = (camera.low_resolution(plane, seen.resolution) for plane in (image, alpha))
    if seen.shot or seen.read or seen.blotch:
        sensor = camera.Sensor(seen.shot, seen.read, seen.blotch)
        image = camera.noisy(image, sensor, np.random.default_rng(seen.noise_seed))
    if seen.denoise:
        image = camera.denoised(image, seen.denoise)
    if seen.jpeg:
        image = camera.recompress(image, seen.jpeg)
    if seen.video:
        image = camera.video_file(image, seen.video)
    return image, alpha
