"""Lines of JSON: what was seen in each frame of each stream, for programs."""

from __future__ import annotations

import json
import queue
import sys
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, TextIO

import cv2
import numpy as np

from limner.matte import Matte
from limner.multistream.checks import STDOUT

_WAITING = 1000
"""Lines that may wait for a slow disk or reader; further ones are dropped and counted."""


def facts(stream: str, number: int, seconds: float, wall: float, matte: Matte) -> dict[str, Any]:
    """One line.

    Args:
        number: of the frame, from 1.
        seconds: since the stream's first connection.
        wall: seconds since 1970 at which the frame was taken.

    Returns:
        ``stream``, ``frame``, ``time`` (seconds), ``at`` (ISO 8601, UTC), ``size`` [width, height], ``person`` (share
        of the frame's area, 0 to 1), ``box`` [left, top, width, height] in pixels around all that is more person than
        not, None without any, ``confidence`` (0 to 1) and ``hidden``: the frame cannot be trusted, and person and box
        are None.
    """
    height, width = matte.size
    return {
        "stream": stream,
        "frame": number,
        "time": round(seconds, 3),
        "at": datetime.fromtimestamp(wall, UTC).isoformat(timespec="milliseconds"),
        "size": [width, height],
        "person": None if matte.hidden else round(matte.coverage, 4),
        "box": None if matte.hidden else box(matte),
        "confidence": round(matte.confidence, 3),
        "hidden": matte.hidden,
    }


def box(matte: Matte) -> list[int] | None:
    """[left, top, width, height] in pixels around alpha above 0.5; None where there is none."""
    left, top, width, height = cv2.boundingRect((matte.alpha > 0.5).astype(np.uint8))
    return [left, top, width, height] if width else None


class Lines:
    """A file, or stdout, that several streams write lines to; a thread writes them, so that nobody waits.

    Args:
        path: is added to where it is there; "-" is stdout.
        tell: told once why nothing more can be written.

    Attributes:
        dropped: lines that came faster than they could be written.
    """

    def __init__(self, path: str, tell: Callable[[str], None]) -> None:
        self.path, self._tell, self.dropped = path, tell, 0
        self._queue: queue.Queue[str | None] = queue.Queue(_WAITING)
        self._thread = threading.Thread(target=self._work, name="limner-lines", daemon=True)
        self._thread.start()

    def write(self, line: dict[str, Any]) -> None:
        """Takes a line; never waits."""
        try:
            self._queue.put_nowait(json.dumps(line))
        except queue.Full:
            self.dropped += 1

    def close(self) -> None:
        """Writes what waits, for two seconds at most."""
        try:
            self._queue.put(None, timeout=1.0)
        except queue.Full:
            return
        self._thread.join(2.0)

    def _work(self) -> None:
        stdout = self.path == STDOUT
        try:
            if stdout:
                self._write(sys.stdout)
            else:
                with open(self.path, "a", encoding="utf-8") as file:  # noqa: PTH123 - a path of the user's as it is
                    self._write(file)
        except (OSError, ValueError) as error:
            what = getattr(error, "strerror", None) or error
            self._tell(f"{'stdout' if stdout else self.path}: cannot be written: {what}; no more lines go there")
            while self._queue.get() is not None:
                self.dropped += 1

    def _write(self, file: TextIO) -> None:
        while (line := self._queue.get()) is not None:
            file.write(line + "\n")
            if self._queue.empty():
                file.flush()
