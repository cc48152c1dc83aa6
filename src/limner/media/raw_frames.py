"""Raw frames in: RGB or RGBA bytes of one size after another, as `ffmpeg -f rawvideo` writes them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields
from fractions import Fraction

import numpy as np

from limner.errors import MediaError, OptionError
from limner.frame import TimedFrame
from limner.media.piped_video import Source
from limner.media.pipes import STDIN
from limner.media.timed_reader import TimedReader
from limner.media.video_formats import PIXEL_FORMATS
from limner.media.video_info import VideoInfo, live_info


@dataclass(frozen=True, slots=True)
class RawInfo(VideoInfo):
    """A clip's facts, of raw frames."""

    source: Source
    channels: int


def probe_raw(source: Source, size: tuple[int, int], fps: Fraction | None, pixel_format: str) -> RawInfo:
    """
    Args:
        size: (width, height) in pixels.
        fps: frames a second.
        pixel_format: "rgb24" or "rgba".

    Raises:
        OptionError: `fps` is missing.
    """
    if fps is None:
        raise OptionError("‹size›: raw frames have no times; say frames a second with ‹fps›")
    info = live_info(str(STDIN), width=size[0], height=size[1], rate=fps)
    facts = {item.name: getattr(info, item.name) for item in fields(VideoInfo)}
    ticks = fps.numerator
    while ticks < 10_000:
        ticks *= 2
    has_alpha = pixel_format == "rgba"
    facts |= {"time_base": Fraction(1, ticks), "codec": "rawvideo", "container": "rawvideo"}
    facts |= {"alpha": "frame" if has_alpha else None, "transparent": has_alpha}
    return RawInfo(**facts, source=source, channels=PIXEL_FORMATS[pixel_format])


class RawReader(TimedReader[RawInfo]):
    """Iterates raw frames once, each with its time. Same use as `VideoReader`.

    Args:
        info: what `probe_raw` made.
        start, duration: seconds, as of `VideoReader`.
        keep_going: leave out a last frame that is cut off instead of raising.
        alpha: give the transparency of the frames with them.

    Raises:
        MediaError: while iterating: no frame comes, or the last one is not whole.
    """

    def __iter__(self) -> Iterator[TimedFrame]:
        step = 1 / (self.info.rate or Fraction(25))
        index, whole = 0, self.info.width * self.info.height * self.info.channels
        while self._end is None or index * step < self._end:
            data = self._next(whole)
            if len(data) < whole:
                self._ended(data, whole, index)
                break
            time = index * step
            index += 1
            if self._start is not None and time < self._start:
                continue
            if self.frames == 0 and self._start is not None:
                self.offset = time
            self.frames += 1
            yield self._timed(data, time - self.offset, step)
        if self.frames == 0:
            raise MediaError(
                f"{STDIN}: no frame from {float(self._start or 0):g} s on: {index} came; choose another ‹start›"
            )

    def _next(self, whole: int) -> bytearray:
        data = bytearray()
        while len(data) < whole:
            more = self.info.source.read(min(whole - len(data), 1 << 20))
            if not more:
                break
            data += more
        return data

    def _ended(self, data: bytearray, whole: int, index: int) -> None:
        if index == 0 and not data:
            raise MediaError(f"{STDIN}: nothing came through the pipe; send raw frames into it")
        if not data:
            return
        what = f"the last frame has {len(data):,} of {whole:,} bytes"
        if not self._keep_going:
            raise MediaError(f"{STDIN}: {what}; are ‹size› and ‹pixel_format› right? ‹keep_going› leaves it out")
        self.damaged += 1
        self.notices.append(f"It is cut off: {what}.")

    def _timed(self, data: bytearray, time: Fraction, step: Fraction) -> TimedFrame:
        pixels = np.frombuffer(data, np.uint8).reshape(self.info.height, self.info.width, self.info.channels)
        if self.info.channels == 3:
            return TimedFrame(pixels, time, step)
        alpha = np.ascontiguousarray(pixels[..., 3]) if self._alpha else None
        if alpha is not None and alpha.min() == 255:
            alpha = None
        self.transparent += alpha is not None
        return TimedFrame(np.ascontiguousarray(pixels[..., :3]), time, step, alpha)
