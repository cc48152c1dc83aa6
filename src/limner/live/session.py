"""A live run: camera, mattes, effect, and everything that takes the picture, until somebody stops it."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

from limner.checking import checked
from limner.effects.base import Effect
from limner.effects.fail_closed import obliterate
from limner.frame import Frame, TimedFrame
from limner.live.drawing import card
from limner.live.meter import Meter
from limner.live.options import LiveOptions as LiveOptions
from limner.live.options import LiveResult as LiveResult
from limner.live.options import Outlet as Outlet
from limner.live.options import Viewer as Viewer
from limner.live.recorder import Snapshots, opaque
from limner.live.recordings import Recordings
from limner.live.source import LatestFrames, State
from limner.live.stages import Attended, SwitchedEffect
from limner.live.status import Status
from limner.media.virtual_camera import VirtualCamera
from limner.processing.pipeline import PipelineStats, Stopped, run_pipeline
from limner.segment.base import MatteSource
from limner.segment.privacy.guard import PrivacyGuard, Watchdog
from limner.threads import opencv_threads, stage_threads

IN_FLIGHT = 3
"""Frames between camera and window: one with the net, one with its edges and one with the effect."""

_PATIENCE = 2.0
_UNWATCHED = 3.0
"""Seconds without anybody watching after which the camera is let go."""
_REPEAT = 0.5
"""Seconds between two sends of a picture that stands still to a virtual camera."""


class LiveSession:
    """Runs until `stop` is called, a limit is reached or a file that does not loop ends.

    Nothing of a frame is shown before its own matte is there and trusted. A camera that is lost, or a stage that
    hangs, hides the picture until frames come again.

    Args:
        source: the camera; the session stops it at the end.
        mattes: gives the mattes: `guard` itself, or something around it.
        effect: what becomes of the picture until `choose` says otherwise.
        guard: what makes the mattes fail closed; None shows what cannot be trusted, too.
        viewer: who looks; see `limner.live.window.desk.Desk`.
        virtual: a camera for other programs.
        outlet: gets every picture with its time, and cards from the first picture on; the session closes it.
        record: a file that the whole run is recorded to.
        pick: called with the pixel (x, y) of the frame of who is to stay, between two frames.
        release: called between two frames when nobody is to be picked any more.
    """

    @checked
    def __init__(
        self,
        source: LatestFrames,
        mattes: MatteSource,
        effect: Effect,
        *,
        guard: PrivacyGuard | None = None,
        viewer: Viewer | None = None,
        virtual: VirtualCamera | None = None,
        outlet: Outlet | None = None,
        record: Path | None = None,
        pick: Callable[[float, float], None] | None = None,
        release: Callable[[], None] | None = None,
        options: LiveOptions | None = None,
    ) -> None:
        self.options, self.meter = options or LiveOptions(), Meter()
        self._source, self._guard, self._viewer, self._virtual = source, guard, viewer, virtual
        self._mattes, self._effect = Attended(mattes), SwitchedEffect(effect)
        self._pick, self._release, self._outlet = pick, release, outlet
        self._watchdog = Watchdog(self.options.stall)
        self._stats = PipelineStats()
        self._snapshots = Snapshots(self.options.folder, self._say)
        alpha = record is not None and effect.has_alpha
        self._recordings = Recordings(self.options.folder, rate=source.rate, say=self._say, asked=record, alpha=alpha)
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

    def choose(self, effect: Effect) -> None:
        """The effect from the next frame on. Any thread may call this."""
        self._effect.choose(effect)

    def pause(self, on: bool | None = None) -> None:
        """Holds the picture, or goes on; by default the other of the two. For the session's own thread."""
        self._paused = not self._paused if on is None else on
        self._source.pause(self._paused)

    def snapshot(self) -> None:
        """Keeps the picture of the moment in the folder. For the session's own thread."""
        if self._last is not None and not self._covered:
            self._snapshots.take(self._last)

    def toggle_recording(self) -> None:
        """Begins a recording in the folder, or ends it. For the session's own thread."""
        self._recordings.toggle()

    def pick(self, x: float, y: float) -> None:
        """Keeps only who is at that pixel of the frame. Any thread may call this."""
        pick = self._pick
        if pick is not None:
            self._mattes.soon(lambda: pick(x, y))
            self._say("following who was clicked")

    def release(self) -> None:
        """Keeps everybody again who is kept by the options. Any thread may call this."""
        if self._release is not None:
            self._mattes.soon(self._release)
            self._say("nobody is picked any more")

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
            with opencv_threads(self.options.threads or stage_threads()):
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
        if self._outlet is not None:
            self._outlet.write(frame)
        self._send(frame.pixels)
        self._show()
        busy = self._stats.spent
        stages = {"decode": self._source.busy, "show": busy["encode"]}
        stages |= {"segment": busy["segment"], "effect": busy["effect"]}
        self.meter.shown(time.monotonic() - self._source.epoch - float(frame.time), stages)
        if self.options.frames is not None and self.meter.frames >= self.options.frames:
            self.stop()
        self._poll()

    def _show(self) -> None:
        """The last picture, to who looks."""
        if self._viewer is not None and self._last is not None:
            self._viewer.show(self._last, self._status())

    def _say(self, text: str) -> None:
        if self._viewer is not None:
            self._viewer.say(text)

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
        self._sent = time.monotonic()
        if self._virtual is not None:
            self._virtual.send(opaque(pixels))
        if self._outlet is not None and self._covered and self.meter.frames:
            elapsed = Fraction(round((self._sent - self._source.epoch) * 1000), 1000)
            self._outlet.write(TimedFrame(pixels, elapsed))

    # ------------------------------------------------------------------ between frames

    def _idle(self) -> None:
        """No frame came for a moment: is the camera gone, does a stage hang, does anybody watch?"""
        self._poll()
        if self._stopping is not None and time.monotonic() - self._stopping > _PATIENCE:
            raise Stopped
        if self._paused:
            self._watchdog.came(more=True)
        elif self._source.state in ("lost", "suspended"):
            words = {"lost": f"waiting for the {self._source.noun}", "suspended": "nobody is watching"}
            self._cover(words[self._source.state])
        elif self._watchdog.stalled:
            self._cover("hidden: no frame came in time")
        if self._last is not None and time.monotonic() - self._sent > _REPEAT:
            self._send(self._last)
        if self._outlet is not None:
            self._outlet.check()

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
        if self._viewer is not None:
            self._viewer.show(self._last, None)

    def _poll(self) -> None:
        """Limits, what who looks asks for, and what happened in other threads."""
        if self._until is not None and time.monotonic() >= self._until:
            self.stop()
        if self._source.state != self._state:
            self._state = self._source.state
            self._say({"lost": self._source.fault, "running": f"the {self._source.noun} is back"}.get(self._state, ""))
        asked = self._viewer is not None and self._viewer.poll(self)
        if asked and (self._paused or self._covered) and self._stopping is None:
            self._show()
        self._recordings.watch()
        self._watch_watchers()
        if self._stopping is not None:
            self._source.stop()

    # ------------------------------------------------------------------ ends

    def _watch_watchers(self) -> None:
        """Lets the camera go while nobody watches the virtual one, where that can be known and nobody else looks."""
        if self._virtual is None:
            return
        now = time.monotonic()
        alone = self._viewer is None and self._recordings.seconds is None and not self.options.always
        if not alone or self._virtual.watched() is not False:
            self._watched_at = now
        self._source.suspend(now - self._watched_at > _UNWATCHED)

    def _let_go(self) -> None:
        self._source.stop()
        self._recordings.finish()
        self._snapshots.close()
        for item in (self._outlet, self._virtual):
            if item is not None:
                item.close()
        if self._viewer is not None:
            self._viewer.close()

    def _summary(self) -> LiveResult:
        result, busy = self._result, self._stats.spent
        result.files, result.skipped = self._recordings.files, self._recordings.skipped
        result.frames, result.dropped, result.losses = self.meter.frames, self._source.dropped, self._source.losses
        result.delay_median, result.delay_p95 = self.meter.delay_ms(0.5), self.meter.delay_ms(0.95)
        each = 1000 / max(1, result.frames)
        spent = {"decode": self._source.busy, "segment": busy["segment"], "effect": busy["effect"]}
        result.milliseconds = {stage: seconds * each for stage, seconds in (spent | {"show": busy["encode"]}).items()}
        result.hidden = Counter() if self._guard is None else self._guard.hidden
        return result
