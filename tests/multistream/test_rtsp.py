"""Streams over RTSP from GStreamer's server: pictures, streams that go, a server that is killed, what is missing."""

from __future__ import annotations

import contextlib
import socket
import sys
import threading
import time
from collections.abc import Iterator
from fractions import Fraction

import av
import numpy as np
import pytest

pytest.importorskip("yaml")

from limner.errors import MediaError
from limner.frame import TimedFrame
from limner.multistream.rtsp import RtspServer
from limner.streams.outlet import Outlet
from multistream_parts import free_port, pictures, until

SIZE = (96, 160)


@contextlib.contextmanager
def serving(told: list[str], login: tuple[str, str] | None = None) -> Iterator[RtspServer]:
    try:
        server = RtspServer("127.0.0.1", free_port(), told.append, login=login)
    except MediaError as error:
        pytest.skip(f"{error}")
    try:
        yield server
    finally:
        server.close()


@contextlib.contextmanager
def feeding(server: RtspServer, name: str, color: tuple[int, int, int]) -> Iterator[None]:
    """A stream of that name, of one colour, with a tone of 440 Hz."""
    outlet, over = Outlet([], sinks=[server.mount(name)], rate=20, sound=True), threading.Event()

    def feed() -> None:
        began, index, step = time.monotonic(), 0, 48_000 // 20
        while not over.wait(max(0.0, began + index / 20 - time.monotonic())):
            outlet.write(TimedFrame(np.full((*SIZE, 3), color, np.uint8), Fraction(index, 20)))
            tone = 0.5 * np.sin(2 * np.pi * 440 / 48_000 * np.arange(index * step, (index + 1) * step))
            outlet.hear(np.stack([tone, tone]).astype(np.float32), index / 20)
            index += 1

    thread = threading.Thread(target=feed, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join(5)
        outlet.close()


def read(url: str, count: int = 10) -> list[np.ndarray]:
    """Pictures of a stream, as soon as it is there."""
    found: list[np.ndarray] = []

    def tried() -> bool:
        with contextlib.suppress(av.FFmpegError):
            found[:] = pictures(url, count)
        return len(found) == count

    until(tried)
    return found


@pytest.mark.slow
def test_several_streams_and_a_server_that_is_killed() -> None:
    told: list[str] = []
    with serving(told) as server, feeding(server, "red", (200, 30, 30)):
        with feeding(server, "blue", (30, 30, 200)):
            for _ in range(2):  # who joins later sees as much
                assert np.allclose(read(server.url("red"))[-1].mean((0, 1)), (200, 30, 30), atol=12)
            assert np.allclose(read(server.url("blue"))[0].mean((0, 1)), (30, 30, 200), atol=12)
            server._process.kill()
            until(lambda: "rtsp: the server ended; starting it again" in told)
            assert np.allclose(read(server.url("blue"))[-1].mean((0, 1)), (30, 30, 200), atol=12)
        until(lambda: _missing(server.url("blue")))
        assert len(read(server.url("red"))) == 10
    assert told.count("rtsp: the server ended; starting it again") == 1
    with pytest.raises(av.FFmpegError):
        pictures(server.url("red"), 1)


def _missing(url: str) -> bool:
    try:
        pictures(url, 1)
    except av.HTTPNotFoundError:
        return True
    return False


def test_who_watches_hears_too_and_needs_the_password() -> None:
    told: list[str] = []
    with serving(told, ("ann", "pass word:1")) as server, feeding(server, "red", (200, 30, 30)):
        url = server.url("red")
        assert read(url.replace("rtsp://", "rtsp://ann:pass%20word%3A1@"), 3)[-1].mean((0, 1))[0] > 150
        for login in ("", "ann:wrong@", "eve:pass%20word%3A1@"):
            with pytest.raises(av.HTTPUnauthorizedError):
                pictures(url.replace("rtsp://", f"rtsp://{login}"), 1)
        samples, times = [], []
        with av.open(url.replace("rtsp://", "rtsp://ann:pass%20word%3A1@"), options={"rtsp_transport": "tcp"}) as seen:
            for frame in seen.decode(audio=0):
                samples.append(frame.to_ndarray()[0])
                times.append(frame.time)
                if len(samples) == 60:
                    break
    tone = np.concatenate(samples[10:])
    spectrum = np.abs(np.fft.rfft(tone * np.hanning(len(tone))))
    assert abs(spectrum.argmax() * 48_000 / len(tone) - 440) < 4
    assert np.diff(times).min() > 0
    assert told == []


def test_a_port_that_is_taken() -> None:
    told: list[str] = []
    with serving(told), socket.create_server(("127.0.0.1", 0)) as holder:
        port = holder.getsockname()[1]
        with pytest.raises(MediaError, match=f"rtsp: 127.0.0.1:{port} cannot be served: the port is in use"):
            RtspServer("127.0.0.1", port, told.append)


def test_without_gstreamer(monkeypatch: pytest.MonkeyPatch) -> None:
    """A Python that has no GStreamer, and no other."""
    from limner.multistream import rtsp

    monkeypatch.setattr(rtsp, "_pythons", lambda: [sys.executable, "/nowhere/python"])
    monkeypatch.setenv("GI_TYPELIB_PATH", "/nowhere")
    try:
        import gi  # noqa: F401
    except ImportError:
        pass
    else:
        pytest.skip("this Python has GStreamer")
    with pytest.raises(MediaError, match=r"needs GStreamer's RTSP server; install it \(Debian: apt inst"):
        RtspServer("127.0.0.1", free_port(), print)
