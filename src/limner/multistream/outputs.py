"""Where one stream's results go: targets, tile, lines. They stay while its source and its effect change."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from fractions import Fraction
from typing import Any

from limner.frame import Frame, TimedFrame
from limner.live.drawing import card
from limner.multistream.facts import Lines
from limner.multistream.rtsp import Mounted
from limner.multistream.wall import Wall
from limner.streams.address import Address
from limner.streams.decoding import Samples
from limner.streams.outlet import Outlet
from limner.streams.target import State, Target

_CARDS = 1.0
"""Seconds between two pictures that say that the source is away: they keep a connection alive and cost nothing."""
_CLOSING = 5.0


class Outputs:
    """Times are on `time.monotonic`'s clock. Any thread may call anything.

    Args:
        name: of the stream.
        tell: told when a target is lost, or there again.
    """

    def __init__(self, name: str, tell: Callable[[str], None]) -> None:
        self.name, self._tell = name, tell
        self._lock = threading.Lock()
        self._targets: tuple[Address, ...] = ()
        self._mounted: Mounted | None = None
        self._outlet: Outlet | None = None
        self._epoch = self._shown = 0.0
        self._size: tuple[int, int] | None = None
        self._wall: Wall | None = None
        self._lines: Lines | None = None
        self._gone: list[Target] = []
        self._told: dict[str, str] = {}
        self._closed = False

    def connect(
        self,
        targets: tuple[Address, ...],
        mounted: Mounted | None = None,
        *,
        wall: Wall | None = None,
        lines: Lines | None = None,
    ) -> None:
        """Where everything goes from now on; what goes on is not disturbed. ``mounted`` is the stream of a server."""
        with self._lock:
            self._wall, self._lines = wall, lines
            self._targets, self._mounted = targets, mounted
            outlet = self._outlet
        if outlet is None:
            return
        known = {target.address.text for target in outlet.targets}
        whip = any(target.address.kind == "whip" for target in outlet.targets)
        fits = [item for item in targets if item.kind != "whip" or whip or item.text in known]
        for item in targets:
            if item not in fits:
                self._tell(f"{self.name}: {item.shown}: WHIP takes another encoding; it begins at the next start")
        self._gone += outlet.send_to(fits, [] if mounted is None else [mounted])

    @property
    def wants_lines(self) -> bool:
        """Whether somebody reads them."""
        return self._lines is not None

    def picture(self, pixels: Frame, moment: float, *, rate: float, sound: bool = False) -> None:
        """A finished picture, RGB or RGBA uint8, and when it was taken.

        Args:
            rate: pictures a second that are expected.
            sound: its source has sound.
        """
        with self._lock:
            if self._closed:
                return
            self._size, self._shown = (pixels.shape[0], pixels.shape[1]), time.monotonic()
            if self._outlet is None and (self._targets or self._mounted):
                self._outlet = Outlet(
                    self._targets, sinks=[self._mounted] if self._mounted else [], rate=max(1.0, rate), sound=sound,
                    on_change=self._changed,
                )  # fmt: skip
                self._epoch = moment
            outlet, wall = self._outlet, self._wall
        if wall is not None:
            wall.show(self.name, pixels)
        if outlet is not None and moment >= self._epoch:
            outlet.write(TimedFrame(pixels, _seconds(moment - self._epoch)))

    def hear(self, samples: Samples, moment: float) -> None:
        """Sound, float32 (2, N) at 48 kHz, and when its first sample was heard."""
        outlet = self._outlet
        if outlet is not None and moment >= self._epoch:
            outlet.hear(samples, moment - self._epoch)

    def line(self, line: dict[str, Any]) -> None:
        """What was seen in a frame."""
        if self._lines is not None and not self._closed:
            self._lines.write(line)

    def away(self, words: str) -> None:
        """The source is lost: a card in place of its picture. To be called now and then while it is."""
        wall, size, now = self._wall, self._size, time.monotonic()
        if wall is not None:
            wall.cover(self.name, words)
        if size is not None and self._outlet is not None and now - self._shown >= _CARDS:
            self._shown = now
            self._outlet.write(TimedFrame(card(size, f"{self.name}: {words}"), _seconds(now - self._epoch)))

    def check(self) -> None:
        """Ends senders that hang. To be called now and then."""
        if self._outlet is not None:
            self._outlet.check()

    def summary(self) -> dict[str, Any]:
        """Target -> pictures sent and dropped, and how often it was lost."""
        found: dict[str, Any] = {}
        for target in self._gone + ([] if self._outlet is None else self._outlet.targets):
            found[target.address.shown] = {"sent": target.sent, "dropped": target.dropped, "lost": target.losses}
        if self._mounted is not None:
            found[self._mounted.url] = {"sent": self._mounted.sent, "dropped": self._mounted.dropped}
        return found

    def close(self) -> None:
        """Finishes files and lets every target go."""
        with self._lock:
            self._closed = True
            outlet = self._outlet
        if outlet is not None:
            outlet.close(_CLOSING)

    def _changed(self, target: Target, state: State, fault: str) -> None:
        before = self._told.get(target.address.text)
        if fault and state in ("lost", "ended"):
            self._told[target.address.text] = fault
            if fault != before:
                self._tell(f"{self.name}: {fault}" + ("; trying again" if state == "lost" else ""))
        elif state == "running" and before:
            del self._told[target.address.text]
            self._tell(f"{self.name}: {target.address.shown} takes it now")


def _seconds(value: float) -> Fraction:
    return Fraction(round(1e6 * value), 1_000_000)
