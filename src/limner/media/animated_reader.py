"""Moving GIF, PNG (APNG) and WebP in, as a clip: every picture as it looks, with its time, and how often they play."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import accumulate
from pathlib import Path

import numpy as np
from PIL import Image as Pillow

from limner.errors import MediaError
from limner.frame import TimedFrame
from limner.media.animated_timing import AT_ONCE, Timing, read_timing
from limner.media.color_profile import into_srgb
from limner.media.exif import TRANSPOSES, orientation
from limner.media.formats import FORMATS, MAX_PIXELS, load_plugin
from limner.media.hdr_metadata import HdrMetadata
from limner.media.image import Pixels, reason
from limner.media.picture_reader import SRGB_PICTURES
from limner.media.picture_series import common_ticks
from limner.media.pillow_pixels import turned
from limner.media.timed_reader import TimedReader
from limner.media.video_info import VideoInfo, upright


@dataclass(frozen=True, slots=True)
class AnimatedInfo(VideoInfo):
    """A clip's facts, of moving pictures. `plays`: how often all of them are shown; 0 is for ever."""

    timing: Timing
    times: tuple[Fraction, ...]
    plays: int


def probe_animated(path: Path) -> AnimatedInfo | None:
    """Facts about moving pictures; decodes the first. None where the file is none, or not there.

    Raises:
        MediaError: it cannot be decoded.
    """
    try:
        timing = read_timing(path)
    except OSError:
        return None
    if timing is None:
        return None
    shown = [duration or AT_ONCE for duration in timing.durations]
    ticks, exact = common_ticks([Fraction(0), *accumulate(shown)])
    at_once = sum(1 for duration in timing.durations if not duration)
    notices = (f"Pictures for which it says no time, shown for 0.1 s as browsers do: {at_once}.",) if at_once else ()
    with _Opened(path, timing) as opened:
        pixels, alpha = opened.picture(0)
    height, width = pixels.shape[:2]
    return AnimatedInfo(
        path=path,
        **upright(width, height),
        time_base=Fraction(1, ticks),
        rate=len(shown) / exact[-1],
        origin=Fraction(0),
        duration=exact[-1],
        codec=timing.kind.lower(),
        container=timing.kind.lower(),
        bits=8,
        colors=SRGB_PICTURES,
        hdr=HdrMetadata(),
        alpha="frame",
        transparent=alpha is not None,
        stream_index=-1,
        notices=notices,
        timing=timing,
        times=tuple(exact),
        plays=timing.plays,
    )


class AnimatedReader(TimedReader[AnimatedInfo]):
    """Iterates moving pictures once, in sRGB and upright, each with its time. Same use as `VideoReader`.

    Args:
        info: what `probe_animated` said of them.
        start, duration: seconds, as of `VideoReader`.
        keep_going: stop quietly where the file is damaged, instead of raising.
        alpha: give the transparency of the pictures with them.

    Raises:
        MediaError: while iterating: a picture is damaged, or none lies between `start` and its end.
    """

    def __iter__(self) -> Iterator[TimedFrame]:
        times, cut = self.info.times, self.info.timing.cut
        if cut and not self._keep_going:
            raise MediaError(f"{self.info.path}: the file is cut off: {cut}; ‹keep_going› does what is there")
        if cut:
            self.notices.append(f"The file is cut off: {cut}.")
        with _Opened(self.info.path, self.info.timing) as opened:
            for index, time in enumerate(times[:-1]):
                if self._end is not None and time >= self._end:
                    break
                if self._start is not None and time < self._start:
                    continue
                try:
                    pixels, alpha = opened.picture(index)
                except MediaError as error:
                    if not self._keep_going:
                        raise
                    self.damaged = len(times) - 1 - index
                    self.notices.append(f"Pictures from the first damaged one on, left out: {self.damaged} ({error}).")
                    break
                if self.frames == 0 and self._start is not None:
                    self.offset = time
                self.frames += 1
                shown = alpha if self._alpha else None
                self.transparent += shown is not None
                yield TimedFrame(pixels, time - self.offset, times[index + 1] - time, shown)
        if self.frames == 0:
            raise MediaError(
                f"{self.info.path}: no picture from {float(self._start or 0):g} s on; it lasts {float(times[-1]):.2f} "
                "s: choose another ‹start› or ‹duration›"
            )


class _Opened:
    """The file in Pillow, which composes its pictures."""

    def __init__(self, path: Path, timing: Timing) -> None:
        self._path, self._timing = path, timing
        load_plugin(FORMATS[timing.kind])
        try:
            self._image = Pillow.open(path, formats=[timing.kind])
        except Exception as error:
            why = f"is cut off ({timing.cut})" if timing.cut else f"is damaged ({reason(error)})"
            raise MediaError(f"{path}: {why}; get a whole copy of it") from None
        if self._image.width * self._image.height > MAX_PIXELS:
            raise MediaError(f"{path}: has more than {MAX_PIXELS:,} pixels; make it smaller first")

    def __enter__(self) -> _Opened:
        return self

    def __exit__(self, *_: object) -> None:
        self._image.close()

    def picture(self, index: int) -> tuple[Pixels, Pixels | None]:
        """RGB uint8 (H, W, 3), and alpha (H, W) where not all of it is opaque.

        Raises:
            MediaError: it is damaged.
        """
        try:
            self._image.seek(index + self._timing.skip)
            rgba = np.asarray(self._image.convert("RGBA"))
            turn = TRANSPOSES.get(orientation(self._image.getexif()))
        except Exception as error:  # each format has errors of its own
            raise MediaError(
                f"{self._path}: picture {index + 1} of {len(self._timing.durations)} is damaged ({reason(error)})"
            ) from None
        pixels, alpha = np.ascontiguousarray(rgba[..., :3]), np.ascontiguousarray(rgba[..., 3])
        profile = self._image.info.get("icc_profile")
        converted = into_srgb(pixels, profile) if profile else None
        pixels = turned(pixels if converted is None else converted, turn)
        return pixels, None if alpha.min() == 255 else turned(alpha, turn)
