"""The pixels of a Pillow image as an array, a few rows at a time, and arrays turned as Pillow turns images."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image as Pillow

_STRIP = 64_000
"""Pixels that are moved at once. Pillow keeps four bytes a pixel and packs them on the way out, through memory that
comes and goes; as little of it as this stays in the processor's cache, and 12 megapixels take a quarter of the time."""

_TURNS: dict[Pillow.Transpose, tuple[Any, int | None]] = {
    Pillow.Transpose.FLIP_LEFT_RIGHT: (cv2.flip, 1),
    Pillow.Transpose.FLIP_TOP_BOTTOM: (cv2.flip, 0),
    Pillow.Transpose.ROTATE_90: (cv2.rotate, cv2.ROTATE_90_COUNTERCLOCKWISE),
    Pillow.Transpose.ROTATE_180: (cv2.rotate, cv2.ROTATE_180),
    Pillow.Transpose.ROTATE_270: (cv2.rotate, cv2.ROTATE_90_CLOCKWISE),
    Pillow.Transpose.TRANSPOSE: (cv2.transpose, None),
}


def rgb_pixels(image: Pillow.Image) -> NDArray[np.uint8]:
    """RGB uint8 (H, W, 3) of an image of any mode, shared with nobody."""
    if image.mode != "RGB":
        image = image.convert("RGB")
    width, height = image.size
    pixels = np.empty((height, width, 3), np.uint8)
    rows = max(1, _STRIP // max(1, width))
    for top in range(0, height, rows):
        bottom = min(height, top + rows)
        strip = image.crop((0, top, width, bottom)).tobytes("raw", "RGBX")
        four = np.frombuffer(strip, np.uint8).reshape(bottom - top, width, 4)
        cv2.cvtColor(four, cv2.COLOR_RGBA2RGB, dst=pixels[top:bottom])
    return pixels


def turned(pixels: NDArray[np.uint8], turn: Pillow.Transpose | None) -> NDArray[np.uint8]:
    """uint8 (H, W) or (H, W, C) turned, in a new array; itself where there is nothing to do."""
    if turn is None:
        return pixels
    if turn is Pillow.Transpose.TRANSVERSE:
        return turned(turned(pixels, Pillow.Transpose.ROTATE_180), Pillow.Transpose.TRANSPOSE)
    act, how = _TURNS[turn]
    result: NDArray[np.uint8] = act(pixels) if how is None else act(pixels, how)
    return result
