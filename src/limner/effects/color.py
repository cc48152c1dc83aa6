"""Color: one colour behind the person; magenta, the default, shows every fault of a matte."""

from __future__ import annotations

import numpy as np

from limner.effects.base import Effect, Frame
from limner.effects.colors import Color, parse_color
from limner.effects.compose import blend_onto, check_sizes
from limner.effects.foreground import estimate_foreground
from limner.matte import Matte


class SolidColor(Effect):
    """The person over one colour, the old background's colour taken out of the edges.

    Args:
        color: a name, #rgb, #rrggbb, rgb(r, g, b) or three numbers from 0 to 255, in sRGB.

    Raises:
        OptionError: `color` is no colour.
    """

    name = "color"

    def __init__(self, *, color: str | Color = "magenta") -> None:
        self._color = parse_color(color, option="color")

    def __call__(self, frame: Frame, matte: Matte) -> Frame:
        check_sizes(frame, matte)
        plain = np.empty_like(frame)
        plain[:] = self._color
        return blend_onto(plain, estimate_foreground(frame, matte.alpha), matte.alpha)
