"""Rendered people put into a drawn room: frames of a still camera with noise, and the exact truth."""

from __future__ import annotations

from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray

from limner import Segmenter, samples
from limner.media.images import read_image

Frame = NDArray[np.uint8]
Alpha = NDArray[np.float32]
SIZE = (144, 256)


@cache
def person() -> tuple[NDArray[np.float32], Alpha]:
    """The woman of the sample portrait: colours float32 (H, W, 3) in [0, 255] and alpha (H, W), cut to her box."""
    pixels = read_image(samples.PORTRAIT).pixels
    alpha = Segmenter("quality").matte(pixels).alpha
    left, top, width, height = cv2.boundingRect((alpha > 0.5).astype(np.uint8))
    part = (slice(top, top + height), slice(left, left + width))
    # At the size they are used at: nothing of the photo is finer than a pixel of the stage.
    half = (width // 3, height // 3)
    colours = cv2.resize(pixels[part], half, interpolation=cv2.INTER_AREA).astype(np.float32)
    return colours, cv2.resize(alpha[part], half, interpolation=cv2.INTER_AREA).astype(np.float32)


@cache
def room(seed: int = 1, size: tuple[int, int] = SIZE) -> NDArray[np.float32]:
    """A wall with a door, shelves and their shadows; float32 (H, W, 3) in [0, 255]. Nobody in it."""
    height, width = size
    rng = np.random.default_rng(seed)
    x, y = np.linspace(0, 1, width)[None, :, None], np.linspace(0, 1, height)[:, None, None]
    wall = (150 - 50 * y + 40 * x) * rng.uniform(0.7, 1.1, 3)
    picture = np.ascontiguousarray(np.broadcast_to(wall, (height, width, 3)), np.float32)
    for _ in range(22):
        w, h = rng.uniform(0.03, 0.16), rng.uniform(0.05, 0.4)
        left, top = int(rng.uniform(0, 1 - w) * width), int(rng.uniform(0, 1 - h) * height)
        corner = (left + int(w * width), top + int(h * height))
        cv2.rectangle(picture, (left, top), corner, rng.uniform(30, 220, 3).tolist(), -1)
    return cv2.GaussianBlur(picture, (0, 0), 1.2).astype(np.float32)


def stage(
    *,
    at: list[tuple[float, float]],
    scene: NDArray[np.float32] | None = None,
    noise: float = 3.0,
    gain: float = 1.0,
    seed: int = 0,
) -> tuple[Frame, Alpha, list[Alpha]]:
    """A frame, the alpha of everybody in it, and of each as far as they are in front.

    Args:
        at: for each person where their middle is (a share of the width) and how tall they are (a share of the
            height); they stand on the lower edge, and the later ones before the earlier.
        noise: standard deviation of the sensor's noise, in levels.
        gain: exposure.
        seed: of the noise.
    """
    picture = (room() if scene is None else scene).copy()
    height, width = picture.shape[:2]
    each: list[Alpha] = []
    for middle, tall in at:
        colours, alpha = person()
        scale = tall * height / alpha.shape[0]
        matrix = np.array([[scale, 0, middle * width - scale * alpha.shape[1] / 2], [0, scale, height * (1 - tall)]])
        layer = cv2.warpAffine(colours, matrix, (width, height), borderMode=cv2.BORDER_REPLICATE)
        cover = np.clip(cv2.warpAffine(alpha, matrix, (width, height)), 0, 1).astype(np.float32)
        picture = layer * cover[..., None] + picture * (1 - cover[..., None])
        each = [a * (1 - cover) for a in each] + [cover]
    everybody = np.clip(sum(each, np.zeros((height, width), np.float32)), 0, 1).astype(np.float32)
    grain = np.random.default_rng(seed).standard_normal(picture.shape, dtype=np.float32) * np.float32(noise)
    return np.clip(np.rint(picture * np.float32(gain) + grain), 0, 255).astype(np.uint8), everybody, each


def iou(alpha: Alpha, truth: Alpha) -> float:
    """Intersection over union at one half."""
    one, other = alpha > 0.5, truth > 0.5
    return float((one & other).sum() / max(1, (one | other).sum()))
