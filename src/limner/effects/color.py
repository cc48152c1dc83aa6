"""Color: one colour behind the person; magenta, the default, shows every fault of a matte."""

from __future__ import annotations

from limner.effects.base import Effect, Frame
from limner.effects.colors import Color, parse_color
from limner.effects.compose import check_sizes, plain
from limner.effects.foreground import blend_clean
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
        return blend_clean(plain(matte.size, self._color), frame, matte.alpha)
