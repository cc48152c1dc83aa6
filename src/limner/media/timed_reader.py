"""What readers of pictures one after another share, whatever these lie in."""

from __future__ import annotations

from fractions import Fraction
from typing import Generic, TypeVar

from limner.media.video_info import VideoInfo

Info = TypeVar("Info", bound=VideoInfo)


class TimedReader(Generic[Info]):
    """The part that is asked for, and what was met on the way.

    Attributes:
        info: what is read.
        offset: of its times, in seconds.
        frames: given so far; ``transparent``: those of them with an alpha below 1; ``damaged``: left out.
        notices: of what was met.
    """

    def __init__(
        self,
        info: Info,
        *,
        start: Fraction | None = None,
        duration: Fraction | None = None,
        keep_going: bool = False,
        alpha: bool = False,
    ) -> None:
        self.info, self.offset = info, info.origin
        self.frames = self.transparent = self.damaged = 0
        self.notices: list[str] = []
        self._start, self._keep_going, self._alpha = start, keep_going, alpha
        self._end = None if duration is None else (start or Fraction(0)) + duration
