"""What can lie behind the person: a colour, a photo, or a video that loops."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from limner.colors import Color, is_color, nearest_color, parse_color
from limner.errors import LimnerError, MediaError, OptionError
from limner.fitting import BLACK, Fit, fit_frame
from limner.frame import Frame, TimedFrame, over, plain
from limner.media.color_conversion import SRGB, converted_color, converter
from limner.media.primaries import CodePoints
from limner.suggestions import check_the_name

VIDEO_SUFFIXES = frozenset({".mp4", ".m4v", ".mov", ".mkv", ".webm", ".avi", ".mpg", ".mpeg", ".ts", ".mts", ".m2ts",
                            ".wmv", ".flv", ".ogv", ".3gp", ".gif"})  # fmt: skip


_Shown = tuple[Fraction, Fraction, TimedFrame]
"""(time from the first frame, time at which it ends, frame)."""


@runtime_checkable
class Background(Protocol):
    """What lies behind the person: a frame for every time and size."""

    def frame_at(self, time: Fraction, size: tuple[int, int], fit: Fit, fill: Color = BLACK) -> Frame:
        """RGB uint8 (H, W, 3) of `size` (H, W) for `time` in seconds, fitted as `fit_frame` does. Never written to."""


def match_background(background: Background, colors: CodePoints) -> None:
    """Has `background` give its frames in `colors` from now on, where it can: those of this module can."""
    match = getattr(background, "match_colors", None)
    if match is not None:
        match(colors)


class ColorBackground:
    """One colour everywhere."""

    def __init__(self, color: str | Color) -> None:
        self._color = self._own = parse_color(color, option="background")

    def match_colors(self, colors: CodePoints) -> None:
        self._color = converted_color(self._own, colors)

    def frame_at(self, time: Fraction, size: tuple[int, int], fit: Fit, fill: Color = BLACK) -> Frame:
        return plain(size, self._color)


class PhotoBackground:
    """One photo, RGB uint8 (H, W, 3) in sRGB. Fits it once for each size.

    Args:
        alpha: its transparency, uint8 (H, W); what is behind it has the colour of the bars.
    """

    def __init__(self, pixels: Frame, alpha: NDArray[np.uint8] | None = None) -> None:
        self._pixels = self._own = pixels
        self._alpha = alpha
        self._fitted: tuple[tuple[object, ...], Frame] | None = None

    def match_colors(self, colors: CodePoints) -> None:
        convert = converter(SRGB, colors)
        self._pixels, self._fitted = self._own if convert is None else convert(self._own), None

    def frame_at(self, time: Fraction, size: tuple[int, int], fit: Fit, fill: Color = BLACK) -> Frame:
        wanted = (size, fit, fill)
        fitted = self._fitted
        if fitted is None or fitted[0] != wanted:
            pixels = self._pixels if self._alpha is None else over(self._pixels, self._alpha, fill)
            fitted = self._fitted = (wanted, fit_frame(pixels, size, fit, fill))
        return fitted[1]


def open_background(spec: str, *, option: str = "background") -> Background:
    """The background that `spec` names: a colour (`magenta`, `#rrggbb`), a photo or a video file.

    `option` is what the error calls it.

    A file wins over a colour of the same name.

    Raises:
        OptionError: it is neither a colour nor a file.
        MediaError: the file cannot be read.
    """
    path = Path(spec)
    if not path.exists():
        if is_color(spec):
            return ColorBackground(spec)
        looks_like_file = path.suffix or len(path.parts) > 1
        hint = (
            f"no such file{check_the_name(path)}"
            if looks_like_file
            else f"neither a colour nor a file{nearest_color(spec)}"
        )
        raise OptionError(f"‹{option}› {spec}: {hint}")
    if path.suffix.lower() in VIDEO_SUFFIXES:
        return VideoBackground(path)
    from limner.media.images import read_image

    try:
        photo = read_image(path)
        return PhotoBackground(photo.pixels, photo.alpha)
    except LimnerError as error:
        try:  # the name may say nothing
            return VideoBackground(path)
        except MediaError:
            raise error from None


def as_background(background: Background | str | Path, *, option: str) -> Background:
    """`background` itself, or opened where it is a name. `option` is what the error calls it.

    Raises:
        OptionError: it is neither a colour nor a file.
        MediaError: it cannot be read.
    """
    if isinstance(background, (str, Path)):
        return open_background(str(background), option=option)
    return background


class VideoBackground:
    """A video behind the person: the frame that is on the screen at each time, from the beginning again at its end.

    What is behind its own transparency has the colour of the bars.

    Decodes forward only and keeps one frame, so times should ascend; an earlier time begins anew from the start.

    Attributes:
        notices: what could not be used as it is: damaged or missing parts, HDR.

    Raises:
        MediaError: the file cannot be read, at once or later.
    """

    def __init__(self, path: str | Path) -> None:
        from limner.media.video_info import probe_video

        self._info = probe_video(path)
        self._noticed: list[str] = []
        self._frames: Iterator[_Shown] | None = None
        self._loop_start = Fraction(0)
        self._shown: TimedFrame | None = None
        self._next: _Shown | None = None
        self._reached = self._length = Fraction(0)
        self._fitted: tuple[object, Frame] | None = None
        self._convert = converter(self._info.colors.points, SRGB)
        self._toned_down = self._info.colors.is_hdr

    def match_colors(self, colors: CodePoints) -> None:
        own = self._info.colors.points
        self._convert, self._fitted = converter(own, colors), None
        self._toned_down = own.is_hdr and not colors.is_hdr

    @property
    def notices(self) -> list[str]:
        hdr = [f"Background {self._info.path}: It is HDR; it was toned down."] if self._toned_down else []
        return hdr + self._noticed

    def frame_at(self, time: Fraction, size: tuple[int, int], fit: Fit, fill: Color = BLACK) -> Frame:
        """RGB uint8 (H, W, 3) of `size`, for `time` in seconds. Never written to."""
        shown = self._at(time)
        wanted = (id(shown), size, fit, fill)
        if self._fitted is None or self._fitted[0] != wanted:
            pixels = shown.pixels if self._convert is None else self._convert(shown.pixels)
            if shown.alpha is not None:
                pixels = over(pixels, shown.alpha, fill)
            self._fitted = (wanted, fit_frame(self._square(pixels), size, fit, fill))
        return self._fitted[1]

    def _at(self, time: Fraction) -> TimedFrame:
        if self._frames is None or time < self._reached:
            self._frames, self._loop_start, self._next = self._read(), Fraction(0), None
            self._shown = None
        self._reached = time
        while True:
            if self._next is None:
                self._next = next(self._frames, None)
                if self._next is None:  # the end: begin again where the last frame ends
                    self._loop_start += self._length
                    self._frames = self._read()
                    self._next = next(self._frames)
            at, ends, frame = self._next
            if self._shown is not None and self._loop_start + at > time:
                return self._shown
            self._shown, self._next, self._length = frame, None, ends

    def _read(self) -> Iterator[_Shown]:
        from limner.media.video_reader import VideoReader

        first: Fraction | None = None
        usual = 1 / (self._info.rate or Fraction(25))
        reader = VideoReader(self._info, keep_going=True, alpha=True)
        for frame in reader:
            first = frame.time if first is None else first
            at = frame.time - first
            yield at, at + (frame.duration or usual), frame
        for notice in reader.notices:
            said = f"Background {self._info.path}: {notice}"
            if said not in self._noticed:
                self._noticed.append(said)

    def _square(self, frame: Frame) -> Frame:
        """Stretched so that its pixels are square, as `fit_frame` expects."""
        aspect = self._info.sample_aspect
        if aspect == 1:
            return frame
        import cv2

        width = max(1, round(frame.shape[1] * aspect))
        resized = cv2.resize(frame, (width, frame.shape[0]), interpolation=cv2.INTER_LINEAR)
        return resized.astype(np.uint8, copy=False)
