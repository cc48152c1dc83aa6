"""FittedBackground: a photo, a video or a colour at the size of each frame, for effects that show one."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

from limner.colors import Color, parse_color
from limner.fitting import parse_fit
from limner.frame import Frame
from limner.media.backgrounds import Background, as_background, match_background
from limner.media.color_conversion import converted_color
from limner.media.primaries import CodePoints


class FittedBackground:
    """
    Args:
        background: a `Background`, or what `limner.media.backgrounds.open_background` takes: a photo, video or colour.
        option: what errors call it.
        fit: "cover" fills the frame and crops; "contain" shows the whole background between bars.
        fill: colour of those bars, and behind what is transparent.

    Attributes:
        files: what it reads: one file or none.

    Raises:
        OptionError: an option has a value that cannot be used.
        MediaError: the background cannot be read.
    """

    def __init__(self, background: Background | str | Path, *, option: str, fit: str, fill: str | Color) -> None:
        self._fit = parse_fit(fit)
        self._fill = self._own_fill = parse_color(fill, option="‹fill›")
        self._background = as_background(background, option=option)
        named = isinstance(background, (str, Path)) and Path(background).is_file()
        self.files = (Path(background),) if named else ()  # type: ignore[arg-type]
        self._time = Fraction(0)

    def at(self, time: Fraction) -> None:
        """See `limner.effects.base.Effect.at`."""
        self._time = time

    def match_colors(self, colors: CodePoints) -> None:
        """See `limner.effects.base.Effect.match_colors`."""
        self._fill = converted_color(self._own_fill, colors)
        match_background(self._background, colors)

    def notices(self) -> Sequence[str]:
        """See `limner.effects.base.Effect.notices`."""
        found: Sequence[str] = getattr(self._background, "notices", ())
        return found

    def frame(self, size: tuple[int, int]) -> Frame:
        """RGB uint8 at `size` (H, W), for reading only."""
        return self._background.frame_at(self._time, size, self._fit, self._fill)
