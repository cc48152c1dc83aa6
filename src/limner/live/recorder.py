"""Recordings and snapshots beside the live picture: written in threads of their own, so that a disk delays nobody."""

from __future__ import annotations

import contextlib
import queue
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np

from limner.errors import LimnerError
from limner.fitting import fit_frame
from limner.frame import Frame, TimedFrame, over
from limner.media.images import write_image
from limner.media.video_files import check_target
from limner.media.video_formats import OutputFormat, choose_format
from limner.media.video_info import live_info
from limner.media.video_writer import VideoWriter

_WAITING = 12
"""Frames that may wait for the encoder."""
_PROMPT = {"h264": {"rc-lookahead": "5"}, "vp9": {"lag-in-frames": "0"}}


class Recorder:
    """One recording, checked when it is finished. What was written can be read at any moment, whatever happens.

    Until then it is called NAME.recording.EXT; it keeps that name if the process is killed. A recording that ends in
    an error, a full disk say, gets its own name unless another file has it, and holds all that was written.

    Frames keep their times, counted from the first. All get the size of the first, with bars where theirs differs.

    Args:
        target: .mp4, .mov, .mkv or .webm.
        rate: frames a second that are expected.
        alpha: keep transparency, which needs a format that has it.

    Attributes:
        frames, skipped: frames written, and left out because the encoder was behind.
        error: why the recording failed, once it has.

    Raises:
        LimnerError: the target cannot be written, or its name says no format that can be recorded.
    """

    def __init__(self, target: Path, *, rate: float, alpha: bool = False) -> None:
        self._output = check_recording(target, alpha=alpha)
        self.target, self._rate, self._alpha = target, rate, alpha
        self.frames = self.skipped = 0
        self.error: LimnerError | None = None
        self.notices: list[str] = []
        self._seconds = 0.0
        self.began = time.monotonic()
        self._queue: queue.Queue[TimedFrame] = queue.Queue(_WAITING)
        self._closing, self._abandoned = threading.Event(), False
        self._thread = threading.Thread(target=self._work, name="limner-record", daemon=True)
        self._thread.start()

    def write(self, frame: TimedFrame) -> None:
        """Takes a frame, RGB or RGBA uint8, that nobody changes afterwards; never waits."""
        if self.error is not None or self._closing.is_set():
            return
        try:
            self._queue.put_nowait(frame)
        except queue.Full:
            self.skipped += 1

    def close(self) -> None:
        """No more frames: the file is finished in its thread, see `ended`. Safe to call twice."""
        self._closing.set()

    @property
    def ended(self) -> bool:
        """The file is there, or `error` says why not."""
        return not self._thread.is_alive()

    def wait(self) -> None:
        """Waits until `ended`."""
        self._thread.join()

    def abandon(self) -> None:
        """Ends at once, without what still waits for the encoder and without the check."""
        self._abandoned = True
        self._closing.set()
        self._thread.join(5.0)

    def _next(self) -> TimedFrame | None:
        """The next frame, None after the last."""
        while True:
            closing, frame = self._closing.is_set(), None
            with contextlib.suppress(queue.Empty):
                frame = self._queue.get(timeout=0.05)
            if self._abandoned:
                raise LimnerError(f"{self.target}: the recording was broken off")
            if frame is not None or closing:
                return frame

    def _work(self) -> None:
        writer: VideoWriter | None = None
        try:
            first = self._next()
            if first is None:
                return
            height, width = first.pixels.shape[:2]
            info = live_info("camera", width=width, height=height, rate=Fraction(self._rate).limit_denominator(1000))
            with VideoWriter(self.target, self._output, info, lasting=True) as writer:
                self._record(writer, first)
                writer.finish()
                self.notices += writer.notices
        except LimnerError as error:
            self.error = LimnerError(f"{error}; {self._left(writer)}")
        except Exception as error:
            self.error = LimnerError(f"{self.target}: the recording failed: {error}; {self._left(writer)}")

    def _record(self, writer: VideoWriter, first: TimedFrame) -> None:
        size = first.pixels.shape[0], first.pixels.shape[1]
        frame: TimedFrame | None = first
        while frame is not None:
            time = frame.time - first.time
            writer.write(TimedFrame(_prepared(frame.pixels, size, alpha=self._alpha), time))
            self.frames, self._seconds = self.frames + 1, float(time)
            frame = self._next()

    def _left(self, writer: VideoWriter | None) -> str:
        """What is there of a recording that failed."""
        if writer is None or writer.kept is None:
            return "nothing was recorded"
        return f"the {self._seconds:.1f} s until then are in {writer.kept}"


def check_recording(target: Path, *, alpha: bool = False) -> OutputFormat:
    """The format of a recording called `target`, encoded fast enough to keep up.

    Raises:
        LimnerError: the name says no format that can be recorded, or the folder cannot be written to.
    """
    output = choose_format(target, alpha=alpha)
    if output.is_sequence:
        raise LimnerError(f"{target}: a recording is one file: .mp4, .mov, .mkv or .webm")
    check_target(target)
    if not output.codec.has_presets:
        return output
    fast = choose_format(target, alpha=alpha, preset="veryfast")
    # What an encoder holds back to look ahead is lost with the process.
    return replace(fast, options={**fast.options, **_PROMPT[fast.codec.name]})


def opaque(pixels: Frame) -> Frame:
    """RGB uint8 (H, W, 3): what is transparent becomes black."""
    if pixels.shape[2] == 3:
        return pixels
    return over(pixels[..., :3], np.ascontiguousarray(pixels[..., 3]))


def _prepared(pixels: Frame, size: tuple[int, int], *, alpha: bool) -> Frame:
    if not alpha:
        return fit_frame(opaque(pixels), size, "contain")
    if pixels.shape[2] == 3:
        pixels = cv2.cvtColor(pixels, cv2.COLOR_RGB2RGBA).astype(np.uint8, copy=False)
    if pixels.shape[:2] == size:
        return pixels
    return cv2.resize(pixels, size[::-1], interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False)


class Snapshots:
    """Writes single pictures, as `limner image` does, one after the other in a thread."""

    def __init__(self, folder: Path, on_done: Callable[[str], None]) -> None:
        self._folder, self._on_done = folder, on_done
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="limner-snapshot")

    def take(self, pixels: Frame) -> None:
        """A PNG of RGB or RGBA uint8 that nobody changes afterwards; `on_done` gets its name, or what went wrong."""
        target = free_name(self._folder, ".png")
        self._pool.submit(self._write, target, pixels)

    def close(self) -> None:
        """Waits until all are written."""
        self._pool.shutdown()

    def _write(self, target: Path, pixels: Frame) -> None:
        try:
            write_image(target, pixels)
        except LimnerError as error:
            self._on_done(str(error))
        else:
            self._on_done(f"saved {target}")


def free_name(folder: Path, suffix: str) -> Path:
    """A new name in a folder, from date and time."""
    stem = time.strftime("limner-%Y%m%d-%H%M%S")
    for number in range(1, 1000):
        path = folder / (f"{stem}{suffix}" if number == 1 else f"{stem}-{number}{suffix}")
        if not path.exists():
            return path
    return folder / f"{stem}-{time.monotonic_ns()}{suffix}"
