"""The recordings of a live run: one that was asked for, and those that a key begins and ends."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from limner.errors import LimnerError
from limner.frame import TimedFrame
from limner.live.recorder import Recorder, free_name


class Recordings:
    """At most one recording takes frames; others may still be finishing their files.

    Args:
        folder: where those go that a key begins.
        rate: frames a second that are expected.
        say: told what became of each.
        asked: a file that everything is recorded to, from now on.
        alpha: that one keeps transparency.

    Attributes:
        files: those that are whole, in order.
        skipped: frames that were left out because an encoder was behind.
        error: why the recording that was asked for failed, once it has, or what is left of one that was abandoned.

    Raises:
        LimnerError: the file that was asked for cannot be written.
    """

    def __init__(
        self, folder: Path, *, rate: float, say: Callable[[str], None], asked: Path | None, alpha: bool
    ) -> None:
        self._folder, self._rate, self._say = folder, rate, say
        self._asked = None if asked is None else Recorder(asked, rate=rate, alpha=alpha)
        self._active = self._asked
        self._finishing: list[Recorder] = []
        self.files: list[str] = []
        self.skipped = 0
        self.error: LimnerError | None = None

    @property
    def seconds(self) -> float | None:
        """How long the one at work has been; None where none is."""
        return None if self._active is None else time.monotonic() - self._active.began

    def write(self, frame: TimedFrame) -> None:
        """Takes a frame that nobody changes afterwards; never waits."""
        if self._active is not None:
            self._active.write(frame)

    def toggle(self) -> None:
        """Ends the recording at work, or begins a new one."""
        if self._active is not None:
            self._end()
            return
        try:
            self._active = Recorder(free_name(self._folder, ".mp4"), rate=self._rate)
        except LimnerError as error:
            self._say(str(error))

    def watch(self) -> None:
        """Says what became of recordings that ended, by themselves or by `toggle`."""
        if self._active is not None and self._active.ended:
            self._end()
        for recorder in [item for item in self._finishing if item.ended]:
            self._finishing.remove(recorder)
            self._ended(recorder)

    def finish(self) -> None:
        """Ends the recording at work and waits for all files."""
        self._end()
        try:
            for recorder in self._finishing:
                recorder.wait()
                self._ended(recorder)
        except KeyboardInterrupt:
            self.abandon()
            raise
        self._finishing.clear()

    def abandon(self) -> None:
        """Ends all of them at once; what they have written stays, and `error` says where."""
        for recorder in [self._active, *self._finishing]:
            if recorder is not None:
                recorder.abandon()
                self.error = recorder.error or self.error
        self._active = None
        self._finishing.clear()

    def _end(self) -> None:
        if self._active is not None:
            self._active.close()
            self._finishing.append(self._active)
            self._active = None

    def _ended(self, recorder: Recorder) -> None:
        self.skipped += recorder.skipped
        if recorder.error is not None:
            self._say(str(recorder.error))
            self.error = recorder.error if recorder is self._asked else self.error
        elif recorder.frames:
            self.files.append(str(recorder.target))
            self._say(f"saved {recorder.target}")
