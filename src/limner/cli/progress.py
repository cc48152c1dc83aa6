"""A progress meter: a bar with rate and time left on a terminal, a plain line now and then elsewhere."""

from __future__ import annotations

import sys
import time
from types import TracebackType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

_PLAIN_EVERY_SECONDS = 15.0


class Meter:
    """Shows work on stderr, where it cannot mix with results on stdout.

    Args:
        title: what is being done.
        unit: what is counted.
        quiet: show nothing at all.
    """

    def __init__(self, title: str, unit: str, *, quiet: bool = False) -> None:
        self.title, self.unit, self.quiet = title, unit, quiet
        self._bar: Progress | None = None
        self._task: TaskID | None = None
        self._first: tuple[float, float] | None = None
        self._last_line = 0.0

    def __enter__(self) -> Meter:
        return self

    def update(self, done: float, total: float | None = None, *, note: str = "") -> None:
        """``done`` of ``total`` units are done; the total may be unknown."""
        if self.quiet:
            return
        now = time.monotonic()
        if self._first is None:
            self._first = (now, done)
        rate = (done - self._first[1]) / max(now - self._first[0], 1e-9)
        if sys.stderr.isatty():
            self._draw(done, total, f"{rate:.1f} {self.unit}/s  {note}")
        elif now - self._last_line >= _PLAIN_EVERY_SECONDS or (total is not None and done >= total):
            self._last_line = now
            left = f", {_clock((total - done) / rate)} left" if total is not None and rate > 0 else ""
            of = f" of {total:.0f}" if total is not None else ""
            print(f"{self.title}: {done:.0f}{of} {self.unit}, {rate:.1f}/s{left}  {note}".rstrip(), file=sys.stderr)

    def say(self, line: str) -> None:
        """Print a line without breaking the bar."""
        if self.quiet:
            return
        if self._bar is not None:
            self._bar.console.print(line, highlight=False, markup=False)
        else:
            print(line, file=sys.stderr)

    def _draw(self, done: float, total: float | None, note: str) -> None:
        if self._bar is None:
            from rich.console import Console
            from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

            self._bar = Progress(
                TextColumn("{task.description}"),
                BarColumn(),
                TextColumn("{task.percentage:>3.0f}%"),
                TimeRemainingColumn(),
                TextColumn("{task.fields[note]}"),
                console=Console(stderr=True),
            )
            self._bar.start()
            self._task = self._bar.add_task(self.title, total=total, note="")
        assert self._task is not None
        self._bar.update(self._task, completed=done, total=total, note=note)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.stop()


def _clock(seconds: float) -> str:
    minutes, seconds = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"
