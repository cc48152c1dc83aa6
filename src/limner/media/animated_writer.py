"""Moving pictures out: GIF, PNG (APNG), WebP and AVIF, whole or not at all, read again before they get their name."""

from __future__ import annotations

import shutil
from collections import deque
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np

from limner.errors import MediaError
from limner.frame import Frame, TimedFrame
from limner.media.animated_avif import Avif
from limner.media.animated_containers import Container, Gif, Png, Webp
from limner.media.animated_reader import AnimatedInfo
from limner.media.animated_timing import read_timing
from limner.media.clips import ClipReader
from limner.media.color_conversion import SRGB, converter
from limner.media.image import reason
from limner.media.video_files import aside, check_target
from limner.media.video_formats import OutputFormat
from limner.media.video_info import probe_video
from limner.media.video_reader import VideoReader
from limner.media.video_streams import CarriedStream
from limner.whole_file import cannot_write

_WORKERS = 2
_CONTAINERS: Mapping[str, Callable[[], Container]] = {"gif": Gif, "apng": Png, "webp": Webp, "avif": Avif}


class AnimatedWriter:
    """Writes moving pictures. Same use as `VideoWriter`: nothing is left unless `finish` came to its end.

    Args:
        target: the result.
        output: which of the formats, and whether it has alpha.
        like: the reader the frames come from. Of moving pictures it says how often they play; else it is for ever.

    Raises:
        MediaError: the target cannot be written, a side is too long for the format, or the check of the result failed.
    """

    def __init__(self, target: Path, output: OutputFormat, like: ClipReader) -> None:
        info = like.info
        check_target(target, info.path)
        self.width, self.height, self.frames = info.width, info.height, 0
        most = output.codec.most
        if most is not None and max(self.width, self.height) > most:
            raise MediaError(
                f"{target}: {output.codec.name} pictures have at most {most} pixels a side, and these are "
                f"{self.width}x{self.height}; use .apng, .mkv with ffv1, or pictures such as out/frame_%06d.png"
            )
        self.notices: list[str] = (
            [f"{output.codec.name} has no sound and no subtitles."] if like.info.stream_index >= 0 else []
        )
        self.carried: list[CarriedStream] = []
        if info.colors.is_hdr or info.bits > 8:
            self.notices.append(f"It has {info.bits} bits a channel; the result has 8 and is sRGB.")
        if output.codec.name == "gif":
            many = " and no half transparency" if output.alpha else ""
            self.notices.append(f"GIF has 255 colours a picture{many}; .webp, .apng and .avif have all of them.")
        self._to_srgb = converter(info.colors.points, SRGB)
        self._target, self._output, self._usual = target.resolve(), output, 1 / (info.rate or Fraction(25))
        self._plays = info.plays if isinstance(info, AnimatedInfo) else 0
        self._container = _CONTAINERS[output.codec.name]()
        self._path, self._file = aside(self._target), None
        self._pool = ThreadPoolExecutor(_WORKERS, thread_name_prefix="limner-still")
        self._pending: deque[tuple[Future[bytes], Fraction]] = deque()
        self._times: list[Fraction] = []
        self._ends = Fraction(0)
        self._reached = Fraction(0)
        try:
            self._file = self._path.open("xb")
            self._container.begin(self._file, (self.width, self.height), alpha=output.alpha, plays=self._plays)
        except OSError as error:
            self._give_up()
            raise cannot_write(target, error, "nothing was kept") from error

    def write(self, frame: TimedFrame) -> None:
        """Queues a frame, RGB or RGBA uint8; waits where both workers are busy."""
        self._times.append(frame.time)
        self._ends = frame.time + (frame.duration or self._usual)
        self.frames += 1
        self._pending.append((self._pool.submit(self._encoded, frame.pixels), frame.time))
        while len(self._pending) > _WORKERS + 1:
            self._put(until=self._pending[1][1])

    def finish(self) -> None:
        """Writes what is still under way, reads the file again to check it, and gives it its name."""
        while self._pending:
            self._put(until=self._pending[1][1] if len(self._pending) > 1 else self._ends)
        assert self._file is not None
        try:
            self._container.end()
            self._file.close()
            self._check()
            self._path.replace(self._target)
        except OSError as error:
            raise cannot_write(self._target, error, "nothing was kept") from error

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._give_up()

    def _encoded(self, pixels: Frame) -> bytes:
        if self._to_srgb is not None:
            pixels = np.dstack([self._to_srgb(np.ascontiguousarray(pixels[..., :3])), pixels[..., 3:]])
        try:
            return self._container.encode(np.ascontiguousarray(pixels))
        except Exception as error:  # each encoder has errors of its own
            raise MediaError(
                f"{self._target}: a picture could not be encoded ({reason(error)}); nothing was kept"
            ) from None

    def _put(self, *, until: Fraction) -> None:
        """The first picture that waits, which is shown until a time.

        Formats that count in coarse ticks get whole ones, so chosen that what is lost does not add up.
        """
        encoded, _ = self._pending.popleft()
        ticks = self._container.ticks
        ends = Fraction(round((until - self._times[0]) * ticks), ticks) if ticks else until - self._times[0]
        shown = max(ends - self._reached, Fraction(1, ticks) if ticks else Fraction(0))
        self._reached += shown
        try:
            self._container.add(encoded.result(), shown)
        except OSError as error:
            raise cannot_write(self._target, error, "nothing was kept") from error

    def _check(self) -> None:
        """The number of pictures and the times, as the file says them now."""
        if self._output.codec.name == "avif":
            found = [frame.time for frame in VideoReader(probe_video(self._path))]
            ends: list[Fraction] = [*found[1:], self._reached]
        else:
            timing = read_timing(self._path)
            shown = timing.durations if timing is not None else (self._reached,)
            ends = [sum(shown[: index + 1], Fraction(0)) for index in range(len(shown))]
        if len(ends) != self.frames:
            raise MediaError(
                f"{self._target}: {self.frames} frames went in, but {len(ends)} are in the file; nothing was kept"
            )
        if abs(ends[-1] - self._reached) > Fraction(1, 1000):
            raise MediaError(
                f"{self._target}: it lasts {float(ends[-1]):.3f} s, not {float(self._reached):.3f} s; nothing was kept"
            )

    def _give_up(self) -> None:
        self._pool.shutdown(wait=True, cancel_futures=True)
        if self._file is not None:
            self._file.close()
        self._path.unlink(missing_ok=True)
        if isinstance(self._container, Avif):
            shutil.rmtree(self._container.folder, ignore_errors=True)
