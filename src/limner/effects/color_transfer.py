"""Colour transfer: the person's colours drawn towards the mean and spread of the background's."""

from __future__ import annotations

import math
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from limner.effects.base import Stage
from limner.effects.compose import halve
from limner.effects.layers import LayerEffect, Layers
from limner.effects.numbers import check_range, number
from limner.frame import Frame

Floats = NDArray[np.float32]
Bools = NDArray[np.bool_]

_SIDE = 192
"""Longer side, at the most, of the grid on which the statistics are taken."""

_SURE = 0.9
"""A cell of that grid counts where it shows nearly nothing but person, or nothing but background."""

_WIDEST = 2.0
"""The spread of a channel is changed by this factor at most: a flat background would make the person a silhouette."""


class ColorTransfer(LayerEffect):
    """The person's mean and standard deviation in CIELAB moved towards the background's, channel by channel.

    Reinhard, Ashikhmin, Gooch and Shirley 2001, "Color Transfer between Images", in CIELAB in place of their lαβ, with
    the spread's change held between 1/2 and 2. Statistics come from the surely-person and surely-background parts
    of a coarse grid, so they are steady in a video.

    Args:
        strength: 0 (nothing) to 1 (the background's statistics).

    Raises:
        OptionError: strength is not between 0 and 1.
    """

    name = "color_transfer"
    stage = Stage.FIT
    keeps_background = True

    def __init__(self, *, strength: float = 0.4) -> None:
        self._strength = check_range(
            strength, 0.0, 1.0, option="color_transfer ‹strength›", says="0 (nothing) to 1 (the background's colours)"
        )

    @classmethod
    def from_text(cls, text: str) -> dict[str, Any]:
        return {"strength": number(text, option="color_transfer ‹strength›")}

    def apply(self, layers: Layers) -> None:
        curves = self._curves(layers)
        if curves is not None:
            layers.change_person(lambda person, box: _mapped(person, curves))

    def _curves(self, layers: Layers) -> NDArray[np.uint8] | None:
        """What becomes of each of 256 values in each channel of 8-bit CIELAB, (1, 256, 3); None where nobody is."""
        halvings = max(0, math.ceil(math.log2(max(layers.matte.size) / _SIDE)))
        share = layers.coarse_alpha8(halvings)
        inside: Bools = share >= 255 * _SURE
        behind: Bools = share <= 255 * (1 - _SURE) if layers.own_background else np.ones_like(inside)
        if self._strength == 0.0 or not inside.any() or not behind.any():
            return None
        source = _statistics(halve(layers.person, halvings), inside)
        target = _statistics(halve(layers.background, halvings), behind)
        scale = (target[1] / np.maximum(source[1], 1e-3)).clip(1 / _WIDEST, _WIDEST)
        values = np.arange(256, dtype=np.float32)[:, None]
        full = (values - source[0]) * scale + target[0]
        curves = values + np.float32(self._strength) * (full - values)
        table: NDArray[np.uint8] = np.rint(curves.clip(0, 255)).astype(np.uint8)[None]
        return table


def _mapped(pixels: Frame, curves: NDArray[np.uint8]) -> Frame:
    lab = cv2.cvtColor(pixels, cv2.COLOR_RGB2LAB)
    return cv2.cvtColor(cv2.LUT(lab, curves), cv2.COLOR_LAB2RGB).astype(np.uint8, copy=False)


def _statistics(pixels: Frame, where: Bools) -> tuple[Floats, Floats]:
    """Mean and standard deviation (3,) of `pixels` in 8-bit CIELAB in the places `where` (H, W)."""
    lab = cv2.cvtColor(pixels, cv2.COLOR_RGB2LAB)
    mean, deviation = cv2.meanStdDev(lab, mask=where.view(np.uint8))
    return mean.reshape(3).astype(np.float32), deviation.reshape(3).astype(np.float32)
