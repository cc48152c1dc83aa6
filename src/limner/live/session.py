"""A live run: camera, mattes, effect, and everything that takes the picture, until somebody stops it."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import cv2

from limner.effects.fail_closed import obliterate
from limner.frame import Frame, TimedFrame
from limner.live.controls import Controls
from limner.live.meter import Meter
from limner.live.panel import Panel, Status, card, chequered
from limner.live.recorder import Snapshots, opaque
from limner.live.recordings import Recordings
from limner.live.source import LatestFrames, State
from limner.live.stages import Attended, SwitchedEffect
from limner.media.virtual_camera import VirtualCamera
from limner.media.window import Closed, Event, Key, Pointer, Window
from limner.processing.pipeline import PipelineStats, Stopped, run_pipeline
from limner.segment.privacy.guard import PrivacyGuard, Watchdog

IN_FLIGHT = 3
"""Frames between camera and window: one with the net, one with its edges and one with the effect."""

_PATIENCE = 2.0
_UNWATCHED = 3.0
"""Seconds without anybody watching after which the camera is let go."""
_REPEAT = 0.5
"""Seconds between two sends of a picture that stands still to a virtual camera."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveOptions:
    """
    Attributes:
        seconds, frames: end after so much; None goes on.
        stall: seconds without a finished frame after which the picture is hidden.
        mirror: show the window as a mirror does; recordings and the virtual camera are never mirrored.
        overlay: begin with figures and sliders on the picture.
        folder: where snapshots and recordings by key go.
        always: process although nobody watches the virtual camera.
    """

    seconds: float | None = None
    frames: int | None = None
    stall: float = 1.0
    mirror: bool = False
    overlay: bool = True
    folder: Path = Path()
    always: bool = False


@dataclass(slots=True)
class LiveResult:
    """What a run did; delays are milliseconds from the camera to the window."""

    frames: int = 0
    seconds: float = 0.0
    dropped: int = 0
    losses: int = 0
    delay_median: float = 0.0
    delay_p95: float = 0.0
    milliseconds: dict[str, float] = field(default_factory=dict)
    hidden: Counter[str] = field(default_factory=Counter)
    files: list[str] = field(default_factory=list)
    skipped: int = 0

    @property
    def fps(self) -> float:
        return self.frames / self.seconds if self.seconds > 0 else 0.0


class LiveSession:
    """Runs until the window is closed, `stop` is called, a limit is reached or a file that does not loop ends.

    Nothing of a frame is shown before its own matte is there and trusted. A camera that is lost, or a stage that
    hangs, hides the picture until frames come again.

    Args:
        source: the camera; the session stops it at the end.
        mattes: gives the mattes: `guard` itself, or something around it.
        controls: what keys change.
        guard: what makes the mattes fail closed; None shows what cannot be trusted, too.
        window, virtual: where the picture goes; either may be missing.
        record: a file that the whole run is recorded to.
        pick: called with the pixel (x, y) of the frame that was clicked, between two frames.
        release: called between two frames when nobody is to be picked any more.
    """

    def __init__(
        self,
        source: LatestFrames,
        mattes: Any,
        controls: Controls,
        *,
        guard: PrivacyGuard | None = None,
        window: Window | None = None,
        virtual: VirtualCamera | None = None,
        record: Path | None = None,
        pick: Callable[[float, float], None] | None = None,
        release: Callable[[], None] | None = None,
        options: LiveOptions | None = None,
    ) -> None:
        self.options = options or LiveOptions()
        self.controls, self.meter = controls, Meter()
        self.panel = Panel(controls, visible=self.options.overlay)
        self._source, self._guard, self._window, self._virtual = source, guard, window, virtual
        self._mattes, self._effect = Attended(mattes), SwitchedEffect(controls.effect())
        self._pick, self._release = pick, release
        self._watchdog = Watchdog(self.options.stall)
        self._stats = PipelineStats()
        self._snapshots = Snapshots(self.options.folder, self.panel.say)
        alpha = record is not None and controls.effect().has_alpha
        self._recordings = Recordings(
            self.options.folder, rate=source.rate, say=self.panel.say, asked=record, alpha=alpha
        )
        self._result = LiveResult()
        self._last: Frame | None = None
        self._stopping: float | None = None
        self._until: float | None = None
        self._paused = self._covered = False
        self._words = ""
        self._state: State = "running"
        self._sent = self._watched_at = time.monotonic()

    def stop(self) -> None:
        """Ends the run soon; recordings are finished. Any thread and any signal handler may call this."""
        if self._stopping is None:
            self._stopping = time.monotonic()

    def run(self) -> LiveResult:
        """
        Raises:
            LimnerError: the recording that was asked for, or the virtual camera, could not be written.
        """
        began = time.monotonic()
        self._until = None if self.options.seconds is None else began + self.options.seconds
        self._watchdog.fed()
        self._source.dropped = 0  # those while the model was loaded were nobody's
        try:
            run_pipeline(
                self._source,
                segment=self._mattes,
                effect=self._effect,
                sink=self._sink,
                depth=1,
                in_flight=IN_FLIGHT + self._mattes.delay,
                idle=self._idle,
                patience=_PATIENCE,
                stats=self._stats,
            )
            self._result.seconds = time.monotonic() - began
        except KeyboardInterrupt:
            self._recordings.abandon()
            if self._recordings.error is not None:  # it says what is left of the recording
                raise self._recordings.error from None
            raise
        finally:
            self._let_go()
        if self._recordings.error is not None:
            raise self._recordings.error
        return self._summary()

    # ------------------------------------------------------------------ a frame

    def _sink(self, frame: TimedFrame) -> None:
        """A finished frame: to everybody who takes pictures."""
        if self._guard is not None and self._watchdog.stalled and self.meter.frames:
            self._mattes.soon(self._guard.distrust)  # it was late by more than a stall: good frames are waited for
        self._watchdog.came(more=True)
        self._covered = False
        if self._paused:
            return
        self._last = frame.pixels
        self._recordings.write(frame)
        self._send(frame.pixels)
        self._show()
        busy = self._stats.spent
        stages = {"decode": self._source.busy, "show": busy["encode"]}
        stages |= {"segment": busy["segment"], "compose": busy["compose"]}
        self.meter.shown(time.monotonic() - self._source.epoch - float(frame.time), stages)
        if self.options.frames is not None and self.meter.frames >= self.options.frames:
            self.stop()
        self._poll()

    def _show(self) -> None:
        """The last picture, with the overlay, in the window."""
        if self._window is None or self._last is None:
            return
        picture = chequered(self._last)
        if self.options.mirror:
            picture = cv2.flip(picture, 1).astype(picture.dtype, copy=False)
        self._window.show(picture, self.panel.painter(self._status()))

    def _status(self) -> Status:
        fault = self._effect.fault
        return Status(
            self.meter.last,
            self._source.dropped,
            hidden=f"{self._effect.chosen.name}: {fault}" if fault else self._reason,
            recording=self._recordings.seconds,
            paused=self._paused,
            extra="" if self._virtual is None else f"to {self._virtual.name}",
        )

    @property
    def _reason(self) -> str:
        return "" if self._guard is None else self._guard.reason or ""

    def _send(self, pixels: Frame) -> None:
        if self._virtual is not None:
            self._virtual.send(opaque(pixels))
            self._sent = time.monotonic()

    # ------------------------------------------------------------------ between frames

    def _idle(self) -> None:
        """No frame came for a moment: is the camera gone, does a stage hang, does anybody watch?"""
        self._poll()
        if self._stopping is not None and time.monotonic() - self._stopping > _PATIENCE:
            raise Stopped
        if self._paused:
            self._watchdog.came(more=True)
        elif self._source.state in ("lost", "suspended"):
            words = {"lost": "waiting for the camera", "suspended": "nobody is watching"}[self._source.state]
            self._cover(words)
        elif self._watchdog.stalled:
            self._cover("hidden: no frame came in time")
        if self._virtual is not None and self._last is not None and time.monotonic() - self._sent > _REPEAT:
            self._send(self._last)

    def _cover(self, words: str) -> None:
        """Puts a card that shows nothing in the place of the picture, once."""
        if self._covered and words == self._words:
            return
        self._covered, self._words = True, words
        size = (720, 1280) if self._last is None else (self._last.shape[0], self._last.shape[1])
        behind = None if self._last is None else obliterate(opaque(self._last))
        self._last = card(size, words, behind)
        self._mattes.soon(self._mattes.reset)
        self._send(self._last)
        if self._window is not None:
            self._window.show(self._last)

    def _poll(self) -> None:
        """Keys, clicks, limits, and what happened in other threads."""
        if self._until is not None and time.monotonic() >= self._until:
            self.stop()
        if self._source.state != self._state:
            self._state = self._source.state
            self.panel.say({"lost": self._source.fault, "running": "the camera is back"}.get(self._state, ""))
        events = [] if self._window is None else self._window.events()
        for event in events:
            self._handle(event)
        self._effect.choose(self.controls.effect())
        if events and (self._paused or self._covered) and self._stopping is None:
            self._show()
        self._recordings.watch()
        self._watch_watchers()
        if self._stopping is not None:
            self._source.stop()

    def _handle(self, event: Event) -> None:
        if isinstance(event, Closed):
            self.stop()
        elif isinstance(event, Key):
            self._press(event.name)
        elif isinstance(event, Pointer):
            if event.kind == "drag":
                self.panel.drag(event.x)
            elif event.kind == "up":
                self.panel.release()
            elif not self.panel.press(event.x, event.y):
                self._point(event.x, event.y)

    def _press(self, key: str) -> None:
        if key in ("q", "escape"):
            self.stop()
        elif key == "p":
            self._paused = not self._paused
            self._source.pause(self._paused)
        elif key == "space":
            if self._last is not None and not self._covered:
                self._snapshots.take(self._last)
        elif key == "v":
            self._recordings.toggle()
        elif key == "a" and self._release is not None:
            self._mattes.soon(self._release)
            self.panel.say("nobody is picked any more")
        elif key in ("o", "tab"):
            self.panel.visible = not self.panel.visible
        elif self.controls.press(key):
            self.panel.say(self.controls.message)

    def _point(self, x: int, y: int) -> None:
        pick = self._pick
        if pick is None:
            return
        if self.options.mirror and self._last is not None:
            x = self._last.shape[1] - 1 - x
        self._mattes.soon(lambda: pick(x, y))
        self.panel.say("following who was clicked")

    # ------------------------------------------------------------------ ends

    def _watch_watchers(self) -> None:
        """Lets the camera go while nobody watches the virtual one, where that can be known and nobody else looks."""
        if self._virtual is None:
            return
        now = time.monotonic()
        alone = self._window is None and self._recordings.seconds is None and not self.options.always
        if not alone or self._virtual.watched() is not False:
            self._watched_at = now
        self._source.suspend(now - self._watched_at > _UNWATCHED)

    def _let_go(self) -> None:
        self._source.stop()
        self._recordings.finish()
        self._snapshots.close()
        if self._virtual is not None:
            self._virtual.close()
        if self._window is not None:
            self._window.close()

    def _summary(self) -> LiveResult:
        result, busy = self._result, self._stats.spent
        result.files, result.skipped = self._recordings.files, self._recordings.skipped
        result.frames, result.dropped, result.losses = self.meter.frames, self._source.dropped, self._source.losses
        result.delay_median, result.delay_p95 = self.meter.delay_ms(0.5), self.meter.delay_ms(0.95)
        each = 1000 / max(1, result.frames)
        spent = {"decode": self._source.busy, "segment": busy["segment"], "compose": busy["compose"]}
        result.milliseconds = {stage: seconds * each for stage, seconds in (spent | {"show": busy["encode"]}).items()}
        result.hidden = Counter() if self._guard is None else self._guard.hidden
        return result
