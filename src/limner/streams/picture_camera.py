"""Numbered pictures as a source: each when it is due, or all as fast as they are read."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

from limner.frame import Frame, over
from limner.media.picture_reader import PictureReader, probe_pictures
from limner.media.picture_series import find_pictures

_OVER_BLACK = "Live video has no transparency: what can be seen through stands before black."


class PictureCamera:
    """Pictures of a folder, with their moments. One that is missing or damaged leaves the one before it standing.

    Args:
        source: a folder of numbered pictures, or their name such as shots/shot_%04d.png.
        fps: frames a second; None takes the times of the `timestamps.txt` beside them.
        paced: wait until each is due; otherwise they come as fast as they are read.
        loop: begin again at the end.

    Attributes:
        name, rate, busy: see `limner.media.camera.Camera`.
        size: (width, height) of the first picture.
        sound: never.
        notices: what was unusual about the pictures, in sentences; some are known at the end only.

    Raises:
        MediaError: there are none, or the first cannot be read.
        OptionError: nothing says when they are shown.
    """

    sound = False

    def __init__(
        self, source: str | Path, *, fps: Fraction | None = None, paced: bool = True, loop: bool = False
    ) -> None:
        self._info = probe_pictures(find_pictures(Path(source), fps))
        self.name, self.busy = str(source), 0.0
        self.rate = float(self._info.rate or 25)
        self.size = self._info.width, self._info.height
        self.notices: list[str] = list(self._info.notices)
        self._paced, self._loop = paced, loop
        self._closed = threading.Event()
        self._start = time.monotonic()
        self._pictures = self._play()

    def read(self) -> tuple[Frame, float] | None:
        """See `limner.media.camera.Camera`."""
        began = time.monotonic()
        found = None if self._closed.is_set() else next(self._pictures, None)
        if found is None:
            return None
        pixels, at = found
        now = time.monotonic()
        self.busy += now - began
        due = self._start + at
        if self._paced and due > now:
            self._closed.wait(due - now)
        elif self._paced and now - due > 1 / self.rate:  # the disk is too slow: a lower rate, no growing delay
            self._start += now - due
            due = now
        return pixels, due

    def close(self) -> None:
        """No more pictures."""
        self._closed.set()
        self._pictures = iter(())

    def _play(self) -> Iterator[tuple[Frame, float]]:
        """(picture, seconds since the first of the first turn)."""
        begins = Fraction(0)
        while True:
            reader = PictureReader(self._info, keep_going=True, alpha=True)
            first: Fraction | None = None
            ends = begins
            for frame in reader:
                first = frame.time if first is None else first
                at = begins + frame.time - first
                ends = at + (frame.duration or Fraction(self.rate) ** -1)
                yield frame.pixels if frame.alpha is None else over(frame.pixels, frame.alpha), float(at)
            told = [*reader.notices, *([_OVER_BLACK] if reader.transparent else [])]
            self.notices += [notice for notice in told if notice not in self.notices]
            if not self._loop:
                return
            begins = ends
