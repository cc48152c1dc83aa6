"""The newest frame of a camera, whatever happens to it: read in a thread of its own, opened again when it is lost."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from fractions import Fraction
from typing import Literal

from limner.checking import checked, fits, wrong
from limner.errors import LimnerError
from limner.frame import Frame, TimedFrame
from limner.media.camera import Camera

State = Literal["running", "lost", "suspended", "ended"]


class LatestFrames:
    """Iterates the newest frame of a camera each time one is asked for; those in between are dropped and counted.

    Times of frames are seconds since the first camera was opened, on a clock that never jumps.

    Args:
        connect: opens the camera. The first call is made here, so that its errors reach the caller; later ones are made
            in the thread, again and again, when the camera was lost.
        every_frame: wait until each frame was taken instead of dropping it; for files that are not played in real time.
        retry: seconds before the first and, at most, between later attempts to open a lost camera.
        on_change: told, in the thread, when the state changes, with what is wrong with the camera if it is lost.
        epoch: `time.monotonic` at time 0, for cameras whose first frames may be older than their opening; None is now.

    Attributes:
        epoch: `time.monotonic` at time 0.
        state: "lost" until the camera is there again, "suspended" while it is let go on purpose, "ended" at the end.
        fault: what is wrong with a lost camera.
        frames, dropped: frames taken, and read but never taken.
        losses: how often the camera was lost.

    Raises:
        LimnerError: the camera cannot be opened at first.
    """

    noun = "camera"
    """What it is, for words about it."""

    @checked
    def __init__(
        self,
        connect: Callable[[], Camera],
        *,
        every_frame: bool = False,
        retry: tuple[float, float] = (0.25, 4.0),
        on_change: Callable[[State, str], None] | None = None,
        epoch: float | None = None,
    ) -> None:
        self._connect, self._every_frame, self._retry, self._on_change = connect, every_frame, retry, on_change
        self._changed = threading.Condition()
        self._newest: tuple[Frame, float] | None = None
        self._stopped = self._paused = self._suspended = False
        self._busy_before = 0.0
        self.frames = self.dropped = self.losses = 0
        self.state: State = "running"
        self.fault = ""
        camera = connect()
        if not fits(camera, Camera):
            raise wrong("connect", camera, Callable[[], Camera])
        self._camera: Camera | None = camera
        self.name, self.rate = camera.name, camera.rate
        self.epoch = time.monotonic() if epoch is None else epoch
        self._thread = threading.Thread(target=self._capture, name="limner-capture", daemon=True)
        self._thread.start()

    @property
    def busy(self) -> float:
        """Seconds spent on decoding frames, dropped ones too."""
        camera = self._camera
        return self._busy_before + (camera.busy if camera else 0.0)

    def __iter__(self) -> Iterator[TimedFrame]:
        while True:
            with self._changed:
                while not self._stopped and (self._newest is None or self._paused):
                    if self.state == "ended" and self._newest is None:
                        return
                    self._changed.wait()
                if self._stopped or self._newest is None:
                    return
                pixels, moment = self._newest
                self._newest = None
                self.frames += 1
                self._changed.notify_all()
            yield self._timed(pixels, moment)

    def newest(self) -> TimedFrame | None:
        """The newest frame that nobody has taken yet, at once; None where there is none."""
        with self._changed:
            if self._newest is None or self._paused or self._stopped:
                return None
            pixels, moment = self._newest
            self._newest = None
            self.frames += 1
            self._changed.notify_all()
        return self._timed(pixels, moment)

    def _timed(self, pixels: Frame, moment: float) -> TimedFrame:
        return TimedFrame(pixels, Fraction(round(max(0.0, moment - self.epoch) * 1_000_000), 1_000_000))

    def pause(self, on: bool) -> None:
        """Gives no frames while on. The camera runs, so that going on is instant."""
        with self._changed:
            self._paused = on
            self._newest = None
            self._changed.notify_all()

    def suspend(self, on: bool) -> None:
        """Lets the camera go while on, so that its light goes out and others can have it."""
        with self._changed:
            self._suspended = on
            self._changed.notify_all()

    def stop(self) -> None:
        """Ends the iteration and lets the camera go; one that hangs in a read is left to the end of the program."""
        with self._changed:
            self._stopped = True
            self._changed.notify_all()
        if self._thread is not threading.current_thread():
            self._thread.join(2.0)

    def _capture(self) -> None:
        wait = self._retry[0]
        while not self._done():
            if self._suspended:
                self._let_go("suspended")
                self._wait_while(lambda: self._suspended)
                wait = self._retry[0]
                continue
            try:
                if self._camera is None:
                    self._camera = self._connect()
                for frame in iter(self._camera.read, None):
                    wait = self._retry[0]
                    self._publish(frame)
                    if self._stopped or self._suspended:
                        break
                else:
                    self._let_go("ended")
                    return
            except Exception as error:  # a driver's or codec's own error, too: the camera is gone, the program is not
                self.losses += self.state == "running"
                self._let_go("lost", str(error) if isinstance(error, LimnerError) else f"{self.name}: {error}")
                self._wait_while(lambda: True, wait)
                wait = min(self._retry[1], 2 * wait)
        self._let_go(self.state)

    def _publish(self, frame: tuple[Frame, float]) -> None:
        with self._changed:
            while self._every_frame and self._newest is not None and not (self._stopped or self._suspended):
                self._changed.wait()
            idle = self._paused or self._stopped or self._suspended
            self.dropped += self._newest is not None and not idle
            self._newest = None if self._stopped or self._suspended else frame
            self._changed.notify_all()
        if self.state != "running" and not self._suspended:
            self._tell("running")

    def _let_go(self, state: State, fault: str = "") -> None:
        """Closes the camera. A frame that nobody has taken yet is still given at the end of a clip, and only there."""
        camera, self._camera = self._camera, None
        if camera is not None:
            self._busy_before += camera.busy
            camera.close()
        with self._changed:
            if state != "ended":
                self._newest = None
        self._tell(state, fault)

    def _tell(self, state: State, fault: str = "") -> None:
        with self._changed:
            new = (state, fault) != (self.state, self.fault)
            self.state, self.fault = state, fault
            self._changed.notify_all()
        if new and self._on_change is not None:
            self._on_change(state, fault)

    def _wait_while(self, condition: Callable[[], bool], seconds: float | None = None) -> None:
        until = None if seconds is None else time.monotonic() + seconds
        with self._changed:
            while condition() and not self._stopped:
                left = None if until is None else until - time.monotonic()
                if left is not None and left <= 0:
                    return
                self._changed.wait(left)

    def _done(self) -> bool:
        return self._stopped or self.state == "ended"
