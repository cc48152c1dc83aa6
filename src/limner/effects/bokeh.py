"""Bokeh: the background through a wide lens, where every light becomes a disc."""

from __future__ import annotations

import math
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from limner.effects.blur import background_share
from limner.effects.compose import halve, to_uint8
from limner.effects.fill import Floats, fill_unknown, thrice
from limner.effects.layers import BackgroundEffect, Layers
from limner.effects.numbers import check_range, number
from limner.effects.setting import Setting
from limner.frame import Frame

_LARGEST = 0.06
"""Radius of the disc at strength 1, as a share of the frame's shorter side."""

_CELLS = 5.0
"""The blur is computed on a grid so coarse that the disc's radius is this many cells: larger kernels are slow."""

_BRIGHTEST = 24.0
"""How many times as bright as the picture shows it white is taken to be, at `highlights` 1."""

_STRIP = 128
"""Rows of the frame that are turned into light at once: little enough to stay in the processor's cache."""

_FILL_SIDE = 128
"""Longer side, at the most, of the grid on which the person's place is filled."""


class Bokeh(BackgroundEffect):
    """The background blurred by a disc, as a lens wide open does; the person untouched.

    Averages are taken of light, not of its 8-bit code, and what is nearly white counts as much brighter still, as the
    lights of a picture are: they bloom into discs and do not drown. Plain surfaces keep their colour exactly.
    The person is taken out before, as `Blur` does, so that no colour of theirs is in the background.

    Args:
        strength: 0 (no blur) to 1; the disc's radius is this times 6 % of the frame's shorter side.
        highlights: 0 (lights as bright as the picture shows them) to 1 (much brighter).

    Raises:
        OptionError: an option is not between 0 and 1.
    """

    name = "bokeh"
    settings = (
        Setting("blur_strength", "strength", float, "0 (none) to 1 (very strong), the same look at any size. [0.5]"),
        Setting("highlights", "highlights", float, "how much lights bloom, 0 (not at all) to 1. [0.5]"),
    )
    keeps_background = True

    def __init__(self, *, strength: float = 0.5, highlights: float = 0.5) -> None:
        self._strength = check_range(strength, 0.0, 1.0, option="bokeh ‹strength›", says="0 (no blur) to 1 (strongest)")
        check_range(highlights, 0.0, 1.0, option="‹highlights›", says="0 (as they are) to 1 (brightest)")
        self._white = np.float32(1 + 1 / _BRIGHTEST**highlights)
        self._light = np.square(np.arange(256, dtype=np.float32) / np.float32(255))
        self._gain = (1 / (self._white - self._light)).astype(np.float32)

    @classmethod
    def from_text(cls, text: str) -> dict[str, Any]:
        return {"strength": number(text, option="bokeh ‹strength›")}

    def behind(self, layers: Layers) -> Frame:
        height, width = layers.matte.size
        radius = self._strength * _LARGEST * min(height, width)
        if radius < 0.5:  # a kernel of one pixel
            return layers.frame
        coarseness = max(1.0, radius / _CELLS)
        grid = max(1, round(width / coarseness)), max(1, round(height / coarseness))
        light, person = self._coarse_light(layers, grid, coarseness)
        known = _without_person(light, person)
        disc = _disc(radius / coarseness)
        blurred = cv2.filter2D(known, -1, disc, borderType=cv2.BORDER_REPLICATE)
        code = self._code_of_light(blurred.astype(np.float32, copy=False))
        return cv2.resize(code, (width, height), interpolation=cv2.INTER_CUBIC).astype(np.uint8, copy=False)

    def _coarse_light(self, layers: Layers, grid: tuple[int, int], coarseness: float) -> tuple[Floats, Frame]:
        """Light (h, w, 3) float32 and person uint8 (h, w) on the `grid` (w, h)."""
        halvings = int(math.log2(coarseness))
        rows = range(0, layers.matte.size[0], _STRIP)
        strips = [self._light_of_code(layers.frame[top : top + _STRIP], halvings) for top in rows]
        light = cv2.resize(np.concatenate(strips), grid, interpolation=cv2.INTER_LINEAR)
        person = cv2.resize(layers.coarse_alpha8(halvings), grid, interpolation=cv2.INTER_LINEAR)
        size = grid[1], grid[0]
        return light.astype(np.float32, copy=False).reshape(*size, 3), person.astype(np.uint8, copy=False).reshape(size)

    def _light_of_code(self, pixels: Frame, halvings: int) -> Floats:
        """Light of `pixels`, halved: about the square of their codes, and the more the nearer they are to white."""
        # One halving in code values is cheap and loses no light larger than two pixels; the rest is done in light.
        first = min(halvings, 1)
        pixels = halve(pixels, first)
        red, green, blue = cv2.split(pixels)
        gain = cv2.LUT(cv2.max(cv2.max(red, green), blue), self._gain).astype(np.float32, copy=False)
        light = cv2.LUT(pixels, self._light).astype(np.float32, copy=False).reshape(pixels.shape)
        light *= thrice(gain)
        coarse = halve(light, halvings - first)
        return coarse.reshape(*coarse.shape[:2], 3)

    def _code_of_light(self, light: Floats) -> Frame:
        """The inverse of `_light_of_code`."""
        red, green, blue = cv2.split(light)
        brightest = cv2.max(cv2.max(red, green), blue).astype(np.float32, copy=False)
        light *= thrice(self._white / (1 + brightest))
        return to_uint8(np.sqrt(np.maximum(light, 0.0)), 255.0)


def _without_person(light: Floats, person: NDArray[np.uint8]) -> Floats:
    """`light` (h, w, 3) with the surroundings in the person's place."""
    halvings = max(0, math.ceil(math.log2(max(person.shape) / _FILL_SIDE)))
    size = (person.shape[1], person.shape[0])
    small = (max(1, size[0] >> halvings), max(1, size[1] >> halvings))
    coarse = cv2.resize(light, small, interpolation=cv2.INTER_AREA).reshape(small[1], small[0], 3)
    share = cv2.resize(person, small, interpolation=cv2.INTER_AREA).reshape(small[1], small[0]).astype(np.uint8)
    filled = fill_unknown(coarse.astype(np.float32, copy=False), background_share(share))
    behind = cv2.resize(filled, size, interpolation=cv2.INTER_LINEAR).reshape(light.shape)
    trust = background_share(person)
    return cv2.blendLinear(light, behind, trust, 1.0 - trust).astype(np.float32, copy=False).reshape(light.shape)


def _disc(radius: float) -> Floats:
    """A disc whose weights add up to 1, its edge cells by the share of them that it covers."""
    reach, fine = math.ceil(radius - 0.5), 8
    steps = (np.arange((2 * reach + 1) * fine, dtype=np.float32) + 0.5) / fine - reach - 0.5
    inside = (np.hypot(steps[:, None], steps[None]) <= radius).astype(np.float32)
    cells = inside.reshape(2 * reach + 1, fine, 2 * reach + 1, fine).mean((1, 3))
    disc: Floats = (cells / cells.sum()).astype(np.float32, copy=False)
    return disc
