"""Augmentation of the camera: blur of lens and motion, low resolution, noise of the sensor, JPEG and video files."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray

from limner.augment.blending import RAMP, blur, resize

Rgb = NDArray[np.uint8]

_TILE = 720


def soft_focus(image: Rgb, sigma: float) -> Rgb:
    """Gaussian blur."""
    return np.asarray(blur(image, sigma), np.uint8)


def motion_blur(image: Rgb, rng: np.random.Generator, *, length: int) -> Rgb:
    """Blur along a random direction, ``length`` pixels long."""
    return np.asarray(cv2.filter2D(image, -1, line(length, rng.uniform(0, 180))), np.uint8)


def line(length: int, degrees: float) -> NDArray[np.float32]:
    """A line as a kernel (``length``, ``length``) whose sum is 1."""
    kernel = np.zeros((length, length), np.float32)
    kernel[length // 2] = 1
    rotation = cv2.getRotationMatrix2D(((length - 1) / 2, (length - 1) / 2), degrees, 1)
    turned = cv2.warpAffine(kernel, rotation, (length, length))
    return np.asarray(turned / np.float32(max(float(turned.sum()), 1e-6)), np.float32)


def lens_blur(image: Rgb, radius: float) -> Rgb:
    """The disc that a point out of focus becomes, ``radius`` pixels; large discs are worked out at half resolution."""
    if radius > 3:
        height, width = image.shape[:2]
        return np.asarray(
            resize(lens_blur(resize(image, width // 2, height // 2), radius / 2), width, height), np.uint8
        )
    return np.asarray(cv2.filter2D(image, -1, disc(radius), borderType=cv2.BORDER_REFLECT_101), np.uint8)


def disc(radius: float) -> NDArray[np.float32]:
    """A disc with a soft rim as a kernel whose sum is 1."""
    reach = int(np.ceil(radius))
    along = np.arange(-reach, reach + 1)
    kernel = np.clip(radius + 0.5 - np.hypot(along[:, None], along[None]), 0, 1)
    return np.asarray(kernel / kernel.sum(), np.float32)


def low_resolution(image: Rgb, factor: float) -> Rgb:
    """Shrunk by ``factor`` and enlarged again."""
    height, width = image.shape[:2]
    small = resize(image, max(8, round(width * factor)), max(8, round(height * factor)))
    return np.asarray(resize(small, width, height), np.uint8)


def grain(shape: tuple[int, int], rng: np.random.Generator, *, grey: bool) -> NDArray[np.float32]:
    """Normal noise of deviation 1, float32 (H, W, 3): a random piece of a fixed tile, which costs a tenth of new noise.

    ``grey`` gives all channels the same. A picture larger than the tile sees it repeated, mirrored.
    """
    height, width = shape
    y, x = (int(rng.integers(max(1, _TILE - side + 1))) for side in shape)
    tile = _tile()
    if max(shape) > _TILE:
        rest = ((0, max(0, height - _TILE)), (0, max(0, width - _TILE)), (0, 0))
        tile = np.pad(tile, rest, mode="symmetric")
    piece = tile[y : y + height, x : x + width]
    if rng.random() < 0.5:
        piece = piece[::-1, ::-1]
    channel = int(rng.integers(3))
    if grey:
        return np.asarray(cv2.merge([cv2.extractChannel(piece, channel)] * 3), np.float32)
    return np.ascontiguousarray(piece, np.float32)


@cache
def _tile() -> NDArray[np.float32]:
    tile = np.random.default_rng(20).standard_normal((_TILE, _TILE, 3), dtype=np.float32)
    tile.setflags(write=False)
    return tile


def white_noise(image: Rgb, rng: np.random.Generator, *, noise: np.random.Generator) -> Rgb:
    """Gaussian noise, in half of the cases the same in all channels. ``rng`` draws how strong, ``noise`` the noise."""
    grey, strength = bool(rng.random() < 0.5), np.float32(rng.uniform(1, 12))
    return np.asarray(cv2.add(image, grain(image.shape[:2], noise, grey=grey) * strength, dtype=cv2.CV_8U), np.uint8)


def sensor_noise(image: Rgb, rng: np.random.Generator, *, noise: np.random.Generator) -> Rgb:
    """Noise as sensors make it, of a random strength. ``rng`` draws how strong, ``noise`` the noise."""
    sensor = draw_sensor(rng)
    return noisy(image, sensor, noise)


@dataclass(frozen=True, slots=True)
class Sensor:
    """Strengths of noise: ``shot`` grows with the light, ``read`` does not, ``blotch`` is coarse colour, both in levels
    of 0 to 255."""

    shot: float
    read: float
    blotch: float


def draw_sensor(rng: np.random.Generator) -> Sensor:
    """From a good camera in daylight to a webcam in the evening."""
    return Sensor(float(rng.uniform(0.2, 3.0)), float(rng.uniform(0.5, 5)), float(rng.uniform(0, 6)))


def noisy(image: Rgb, sensor: Sensor, noise: np.random.Generator) -> Rgb:
    """Shot noise grows with the light, read noise does not (Foi et al. 2008). Demosaicing and denoising leave blotches
    of colour."""
    height, width = image.shape[:2]
    deviation = np.sqrt(sensor.shot * RAMP * 20 + sensor.read**2).astype(np.float32)
    fine = cv2.multiply(grain((height, width), noise, grey=False), cv2.LUT(image, deviation))
    coarse = grain((max(4, height // 6), max(4, width // 6)), noise, grey=False) * np.float32(sensor.blotch)
    coarse -= coarse.mean(axis=2, keepdims=True)  # colour only
    cv2.add(fine, cv2.resize(coarse, (width, height), interpolation=cv2.INTER_LINEAR), dst=fine)
    return np.asarray(cv2.add(image, fine, dtype=cv2.CV_8U), np.uint8)


def denoised(image: Rgb, strength: float) -> Rgb:
    """What a webcam makes of noise: surfaces smoothed until they look waxy, edges sharpened. Strength in [0, 1]."""
    smooth = np.asarray(cv2.bilateralFilter(image, 5, 15 + 45 * strength, 2.0), np.uint8)
    return np.asarray(
        cv2.addWeighted(smooth, 1 + strength, cv2.GaussianBlur(smooth, (0, 0), 1.2), -strength, 0), np.uint8
    )


def recompress(image: Rgb, quality: int) -> Rgb:
    """JPEG there and back."""
    decoded = cv2.imdecode(_jpeg(cv2.cvtColor(image, cv2.COLOR_RGB2BGR), quality), cv2.IMREAD_COLOR)
    assert decoded is not None
    return np.asarray(cv2.cvtColor(decoded, cv2.COLOR_BGR2RGB), np.uint8)


def video_file(image: Rgb, quality: int) -> Rgb:
    """What a video call leaves of a picture: coarse colour, quantised blocks, their seams smoothed.

    Colour goes at a quarter of the resolution; brightness goes through JPEG's 8 × 8 blocks and a deblocking blur.
    """
    height, width = image.shape[:2]
    luma, red, blue = cv2.split(cv2.cvtColor(image, cv2.COLOR_RGB2YCrCb))
    decoded = cv2.imdecode(_jpeg(luma, quality), cv2.IMREAD_GRAYSCALE)
    assert decoded is not None
    luma = cv2.GaussianBlur(decoded, (3, 3), 0.7)
    red, blue = (resize(resize(c, max(2, width // 4), max(2, height // 4)), width, height) for c in (red, blue))
    return np.asarray(cv2.cvtColor(cv2.merge([luma, red, blue]), cv2.COLOR_YCrCb2RGB), np.uint8)


def _jpeg(picture: NDArray[np.uint8] | cv2.typing.MatLike, quality: int) -> NDArray[np.uint8]:
    _, data = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, quality])
    return np.asarray(data, np.uint8)
