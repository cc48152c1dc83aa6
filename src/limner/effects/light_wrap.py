"""Light wrap: the background's light bleeds a little over the person's edge, as it does in a real lens."""

from __future__ import annotations

import math
from typing import Any

import cv2
import numpy as np

from limner.effects.base import Frame, Stage
from limner.effects.blur import without_person
from limner.effects.compose import halve
from limner.effects.layers import Layers, PersonEffect
from limner.effects.numbers import check_range, number
from limner.matte import Matte

_COARSE_SIGMA = 3.0
"""Light and edge are blurred on a grid so coarse that the standard deviation is about this many cells."""


class LightWrap(PersonEffect):
    """Light of the background on the person near their edge, so that they sit in the picture and not on it.

    The blurred background, times how near the edge is, is laid over the person as light is, by screen:
    1 - (1 - a)(1 - b). A bright background glows around them, a dark one leaves them alone. Nothing becomes darker, and
    the background does not change. As compositors do it (Brinkmann, The Art and Science of Digital Compositing, 2nd ed. 2008).

    Args:
        strength: 0 (nothing) to 1 (at the very edge, as bright as the background).
        width: how far the light reaches in, as a share of the frame's shorter side, above 0 and at most 0.2.

    Raises:
        OptionError: an option is out of its range.
    """

    name = "light_wrap"
    stage = Stage.LIGHT

    def __init__(self, *, strength: float = 0.5, width: float = 0.03) -> None:
        self._strength = check_range(
            strength, 0.0, 1.0, option="light_wrap strength", says="0 (nothing) to 1 (strongest)"
        )
        self._width = check_range(width, 0.001, 0.2, option="light_wrap width", says="0.001 to 0.2")

    @classmethod
    def from_text(cls, text: str) -> dict[str, Any]:
        return {"strength": number(text, option="light_wrap strength")}

    def apply(self, layers: Layers) -> None:
        layers.person = self._wrapped(layers.person, layers.background, layers, own=layers.own_background)

    def fit(self, person: Frame, background: Frame, matte: Matte) -> Frame:
        return self._wrapped(person, background, Layers(person, matte), own=False)

    def _wrapped(self, person: Frame, background: Frame, layers: Layers, *, own: bool) -> Frame:
        rows, columns = layers.person_box
        if self._strength == 0.0 or rows.start == rows.stop:
            return person
        light = self._coarse_light(background, layers, own=own)
        height, width = layers.matte.size
        full = cv2.resize(light, (width, height), interpolation=cv2.INTER_LINEAR)[rows, columns]
        lit = person.copy()
        inside = lit[rows, columns]
        # Screen, the whole of it in 8 bits: p + l - p l / 255.
        shadowed = cv2.multiply(cv2.bitwise_not(inside), full, scale=1 / 255)
        cv2.add(inside, shadowed, inside)
        lit[rows, columns] = inside
        return lit

    def _coarse_light(self, background: Frame, layers: Layers, *, own: bool) -> Frame:
        """The light that falls on the person, RGB uint8 on a coarse grid."""
        sigma = self._width * min(layers.matte.size)
        halvings = max(0, round(math.log2(sigma / _COARSE_SIGMA)))
        person = halve(layers.alpha8, halvings)
        pixels = halve(background, halvings)
        if own:
            pixels = without_person(pixels, person)
        coarse = max(0.3, sigma / 2**halvings)
        light = cv2.GaussianBlur(pixels, (0, 0), 2 * coarse, borderType=cv2.BORDER_REPLICATE)
        outside = cv2.GaussianBlur(cv2.bitwise_not(person), (0, 0), coarse, borderType=cv2.BORDER_REPLICATE)
        # On the edge half of what is near is outside: there the light has its full strength.
        share = cv2.convertScaleAbs(outside, alpha=2 * self._strength)
        wrapped = cv2.multiply(light, cv2.cvtColor(share, cv2.COLOR_GRAY2RGB), scale=1 / 255)
        return wrapped.astype(np.uint8, copy=False)
