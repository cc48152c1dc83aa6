"""A line that says how a stream is doing: on a terminal the same one each second, elsewhere one a minute."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING

from limner.frame import Frame

if TYPE_CHECKING:
    from limner.live.session import LiveSession
    from limner.live.source import LatestFrames
    from limner.live.status import Status
    from limner.streams.outlet import Outlet

_EVERY, _PLAIN_EVERY = 1.0, 60.0


class StatusLine:
    """Looks at a live session, see `limner.live.options.Viewer`, and writes to stderr."""

    def __init__(self, source: LatestFrames, outlet: Outlet) -> None:
        self._source, self._outlet = source, outlet
        self._terminal = sys.stderr.isatty()
        self._next = time.monotonic() + (_EVERY if self._terminal else _PLAIN_EVERY)
        self._status: Status | None = None
        self._drawn = False

    def show(self, pixels: Frame, status: Status | None) -> None:
        self._status = status

    def say(self, text: str) -> None:
        """What happens is told where it happens."""

    def poll(self, session: LiveSession) -> bool:
        now = time.monotonic()
        if now >= self._next:
            self._next = now + (_EVERY if self._terminal else _PLAIN_EVERY)
            text = self.text()
            print(f"\r\x1b[K{text}" if self._terminal else text, end="" if self._terminal else "\n", file=sys.stderr)
            sys.stderr.flush()
            self._drawn = self._terminal
        return False

    def close(self) -> None:
        if self._drawn:
            print(file=sys.stderr)

    def text(self) -> str:
        """The line of the moment."""
        source, outlet, status = self._source, self._outlet, self._status
        doing = ", waiting for the source" if status is None and source.state == "lost" else ""
        if status is not None:
            doing = f", {status.reading.fps:.1f}/s, delay {status.reading.delay:.0f} ms"
            doing += f", hidden: {status.hidden}" if status.hidden else ""
        lost = source.losses + sum(target.losses for target in outlet.targets)
        running = sum(target.state == "running" for target in outlet.targets)
        return (
            f"{source.frames + source.dropped} in, {source.dropped} dropped, {outlet.frames} out{doing}; "
            f"{running} of {len(outlet.targets)} targets, {lost} lost"
        )
