"""Live video in by WHIP and out by WHEP, between a real server and peers of aiortc on this machine."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from browsers import needs_chromium
from live_page import in_chromium
from serve_parts import Answer, Server, serving

aiortc = pytest.importorskip("aiortc")

from aiortc.mediastreams import AudioStreamTrack, MediaStreamError, VideoStreamTrack  # noqa: E402
from av import AudioFrame, VideoFrame  # noqa: E402

from limner.serve.gate import Gate  # noqa: E402
from limner.serve.live import Live, Stream  # noqa: E402
from limner.serve.options import Limits  # noqa: E402

SDP = {"Content-Type": "application/sdp"}
GREY = 200


class Grey(VideoStreamTrack):  # type: ignore[misc]
    """A publisher's camera: grey, 160 × 120."""

    async def recv(self) -> VideoFrame:
        pts, base = await self.next_timestamp()
        frame = VideoFrame.from_ndarray(np.full((120, 160, 3), GREY, np.uint8), format="rgb24")
        frame.pts, frame.time_base = pts, base
        return frame


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with serving(
        "--live", "1", "--model", "tiny", "--workers", "1", "--grace", "20", "--worker-class", "processes"
    ) as started:
        yield started


async def offered(server: Server, path: str, *, sends: bool) -> tuple[Any, Answer, list[Any]]:
    """A peer, what the server answered to its offer, and the tracks that the peer gets."""
    peer = aiortc.RTCPeerConnection(aiortc.RTCConfiguration(iceServers=[]))
    tracks: list[Any] = []
    peer.on("track", tracks.append)
    if sends:
        peer.addTrack(Grey())
    else:
        peer.addTransceiver("video", direction="recvonly")
    await peer.setLocalDescription(await peer.createOffer())
    answer = await asyncio.to_thread(server.ask, "POST", path, peer.localDescription.sdp, SDP)
    if answer.status == 201:
        await peer.setRemoteDescription(aiortc.RTCSessionDescription(answer.body.decode(), "answer"))
    return peer, answer, tracks


def test_what_is_published_is_watched_through_the_effect(server: Server) -> None:
    async def go() -> None:
        ours, begun, _ = await offered(server, "/v1/live/desk?effect=color:blue", sends=True)
        assert (begun.status, begun.headers["content-type"]) == (201, "application/sdp")
        twice, refused, _ = await offered(server, "/v1/live/desk", sends=True)
        assert refused.status == 409
        assert "there is a stream 'desk' already" in refused.error
        more, full, _ = await offered(server, "/v1/live/other", sends=True)
        assert (full.status, "as many streams as may" in full.error) == (429, True)
        watcher, seen, tracks = await offered(server, "/v1/live/desk/watch", sends=False)
        assert seen.status == 201
        times = []
        for _ in range(3):
            frame = await asyncio.wait_for(tracks[0].recv(), 60)
            red, green, blue = frame.to_ndarray(format="rgb24").reshape(-1, 3).mean(0)
            assert blue > 200
            assert max(red, green) < 60
            times.append(frame.pts)
        assert times == sorted(set(times))
        photo = await asyncio.to_thread(server.post, "/v1/info")
        assert photo.status == 200  # photos and frames take turns
        for location, status in ((seen.headers["location"], 200), (seen.headers["location"], 404)):
            assert (await asyncio.to_thread(server.ask, "DELETE", location)).status == status
        ended = await asyncio.to_thread(server.ask, "DELETE", begun.headers["location"])
        assert ended.status == 200
        await asyncio.to_thread(server.wait_for, "limner_in_flight", 0)
        for peer in (ours, twice, more, watcher):
            await peer.close()

    asyncio.run(go())


@pytest.mark.slow
def test_chromium_publishes_and_watches(server: Server) -> None:
    needs_chromium()
    found = in_chromium(server.port, 240)
    assert found.get("error") is None
    assert found["size"] == [320, 240]
    red, green, blue = found["mean"]
    assert blue > 200
    assert max(red, green) < 60
    assert found["left"] == 200
    server.wait_for("limner_in_flight", 0)


@pytest.mark.parametrize(
    ("method", "path", "body", "headers", "status", "says"),
    [
        ("POST", "/v1/live/desk", "v=0", SDP, 400, "no offer of video in SDP"),
        ("POST", "/v1/live/desk", "v=0\r\nm=video 9 X 1\r\n", SDP, 400, "no offer of video in SDP"),
        ("POST", "/v1/live/desk", b"\xff", SDP, 400, "no offer of video in SDP"),
        ("POST", "/v1/live/desk", "v=0", {"Content-Type": "text/plain"}, 415, "must be application/sdp"),
        ("POST", "/v1/live/desk?effect=cutout", "v=0", SDP, 422, "is transparent, and live video is not"),
        ("POST", "/v1/live/desk?effect=none", "v=0", SDP, 422, "effect 'none' is unknown"),
        ("POST", "/v1/live/desk?subject=main", "v=0", SDP, 422, "'subject' is no parameter"),
        ("POST", "/v1/live/desk?effect=replace:/etc/passwd", "v=0", SDP, 422, "is no colour"),
        ("POST", "/v1/live/Desk", "v=0", SDP, 422, "name 'Desk'"),
        ("POST", "/v1/live/nobody/watch", "v=0", SDP, 404, "there is no stream 'nobody'"),
        ("DELETE", "/v1/live/nobody/abc", None, {}, 404, "there is no such session"),
        ("PATCH", "/v1/live/desk/abc", "v=0", SDP, 405, "another method"),
    ],
)
def test_refusals(
    server: Server, method: str, path: str, body: Any, headers: dict[str, str], status: int, says: str
) -> None:
    answer = server.ask(method, path, body, headers)
    assert answer.status == status, answer.body
    assert says in answer.error
    server.wait_for("limner_in_flight", 0)


def test_a_stream_does_not_keep_the_server_from_ending() -> None:
    async def go(other: Server) -> None:
        peer, begun, _ = await offered(other, "/v1/live/desk", sends=True)
        assert begun.status == 201
        assert await asyncio.to_thread(other.end) == 0
        await peer.close()

    with serving("--live", "1", "--model", "tiny") as other:
        asyncio.run(go(other))


def test_without_live_there_are_no_such_paths() -> None:
    with serving("--model", "tiny") as other:
        assert other.ask("POST", "/v1/live/desk", "v=0", SDP).status == 404


class Frames(VideoStreamTrack):  # type: ignore[misc]
    """Frames as fast as they are asked for, so many, each of the level of its number."""

    def __init__(self, count: int, size: tuple[int, int] = (16, 16)) -> None:
        super().__init__()
        self.given, self._count, self._size = 0, count, size

    async def recv(self) -> VideoFrame:
        if self.given == self._count:
            await asyncio.sleep(60)
        await asyncio.sleep(0)
        frame = VideoFrame.from_ndarray(np.full((*self._size, 3), self.given % 256, np.uint8), format="rgb24")
        frame.pts, frame.time_base = self.given, Fraction(1, 30)
        self.given += 1
        return frame


class Silence(AudioStreamTrack):  # type: ignore[misc]
    """A publisher's microphone, which counts its frames."""

    given = 0

    async def recv(self) -> AudioFrame:
        self.given += 1
        return await super().recv()


def test_sound_that_nobody_hears_is_not_kept() -> None:
    async def go() -> None:
        gate = Gate(Limits(workers=1))
        live, peer, sound = Live(gate, 1), aiortc.RTCPeerConnection(aiortc.RTCConfiguration(iceServers=[])), Silence()
        peer.addTrack(sound)
        peer.addTrack(Grey())
        await peer.setLocalDescription(await peer.createOffer())
        answer, _ = await live.publish("desk", peer.localDescription.sdp, lambda: lambda frame: frame)
        await peer.setRemoteDescription(aiortc.RTCSessionDescription(answer, "answer"))
        stream = live.streams["desk"]
        await asyncio.wait_for(stream.next_after(-1), 30)
        sent = sound.given
        while sound.given < sent + 100:
            await asyncio.sleep(0.05)
        (connection,) = stream.connections.values()
        heard = next(item.track for item in connection.getReceivers() if item.track.kind == "audio")
        assert heard._queue.qsize() < 50
        await live.close()
        await peer.close()
        gate.close()

    asyncio.run(go())


def test_only_the_newest_frame_is_kept() -> None:
    async def go() -> None:
        gate = Gate(Limits(workers=1))
        stream, seen = Stream(gate, gate.enter(), lambda frame: frame, 1000), []
        stream.publish(Frames(500), lambda: 0)
        number = -1
        while number < 0 or seen[-1] < 499:
            number, frame = await asyncio.wait_for(stream.next_after(number), 30)
            seen.append(frame.pts)
        assert seen == sorted(set(seen))
        assert stream.dropped > 0
        await stream.end()
        with pytest.raises(MediaStreamError):
            await stream.next_after(number)
        assert gate.in_flight == 0
        gate.close()

    asyncio.run(go())


@pytest.mark.parametrize(("size", "packets"), [((200, 200), 0), ((16, 16), 601)], ids=["large frames", "piled up"])
def test_streams_that_are_too_much_end(size: tuple[int, int], packets: int) -> None:
    async def go() -> None:
        gate = Gate(Limits(workers=1))
        stream = Stream(gate, gate.enter(), lambda frame: frame, 1000)
        stream.publish(Frames(5, size), lambda: packets)
        await asyncio.wait_for(stream.ended.wait(), 30)
        await asyncio.wait_for(gate.idle(), 30)
        gate.close()

    asyncio.run(go())
