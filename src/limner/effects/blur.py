"""Blur: the background out of focus, with nothing of the person in it."""

from __future__ import annotations

import math
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from limner.effects.compose import blend_onto, halve, to_uint8
from limner.effects.fill import fill_unknown
from limner.effects.layers import BackgroundEffect, Layers
from limner.effects.numbers import check_range, number
from limner.effects.setting import Setting
from limner.frame import Frame

_STRONGEST = 0.06
"""Standard deviation of the Gaussian at strength 1, as a share of the frame's shorter side."""

_COARSE_SIGMA = 3.0
"""The blur is computed on a grid so coarse that its standard deviation is about this many cells."""

_FILL_SIDE = 160
"""Longer side, at the most, of the grid on which the person's place is filled."""

_CLEAN = 4.0
"""A cell with more than 1 / _CLEAN person in it says nothing about the background."""


class Blur(BackgroundEffect):
    """The background blurred by a Gaussian, as if out of focus; the person untouched.

    The person is taken out first and the surroundings carried inwards (`fill_unknown`), so that no colour of the
    person leaks into the blur: the halo that blurring the whole frame leaves.

    Args:
        strength: 0 (no blur) to 1; relative to the frame, so that a preview looks like the full size.

    Raises:
        OptionError: strength is not between 0 and 1.
    """

    name = "blur"
    settings = (
        Setting("blur_strength", "strength", float, "0 (none) to 1 (very strong), the same look at any size. [0.5]"),
    )
    keeps_background = True

    def __init__(self, *, strength: float = 0.5) -> None:
        self._strength = check_range(strength, 0.0, 1.0, option="blur ‹strength›", says="0 (no blur) to 1 (strongest)")

    @classmethod
    def from_text(cls, text: str) -> dict[str, Any]:
        return {"strength": number(text, option="blur ‹strength›")}

    def behind(self, layers: Layers) -> Frame:
        sigma = self._strength * _STRONGEST * min(layers.matte.size)
        if sigma < 0.3:  # a kernel of one pixel
            return layers.frame
        return _blurred_background(layers, sigma)


def _blurred_background(layers: Layers, sigma: float) -> Frame:
    """The frame without the person, blurred by `sigma` pixels, at full size."""
    height, width = layers.matte.size
    halvings = max(0, round(math.log2(sigma / _COARSE_SIGMA)))
    result = np.empty((height, width, 3), np.uint8)  # first, in the place that the last photo's decoder left
    pixels, person = halve(layers.frame, halvings), layers.coarse_alpha8(halvings)
    known = without_person(pixels, person)
    blurred = cv2.GaussianBlur(known, (0, 0), sigma / 2**halvings, borderType=cv2.BORDER_REPLICATE)
    cv2.resize(blurred, (width, height), dst=result, interpolation=cv2.INTER_LINEAR)
    return result


def without_person(pixels: Frame, person: NDArray[np.uint8]) -> Frame:
    """`pixels` with the surroundings in the person's place; `person` is uint8 (H, W), 255 where nothing else is."""
    halvings = max(0, math.ceil(math.log2(max(person.shape) / _FILL_SIDE)))
    coarse = halve(pixels, halvings).astype(np.float32)
    filled = to_uint8(fill_unknown(coarse, background_share(halve(person, halvings))))
    size = (person.shape[1], person.shape[0])
    behind = cv2.resize(filled, size, interpolation=cv2.INTER_LINEAR).astype(np.uint8, copy=False)
    return blend_onto(behind, pixels, background_share(person))


def background_share(person: NDArray[np.uint8]) -> NDArray[np.float32]:
    """How far to trust each cell to show background only, in [0, 1]."""
    # A cell beside the person may hold a little of them too: mattes are never right to the pixel.
    near = cv2.dilate(person, np.ones((3, 3), np.uint8)).astype(np.float32)
    share: NDArray[np.float32] = np.maximum(1.0 - near * np.float32(_CLEAN / 255), 0.0)
    return share
