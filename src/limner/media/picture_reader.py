"""Numbered pictures in, as a clip: the same frames with times that `VideoReader` gives of a video file."""

from __future__ import annotations

import contextlib
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from fractions import Fraction

from limner.errors import MediaError
from limner.frame import TimedFrame
from limner.media.hdr_metadata import HdrMetadata
from limner.media.image import Image
from limner.media.images import read_image
from limner.media.picture_series import PictureSeries
from limner.media.timed_reader import TimedReader
from limner.media.video_color import FULL, ColorTags, fit_picture
from limner.media.video_info import VideoInfo, upright

_AHEAD = 2
"""Pictures decoded in advance, each in a thread of its own."""
SRGB_PICTURES = ColorTags(matrix=0, range=FULL, primaries=1, transfer=13)
"""What FFmpeg says of PNG: RGB of full range in sRGB, as code points of ITU-T H.273."""


@dataclass(frozen=True, slots=True)
class SeriesInfo(VideoInfo):
    """A clip's facts, of pictures."""

    series: PictureSeries


def probe_pictures(series: PictureSeries) -> SeriesInfo:
    """Facts about a clip of pictures; decodes the first of them, and of an opaque one the middle and the last too.

    Raises:
        MediaError: the first cannot be read.
    """
    first = read_image(series.files[0])
    height, width = first.pixels.shape[:2]
    return SeriesInfo(
        path=series.name,
        **upright(width, height),
        time_base=series.time_base,
        rate=series.rate,
        origin=min(Fraction(0), series.times[0]),
        duration=series.times[-1] + series.lasts(len(series.times) - 1),
        codec=first.format.lower(),
        container="pictures",
        bits=8,
        colors=SRGB_PICTURES,
        hdr=HdrMetadata(),
        alpha="frame",
        transparent=first.alpha is not None or _any_transparent(series),
        stream_index=-1,
        notices=series.notices,
        series=series,
    )


def _any_transparent(series: PictureSeries) -> bool:
    """Whether the middle or the last picture may be seen through: a clip often begins with nothing to see through."""
    for file in {series.files[len(series.files) // 2], series.files[-1]}:
        with contextlib.suppress(MediaError):  # whoever reads them says so
            if read_image(file).alpha is not None:
                return True
    return False


class PictureReader(TimedReader[SeriesInfo]):
    """Iterates numbered pictures once, in sRGB and upright, each with its time. Same use as `VideoReader`.

    Pictures of another size than the first stand between black bars at its size.

    Args:
        info: what `probe_pictures` said of them.
        start, duration: seconds, as of `VideoReader`.
        keep_going: leave out pictures that are damaged or missing (the one before stays on the screen) instead of
            raising.
        alpha: give the transparency of the pictures with them.

    Raises:
        MediaError: a picture is missing; while iterating: one cannot be read, or none lies between `start` and its end.
    """

    def __init__(
        self,
        info: SeriesInfo,
        *,
        start: Fraction | None = None,
        duration: Fraction | None = None,
        keep_going: bool = False,
        alpha: bool = False,
    ) -> None:
        super().__init__(info, start=start, duration=duration, keep_going=keep_going, alpha=alpha)
        self._series = info.series
        self._first_damaged = ""
        self._told: dict[str, tuple[str, int]] = {}
        self._resized = 0
        if self._series.missing and not keep_going:
            raise MediaError(
                f"{info.path}: {self._series.first_missing} is missing, {self._series.missing} in all; put them back, "
                "or let the picture before each stay on with ‹keep_going›"
            )

    def __iter__(self) -> Iterator[TimedFrame]:
        first, times = self._start or Fraction(0), self._series.times
        origin = self.info.origin
        wanted = [
            index
            for index, time in enumerate(times)
            if (self._start is None or time - origin >= first) and (self._end is None or time - origin < self._end)
        ]
        for index, picture in self._decoded(wanted):
            if self.frames == 0 and self._start is not None:
                self.offset = times[index]
            self.frames += 1
            yield self._timed(picture, index)
        if self.frames == 0:
            asked = f"from {float(first):g} s" + ("" if self._end is None else f" to {float(self._end):g} s")
            raise MediaError(
                f"{self.info.path}: no picture {asked}; the clip starts at 0 and lasts "
                f"{float(self.info.duration or 0):.2f} s: choose another ‹start› or ‹duration›"
            )
        self._conclude()

    def _decoded(self, wanted: list[int]) -> Iterator[tuple[int, Image]]:
        pool = ThreadPoolExecutor(_AHEAD, thread_name_prefix="limner-picture")
        pending: deque[tuple[int, Future[Image]]] = deque()
        left = iter(wanted)
        try:
            while True:
                while len(pending) < _AHEAD and (index := next(left, None)) is not None:
                    pending.append((index, pool.submit(read_image, self._series.files[index])))
                if not pending:
                    return
                index, future = pending.popleft()
                try:
                    picture = future.result()
                except MediaError as error:
                    if not self._keep_going:
                        raise MediaError(f"{error.args[0]}, or leave it out with ‹keep_going›") from None
                    self._first_damaged = self._first_damaged or self._series.files[index].name
                    self.damaged += 1
                    continue
                yield index, picture
                del picture, future
        finally:
            pool.shutdown(wait=True, cancel_futures=True)

    def _timed(self, picture: Image, index: int) -> TimedFrame:
        pixels, alpha = picture.pixels, picture.alpha if self._alpha else None
        whole = self.info.height, self.info.width
        if pixels.shape[:2] != whole:
            self._resized += 1
            pixels = fit_picture(pixels, whole, 1.0)
            alpha = None if alpha is None else fit_picture(alpha, whole, 1.0)
        self.transparent += alpha is not None
        for notice in picture.notices:
            what = notice.removeprefix(f"{picture.name}: ")
            first, count = self._told.get(what, (notice, 0))
            self._told[what] = first, count + 1
        return TimedFrame(pixels, self._series.times[index] - self.offset, self._series.lasts(index), alpha)

    def _conclude(self) -> None:
        """Notices of what was unusual: once for all pictures of which it is true."""
        series = self._series
        if series.missing:
            self.notices.append(
                f"Pictures missing, first {series.first_missing}: {series.missing}; the one before each stays on."
            )
        if self.damaged:
            self.notices.append(
                f"Damaged pictures left out, first {self._first_damaged}: {self.damaged}; the one before each stays on."
            )
        if self._resized:
            size = f"{self.info.width}x{self.info.height}"
            self.notices.append(f"Pictures of another size than the first, fitted into {size}: {self._resized}.")
        for first, count in self._told.values():
            self.notices.append(first if count == 1 else f"{first} (and so are {count - 1} others)")
