"""Seamless clone: the person set into the new background as Poisson editing does, by a smooth change of colour."""

from __future__ import annotations

import math
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from limner.effects.base import Frame
from limner.effects.compose import halve
from limner.effects.fill import Floats
from limner.effects.layers import Layers, PersonEffect
from limner.effects.membrane import solve_membrane
from limner.effects.numbers import check_range, number
from limner.matte import Matte

_SIDE = 96
"""Longer side, at the most, of the grid on which the equation is solved: its solution is smooth."""

_OUTSIDE = 0.04
"""A cell with less person in it than this shows background, and is part of the boundary."""


class SeamlessClone(PersonEffect):
    """The person's gradients over the new background's colours: where they meet the old background, it becomes the new.

    Pérez, Gangnet and Blake 2003, "Poisson Image Editing": the clone is the person plus a membrane, the smoothest
    function (∆f = 0) that is new minus old background around them. That membrane is solved on a coarse grid and
    added at full size; the matte, which the paper lacks, cuts the person out of it. It is a fresh exact solution
    for every frame, from area means, so nothing lags or flickers.

    Over the frame's own background it changes nothing.

    Args:
        strength: 0 (nothing) to 1 (Poisson's own), the share of the membrane that is added.

    Raises:
        OptionError: strength is not between 0 and 1.
    """

    name = "seamless_clone"
    shows_alone = False

    def __init__(self, *, strength: float = 0.5) -> None:
        self._strength = check_range(
            strength, 0.0, 1.0, option="seamless_clone strength", says="0 (nothing) to 1 (all of the membrane)"
        )

    @classmethod
    def from_text(cls, text: str) -> dict[str, Any]:
        return {"strength": number(text, option="seamless_clone strength")}

    def apply(self, layers: Layers) -> None:
        rows, columns = layers.person_box
        if self._strength == 0.0 or layers.own_background or rows.start == rows.stop:
            return
        halvings = max(0, math.ceil(math.log2(max(layers.matte.size) / _SIDE)))
        change = halve(layers.background, halvings).astype(np.float32) - halve(layers.frame, halvings)
        membrane = solve_membrane(change, halve(layers.alpha8, halvings) < 255 * _OUTSIDE)
        layers.person = _added(layers.person, membrane * np.float32(self._strength), rows, columns)

    def fit(self, person: Frame, background: Frame, matte: Matte) -> Frame:
        layers = Layers(person, matte)
        layers.put_behind(lambda: background, fresh=False, clean=False)
        self.apply(layers)
        return layers.person


def _added(person: Frame, membrane: Floats, rows: slice, columns: slice) -> Frame:
    """`person` plus the membrane enlarged to its size, within the box."""
    height, width = person.shape[:2]
    steps = np.rint(membrane).astype(np.int16)
    full: NDArray[Any] = cv2.resize(steps, (width, height), interpolation=cv2.INTER_LINEAR)
    changed = person.copy()
    inside = np.ascontiguousarray(person[rows, columns])
    changed[rows, columns] = cv2.add(inside, np.ascontiguousarray(full[rows, columns]), dtype=cv2.CV_8U)
    return changed
