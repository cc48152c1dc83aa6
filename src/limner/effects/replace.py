"""Replace: another photo, video or colour behind the person."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

from limner.colors import Color
from limner.effects.fitted_background import FittedBackground
from limner.effects.layers import BackgroundEffect, Layers
from limner.effects.setting import Setting
from limner.errors import OptionError
from limner.frame import Frame
from limner.media.backgrounds import Background
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
        Setting(
            "background", "background", str, "a photo, a video or a colour.", "PHOTO|VIDEO|COLOUR", names_file=True
        ),
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
        self._background = FittedBackground(background, option="background", fit=fit, fill=fill)

    @classmethod
    def from_text(cls, text: str) -> dict[str, Any]:
        return {"background": text}

    def at(self, time: Fraction) -> None:
        self._background.at(time)

    def match_colors(self, colors: CodePoints) -> None:
        self._background.match_colors(colors)

    def notices(self) -> Sequence[str]:
        return self._background.notices()

    def files(self) -> Sequence[Path]:
        return self._background.files

    def behind(self, layers: Layers) -> Frame:
        return self._background.frame(layers.matte.size)
