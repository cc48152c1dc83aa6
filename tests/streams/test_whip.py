"""WHIP: H.264 and Opus to a server of aiortc, which decodes them; keys, refusals and the end of a session."""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from limner.frame import TimedFrame
from limner.streams.outlet import Outlet
from stream_parts import SOUND_RATE, beeps, picture

aiortc = pytest.importorskip("aiortc")

PATIENCE = 20.0


class WhipServer:
    """Takes one publisher after the other. The key is asked for where there is one."""

    def __init__(self, key: str = "") -> None:
        self.pictures: list[np.ndarray[Any, Any]] = []
        self.times: list[float] = []
        self.loud: list[float] = []
        self.deleted: list[str] = []
        self.key = key
        self.loop = asyncio.new_event_loop()
        threading.Thread(target=self.loop.run_forever, daemon=True).start()
        self.peers: list[Any] = []
        server = self

        class Handler(BaseHTTPRequestHandler):
            def log_message(self, *_: object) -> None:
                pass

            def do_POST(self) -> None:
                if server.key and self.headers.get("Authorization") != f"Bearer {server.key}":
                    self.send_error(401)
                    return
                offer = self.rfile.read(int(self.headers["Content-Length"])).decode()
                answer = asyncio.run_coroutine_threadsafe(server.answer(offer), server.loop).result(PATIENCE)
                self.send_response(201)
                self.send_header("Content-Type", "application/sdp")
                self.send_header("Location", "/session/1")
                self.end_headers()
                self.wfile.write(answer.encode())

            def do_DELETE(self) -> None:
                server.deleted.append(self.path)
                self.send_response(200)
                self.end_headers()

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.http.serve_forever, daemon=True).start()
        self.port = self.http.server_address[1]

    async def answer(self, offer: str) -> str:
        peer = aiortc.RTCPeerConnection(aiortc.RTCConfiguration(iceServers=[]))
        self.peers.append(peer)

        @peer.on("track")
        def on_track(track: Any) -> None:
            task = self.loop.create_task(self.take(track))
            self.peers.append(task)

        await peer.setRemoteDescription(aiortc.RTCSessionDescription(offer, "offer"))
        await peer.setLocalDescription(await peer.createAnswer())
        return str(peer.localDescription.sdp)

    async def take(self, track: Any) -> None:
        with contextlib.suppress(Exception):  # the track ends
            while True:
                frame = await track.recv()
                if track.kind == "video":
                    self.pictures.append(frame.to_ndarray(format="rgb24"))
                    self.times.append(float(frame.pts * frame.time_base))
                else:
                    self.loud.append(float(np.abs(frame.to_ndarray()).max()) / 32768)

    def close(self) -> None:
        for peer in self.peers:
            if hasattr(peer, "getReceivers"):
                asyncio.run_coroutine_threadsafe(peer.close(), self.loop).result(PATIENCE)
        self.http.shutdown()
        self.http.server_close()
        self.loop.call_soon_threadsafe(self.loop.stop)


@pytest.fixture
def server() -> Iterator[WhipServer]:
    started = WhipServer()
    yield started
    started.close()


def publish(outlet: Outlet, done: Any) -> None:
    """Pictures and beeps in real time, until ``done`` or patience ends."""
    began, index, tone = time.monotonic(), 0, beeps(1.0)
    while not done() and time.monotonic() - began < PATIENCE:
        outlet.write(TimedFrame(picture(index), time.monotonic() - began))
        outlet.hear(tone[:, index % 20 * 2400 :][:, :2400], index * 2400 / SOUND_RATE)
        index += 1
        time.sleep(max(0.0, began + index / 20 - time.monotonic()))


def test_picture_and_sound_arrive(server: WhipServer, tmp_path: Path) -> None:
    copy = tmp_path / "copy.mp4"
    outlet = Outlet([f"http://127.0.0.1:{server.port}/whip", str(copy)], rate=20, sound=True)
    publish(outlet, lambda: len(server.pictures) > 40 and max(server.loud, default=0) > 0.3)
    outlet.close()
    assert [target.fault for target in outlet.targets] == ["", ""]
    assert len(server.pictures) > 40
    assert np.all(np.diff(server.times) > 0)
    assert np.allclose(np.median([item.mean((0, 1)) for item in server.pictures], axis=0), (200, 40, 40), atol=8)
    assert max(server.loud) > 0.3
    assert server.deleted == ["/session/1"]
    assert copy.exists()


def test_a_server_that_wants_a_key(server: WhipServer) -> None:
    server.key = "se cret"
    outlet = Outlet([f"http://127.0.0.1:{server.port}/whip"], rate=20)
    publish(outlet, lambda: outlet.targets[0].state == "lost")
    assert "401" in outlet.targets[0].fault
    assert "KEY@HOST" in outlet.targets[0].fault
    outlet.close()
    outlet = Outlet([f"http://se%20cret@127.0.0.1:{server.port}/whip"], rate=20)
    publish(outlet, lambda: server.pictures)
    outlet.close()
    assert server.pictures


def test_nobody_is_there() -> None:
    outlet = Outlet(["http://127.0.0.1:9/whip"], rate=20)
    publish(outlet, lambda: outlet.targets[0].state == "lost")
    outlet.close()
    assert "cannot be reached" in outlet.targets[0].fault
    assert not outlet.targets[0].opened
