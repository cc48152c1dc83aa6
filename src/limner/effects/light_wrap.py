"""Light wrap: the background's light bleeds a little over the person's edge, as it does in a real lens."""

from __future__ import annotations

import math
from typing import Any

import cv2
import numpy as np

from limner.effects.base import Stage
from limner.effects.blur import without_person
from limner.effects.compose import enlarge, halve
from limner.effects.layers import LayerEffect, Layers
from limner.effects.numbers import check_range, number
from limner.effects.setting import Setting
from limner.frame import Frame

_COARSE_SIGMA = 3.0
"""Light and edge are blurred on a grid so coarse that the standard deviation is about this many cells."""


class LightWrap(LayerEffect):
    """Light of the background on the person near their edge, so that they sit in the picture and not on it.

    The blurred background, times how near the edge is, is laid over the person as light is, by screen:
    1 - (1 - a)(1 - b). A bright background glows around them, a dark one leaves them alone. Nothing becomes darker, and
    the background does not change. As compositors do it (Brinkmann 2008, The Art and Science of Digital Compositing).

    Args:
        strength: 0 (nothing) to 1 (at the very edge, as bright as the background).
        width: how far the light reaches in, as a share of the frame's shorter side, above 0 and at most 0.2.

    Raises:
        OptionError: an option is out of its range.
    """

    name = "light_wrap"
    settings = (Setting("wrap_width", "width", float, "how far light reaches in, 0.001 to 0.2 of the frame. [0.03]"),)
    stage = Stage.LIGHT
    keeps_background = True

    def __init__(self, *, strength: float = 0.5, width: float = 0.03) -> None:
        self._strength = check_range(
            strength, 0.0, 1.0, option="light_wrap ‹strength›", says="0 (nothing) to 1 (strongest)"
        )
        self._width = check_range(width, 0.001, 0.2, option="light_wrap ‹width›", says="0.001 to 0.2")

    @classmethod
    def from_text(cls, text: str) -> dict[str, Any]:
        return {"strength": number(text, option="light_wrap ‹strength›")}

    def apply(self, layers: Layers) -> None:
        if self._strength > 0.0 and layers.person_boxes:
            light = enlarge(self._coarse_light(layers), layers.matte.size)
            layers.change_person(lambda person, box: _screen(person, light[box]))

    def _coarse_light(self, layers: Layers) -> Frame:
        """The light that falls on the person, RGB uint8 on a coarse grid."""
        sigma = self._width * min(layers.matte.size)
        halvings = max(0, round(math.log2(sigma / _COARSE_SIGMA)))
        person = layers.coarse_alpha8(halvings)
        pixels = halve(layers.background, halvings)
        if layers.own_background:
            pixels = without_person(pixels, person)
        coarse = max(0.3, sigma / 2**halvings)
        light = cv2.GaussianBlur(pixels, (0, 0), 2 * coarse, borderType=cv2.BORDER_REPLICATE)
        outside = cv2.GaussianBlur(cv2.bitwise_not(person), (0, 0), coarse, borderType=cv2.BORDER_REPLICATE)
        # On the edge half of what is near is outside: there the light has its full strength.
        share = cv2.convertScaleAbs(outside, alpha=2 * self._strength)
        wrapped = cv2.multiply(light, cv2.cvtColor(share, cv2.COLOR_GRAY2RGB), scale=1 / 255)
        return wrapped.astype(np.uint8, copy=False)


def _screen(below: Frame, light: Frame) -> Frame:
    """1 - (1 - a)(1 - b), all of it in 8 bits."""
    added = cv2.multiply(cv2.bitwise_not(below), light, scale=1 / 255)
    return cv2.add(below, added).astype(np.uint8, copy=False)
