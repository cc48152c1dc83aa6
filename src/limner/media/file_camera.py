"""A video file played as if it were a camera: at its own rate, whether anybody is ready for its frames or not."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path

from limner.errors import MediaError
from limner.fitting import fit_frame
from limner.frame import Frame, TimedFrame
from limner.media.color_conversion import SRGB, converter
from limner.media.video_info import probe_video
from limner.media.video_reader import VideoReader
from limner.threads import stage_threads


class FileCamera:
    """Frames of a file when they are due.

    Args:
        path: a video file.
        size: (width, height) to give instead of the file's own; what does not fit is cropped.
        rate: frames a second instead of the file's own times.
        loop: begin again at the end.
        paced: wait until each frame is due; otherwise frames come as fast as they are read.
        threads: of the decoder; None is `limner.threads.stage_threads`.

    Raises:
        MediaError: the file cannot be read as a video.
    """

    def __init__(
        self,
        path: str | Path,
        *,
        size: tuple[int, int] | None = None,
        rate: float | None = None,
        loop: bool = True,
        paced: bool = True,
        threads: int | None = None,
    ) -> None:
        self._info = probe_video(path)
        self.name = str(path)
        self.rate = float(rate or self._info.rate or 25)
        self.busy = 0.0
        self._size, self._own_times, self._loop, self._paced = size, rate is None, loop, paced
        self._to_srgb = converter(self._info.colors.points, SRGB)
        self._threads = threads or stage_threads()
        self._closed = threading.Event()
        self._frames = self._play()
        self._start: float | None = None

    def read(self) -> tuple[Frame, float] | None:
        began = time.monotonic()
        found = next(self._frames, None)
        if found is None:
            return None
        at, pixels = found
        if self._size is not None:
            pixels = fit_frame(pixels, (self._size[1], self._size[0]), "cover")
        now = time.monotonic()
        self.busy += now - began
        if not self._paced:
            return pixels, now
        if self._start is None:
            self._start = now - at
        due = self._start + at
        if due > now:
            self._closed.wait(due - now)
        elif (
            now - due > 1 / self.rate
        ):  # the disk or the processor is too slow: a camera of a lower rate, not a late one
            self._start += now - due
            due = now
        return pixels, due

    def close(self) -> None:
        self._closed.set()
        self._frames = iter(())

    def _play(self) -> Iterator[tuple[float, Frame]]:
        """(seconds since the first frame of the first turn, frame)."""
        step, begins, count = 1 / self.rate, 0.0, 0
        while True:
            first: float | None = None
            ends = begins
            for frame in VideoReader(self._info, keep_going=True, threads=self._threads):
                first = float(frame.time) if first is None else first
                at = begins + float(frame.time) - first if self._own_times else count * step
                ends = at + self._length(frame, step)
                count += 1
                yield at, frame.pixels if self._to_srgb is None else self._to_srgb(frame.pixels)
            if first is None:
                raise MediaError(f"{self.name}: holds no frame any more")
            if not self._loop:
                return
            begins = ends

    def _length(self, frame: TimedFrame, step: float) -> float:
        return float(frame.duration) if frame.duration and self._own_times else step
