"""Seamless clone: the person set into the new background as Poisson editing does, by a smooth change of colour."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from limner.effects.base import Stage
from limner.effects.compose import enlarge, halve, to_uint8
from limner.effects.fill import Floats
from limner.effects.layers import LayerEffect, Layers
from limner.effects.membrane import solve_membrane
from limner.effects.numbers import check_range, number
from limner.frame import Frame

_SIDE = 96
"""Longer side, at the most, of the grid on which the equation is solved: its solution is smooth."""

_OUTSIDE = 0.04
"""A cell with less person in it than this shows background, and is part of the boundary."""

_DARK = np.float32(8.0)
"""Added to code values before their logarithm is taken: below it, differences are noise."""

_FARTHEST = np.float32(math.log(6.0))
"""The membrane makes nothing darker or brighter than by this factor."""


class SeamlessClone(LayerEffect):
    """The person's gradients over the new background's colours: where they meet the old background, it becomes the new.

    Pérez, Gangnet and Blake 2003, "Poisson Image Editing": the clone is the person plus a membrane, the smoothest
    function (∆f = 0) that is new minus old background around them. Here that is done to the logarithms, so that the
    membrane is a factor, as a change of light is, and a person from a bright room does not become black in the dark.
    It is solved on a coarse grid and applied at full size; the matte, which the paper lacks, cuts the person out.
    Every frame is solved afresh, from area means, so nothing lags and noise does not show.

    Over the frame's own background it changes nothing.

    Args:
        strength: 0 (nothing) to 1 (Poisson's own), the share of the membrane that is added.

    Raises:
        OptionError: strength is not between 0 and 1.
    """

    name = "seamless_clone"
    stage = Stage.FIT
    keeps_background = True
    shows_alone = False

    def __init__(self, *, strength: float = 0.5) -> None:
        self._strength = check_range(
            strength, 0.0, 1.0, option="seamless_clone ‹strength›", says="0 (nothing) to 1 (all of the membrane)"
        )

    @classmethod
    def from_text(cls, text: str) -> dict[str, Any]:
        return {"strength": number(text, option="seamless_clone ‹strength›")}

    def apply(self, layers: Layers) -> None:
        if self._strength == 0.0 or layers.own_background or not layers.person_boxes:
            return
        halvings = max(0, math.ceil(math.log2(max(layers.matte.size) / _SIDE)))
        old, new = (np.log(halve(pixels, halvings) + _DARK) for pixels in (layers.frame, layers.background))
        known = layers.coarse_alpha8(halvings) < 255 * _OUTSIDE
        membrane = solve_membrane((new - old).clip(-_FARTHEST, _FARTHEST), known)
        gain = enlarge(np.exp(membrane * np.float32(self._strength)), layers.matte.size)
        layers.change_person(lambda person, box: _lit(person, gain[box]))


def _lit(person: Frame, gain: Floats) -> Frame:
    """`person` times `gain`, both counted from a little below black."""
    lit = person.astype(np.float32)
    lit += _DARK
    lit *= gain
    lit -= _DARK
    return to_uint8(np.maximum(lit, 0.0, out=lit))
