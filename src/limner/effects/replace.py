"""Replace: another photo, video or colour behind the person."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

from limner.colors import Color, parse_color
from limner.effects.base import Setting
from limner.effects.layers import BackgroundEffect, Layers
from limner.errors import OptionError
from limner.fitting import parse_fit
from limner.frame import Frame
from limner.media.backgrounds import Background, as_background, match_background
from limner.media.color_conversion import converted_color
from limner.media.primaries import CodePoints


class Replace(BackgroundEffect):
    """The person over `background`, the old background's colour taken out of the edges.

    Args:
        background: a `Background`, or what `limner.media.backgrounds.open_background` takes: a photo, video or colour.
        fit: "cover" fills the frame and crops; "contain" shows the whole background between bars.
        fill: colour of those bars.

    Raises:
        OptionError: an option has a value that cannot be used.
        MediaError: the background cannot be read.
    """

    name = "replace"
    settings = (
        Setting("background", "background", str, "a photo, a video or a colour.", "PHOTO|VIDEO|COLOUR"),
        Setting(
            "fit",
            "fit",
            str,
            "cover (crop to fill) or contain (all of it, with bars). [replace: cover, frame_in_frame: contain]",
        ),
        Setting("fill", "fill", str, "colour of the bars of contain, and behind what is transparent. [black]"),
    )
    fresh = False

    def __init__(
        self, *, background: Background | str | Path | None = None, fit: str = "cover", fill: str | Color = "black"
    ) -> None:
        if background is None:
            raise OptionError("‹effect› replace needs ‹background›: a photo, a video or a colour")
        self._fit = parse_fit(fit)
        self._fill = self._own_fill = parse_color(fill, option="fill")
        self._time = Fraction(0)
        self._background = as_background(background, option="background")

    @classmethod
    def from_text(cls, text: str) -> dict[str, Any]:
        return {"background": text}

    def at(self, time: Fraction) -> None:
        self._time = time

    def match_colors(self, colors: CodePoints) -> None:
        self._fill = converted_color(self._own_fill, colors)
        match_background(self._background, colors)

    def notices(self) -> Sequence[str]:
        found: Sequence[str] = getattr(self._background, "notices", ())
        return found

    def behind(self, layers: Layers) -> Frame:
        return self._background.frame_at(self._time, layers.matte.size, self._fit, self._fill)
