"""What tests of many streams share: a small clip with a person, a sender over UDP, and a run that can be watched."""

from __future__ import annotations

import contextlib
import json
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from limner import samples

pytest.importorskip("yaml")

from limner.multistream.config import StreamSpec
from limner.multistream.fleet import Fleet, FleetResult

SIZE = (320, 180)
"""(width, height)."""
RATE = 20
PATIENCE = 40.0


def person_clip(path: Path, frames: int = 20, *, mirrored: bool = False) -> Path:
    """The sample clip, small: a person on the left, or on the right where it is mirrored."""
    with av.open(str(samples.CLIP)) as clip, av.open(str(path), "w") as out:
        video = out.add_stream("libx264", rate=RATE, options={"preset": "ultrafast", "crf": "12"})
        video.width, video.height, video.pix_fmt = *SIZE, "yuv420p"
        for index, frame in enumerate(clip.decode(video=0)):
            if index == frames:
                break
            pixels = frame.reformat(*SIZE, format="rgb24").to_ndarray()
            pixels = np.ascontiguousarray(pixels[:, ::-1]) if mirrored else pixels
            out.mux(video.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")))
        out.mux(video.encode(None))
    return path


_SENDER = """
import sys, time
from fractions import Fraction
import av
clip, target = sys.argv[1:]
began, sent, ends = time.monotonic(), 0, time.monotonic() + 120
with av.open(target, "w", format="mpegts", container_options={"flush_packets": "1"}) as out:
    video = out.add_stream("libx264", rate=20, options={"preset": "ultrafast", "tune": "zerolatency", "g": "10"})
    video.width, video.height, video.pix_fmt = 320, 180, "yuv420p"
    while time.monotonic() < ends:
        with av.open(clip) as source:
            for frame in source.decode(video=0):
                frame.pts, frame.time_base = sent, Fraction(1, 20)
                frame.pict_type = 0
                out.mux(video.encode(frame))
                sent += 1
                time.sleep(max(0, began + sent / 20 - time.monotonic()))
"""


@contextlib.contextmanager
def udp_sender(clip: Path, port: int) -> Iterator[subprocess.Popen[bytes]]:
    """A process that sends a clip over and over, for two minutes at most."""
    target = f"udp://127.0.0.1:{port}?pkt_size=1316"
    with subprocess.Popen([sys.executable, "-c", _SENDER, str(clip), target]) as process:
        try:
            yield process
        finally:
            process.kill()


def free_port(kind: socket.SocketKind = socket.SOCK_STREAM) -> int:
    """A port that nobody has at the moment."""
    with socket.socket(socket.AF_INET, kind) as holder:
        holder.bind(("127.0.0.1", 0))
        port: int = holder.getsockname()[1]
        return port


class Run:
    """A fleet at work in a thread.

    Attributes:
        told: the lines so far.
        result: at the end.
    """

    def __init__(self, path: Path, seconds: float | None = None) -> None:
        self.told: list[str] = []
        self.fleet = Fleet(path, self.told.append)
        self.result: FleetResult | None = None
        self._seconds = seconds
        self._thread = threading.Thread(target=self._work, daemon=True)

    def __enter__(self) -> Run:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.fleet.stop()
        self._thread.join(PATIENCE)
        assert not self._thread.is_alive()

    def frames(self, name: str) -> int:
        """Frames that a stream has finished; 0 while it is not there."""
        stream = self.fleet._streams.get(name)
        return 0 if stream is None else stream.counts.frames

    def spec(self, name: str) -> StreamSpec | None:
        """What a stream runs by; None while it is not there."""
        stream = self.fleet._streams.get(name)
        return None if stream is None else stream.spec

    def goes_on(self, *names: str, frames: int = 5) -> None:
        """Waits until each of these streams has finished so many more frames."""
        before = {name: self.frames(name) for name in names}
        until(lambda: all(self.frames(name) >= count + frames for name, count in before.items()))

    def says(self, words: str) -> None:
        """Waits until a line has these words in it."""
        until(lambda: any(words in line for line in list(self.told)), lambda: f"{words!r} not in {self.told}")

    def ends(self) -> FleetResult:
        """Waits for the end by itself."""
        self._thread.join(PATIENCE)
        assert self.result is not None
        return self.result

    def _work(self) -> None:
        self.result = self.fleet.run(self._seconds)


def until(condition: Callable[[], bool], why: Callable[[], str] = lambda: "it did not happen in time") -> None:
    """Waits for a condition; fails after forty seconds."""
    ends = time.monotonic() + PATIENCE
    while not condition():
        if time.monotonic() > ends:
            pytest.fail(why())
        time.sleep(0.05)


def lines(path: Path) -> list[dict[str, Any]]:
    """The lines of a file so far, whole ones."""
    if not path.exists():
        return []
    return [json.loads(line) for line in path.read_text().splitlines(keepends=True) if line.endswith("\n")]


def pictures(path: Path | str, count: int | None = None) -> list[np.ndarray]:
    """RGB pictures of a file or address."""
    found = []
    options = {"rtsp_transport": "tcp"} if str(path).startswith("rtsp") else {}
    with av.open(str(path), options=options, timeout=10) as clip:
        for frame in clip.decode(video=0):
            found.append(frame.to_ndarray(format="rgb24"))
            if len(found) == count:
                break
    return found
