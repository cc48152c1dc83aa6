"""FailClosed: an effect that shows nothing of a frame whose matte cannot be trusted."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np

from limner.checking import checked
from limner.effects.base import Effect
from limner.effects.compose import halve
from limner.frame import Frame
from limner.matte import Matte
from limner.media.primaries import CodePoints

CELLS = 9
"""Cells along the shorter side that are left of a hidden frame: a face that fills the picture is five cells high."""

_CHEAP_SIDE = 90


class FailClosed(Effect):
    """``effect``, except that a hidden matte gives a wholly hidden frame: never a raw pixel of it.

    A hidden frame is blurred so strongly that nobody can be recognised, whatever the effect's own strength, where the
    effect keeps the background. Any other effect is told that nobody is there, and is given the blurred frame instead
    of the real one, so that it cannot show what it does not have.

    Args:
        effect: what frames with a trusted matte get.
    """

    name = "fail_closed"

    @checked
    def __init__(self, effect: Effect) -> None:
        self.effect = effect
        # What the effect is, this one is too: one that cuts out gives RGBA for hidden frames as well.
        self.name = effect.name
        self.has_alpha = effect.has_alpha
        self.keeps_background = effect.keeps_background

    def at(self, time: Fraction) -> None:
        self.effect.at(time)

    def match_colors(self, colors: CodePoints) -> None:
        self.effect.match_colors(colors)

    def notices(self) -> Sequence[str]:
        return self.effect.notices()

    def files(self) -> Sequence[Path]:
        return self.effect.files()

    def __call__(self, frame: Frame, matte: Matte) -> Frame:
        return self.hide(frame) if matte.hidden else self.effect(frame, matte)

    def hide(self, frame: Frame) -> Frame:
        """A frame RGB uint8 (H, W, 3) with nothing of it left to recognise: RGB, or RGBA as the effect gives it."""
        unrecognisable = obliterate(frame)
        if self.effect.keeps_background:
            return unrecognisable
        return self.effect(unrecognisable, Matte(np.zeros(frame.shape[:2], np.float32)))


def obliterate(frame: Frame) -> Frame:
    """A frame RGB uint8 (H, W, 3) as `CELLS` colours along its shorter side, run into each other.

    What is finer than a cell is averaged away and not in the result, so that no sharpening brings it back.
    """
    height, width = frame.shape[:2]
    halvings = max(0, (min(height, width) // _CHEAP_SIDE).bit_length() - 1)
    shorter = min(height, width)
    cells = (max(1, round(CELLS * width / shorter)), max(1, round(CELLS * height / shorter)))
    coarse = cv2.resize(
        halve(frame, halvings), (min(width, cells[0]), min(height, cells[1])), interpolation=cv2.INTER_AREA
    )
    soft = cv2.GaussianBlur(coarse, (0, 0), 0.7, borderType=cv2.BORDER_REPLICATE)
    # In two steps: a linear blend between so few cells shows their corners, a cubic one does not.
    middle = cv2.resize(soft, (min(width, 8 * cells[0]), min(height, 8 * cells[1])), interpolation=cv2.INTER_CUBIC)
    return cv2.resize(middle, (width, height), interpolation=cv2.INTER_LINEAR).astype(np.uint8, copy=False)
