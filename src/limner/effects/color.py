"""Color: one colour behind the person; magenta, the default, shows every fault of a matte."""

from __future__ import annotations

from typing import Any

from limner.colors import Color, parse_color
from limner.effects.layers import BackgroundEffect, Layers
from limner.effects.setting import Setting
from limner.frame import Frame, plain
from limner.media.color_conversion import converted_color
from limner.media.primaries import CodePoints


class SolidColor(BackgroundEffect):
    """The person over one colour, the old background's colour taken out of the edges.

    Args:
        color: a name, #rgb, #rrggbb, rgb(r, g, b) or three numbers from 0 to 255, in sRGB.

    Raises:
        OptionError: `color` is no colour.
    """

    name = "color"
    settings = (Setting("color", "color", str, "a name, #rgb, #rrggbb or 'rgb(r, g, b)'. [magenta]"),)

    def __init__(self, *, color: str | Color = "magenta") -> None:
        self._color = self._own_color = parse_color(color, option="‹color›")

    @classmethod
    def from_text(cls, text: str) -> dict[str, Any]:
        return {"color": text}

    def match_colors(self, colors: CodePoints) -> None:
        self._color = converted_color(self._own_color, colors)

    def behind(self, layers: Layers) -> Frame:
        return plain(layers.matte.size, self._color)
