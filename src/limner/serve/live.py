"""Live video over WebRTC: one publisher a stream, its newest frame through an effect, and whoever watches that.

aiortc keeps frames and packets in queues without a bound. So a stream's frames are taken as they come and only the
newest is kept, and a stream whose packets pile up before the decoder is ended.
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import traceback
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Any

import numpy as np
from aiortc import RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from aiortc.mediastreams import MediaStreamError, MediaStreamTrack
from av import VideoFrame

from limner.frame import Frame
from limner.serve.gate import Errand, Gate, Ticket
from limner.serve.refusal import RefusedError

Process = Callable[[Frame], Frame]
"""RGB uint8 (H, W, 3) to the same size."""

_MOST_PACKETS = 600
_SILENCE = 15.0
"""Seconds without a frame after which a stream ends."""
FRAME_SECONDS = 10.0
"""That the work on one frame may take."""
_LONGEST_OFFER = 65_536


async def _discard(track: MediaStreamTrack) -> None:
    """Takes what comes, sound for example, and forgets it: aiortc keeps all that nobody takes."""
    with contextlib.suppress(MediaStreamError):
        while True:
            await track.recv()


class _Shown(MediaStreamTrack):
    """What one watcher sees: each time the newest frame that is done, never one twice."""

    kind = "video"

    def __init__(self, stream: Stream) -> None:
        super().__init__()
        self._stream, self._last = stream, -1

    async def recv(self) -> VideoFrame:
        self._last, frame = await self._stream.next_after(self._last)
        return frame


class Stream:
    """One publisher and its watchers.

    Args:
        gate: whose workers do the work, first come, first served with photos.
        ticket: the stream's place among the requests in flight; given back at its end.
        process: what becomes of each frame; it runs in a worker's thread.
        max_pixels: a stream with larger frames is ended.
    """

    def __init__(self, gate: Gate, ticket: Ticket, process: Process, max_pixels: int) -> None:
        self._gate, self._ticket, self._process, self._max_pixels = gate, ticket, process, max_pixels
        self._newest: VideoFrame | None = None
        self._arrived, self._done = asyncio.Event(), asyncio.Condition()
        self._shown: tuple[int, VideoFrame] | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self.connections: dict[str, RTCPeerConnection] = {}
        self.dropped = 0
        self.ended = asyncio.Event()

    def publish(self, track: MediaStreamTrack, packets: Callable[[], int]) -> None:
        """Frames come from ``track``; ``packets`` says how many wait for the decoder."""
        self._tasks = [
            asyncio.create_task(self._ending(lambda: self._read(track, packets))),
            asyncio.create_task(self._ending(self._work)),
        ]

    async def next_after(self, number: int) -> tuple[int, VideoFrame]:
        """The newest frame that is done, with its number, which is above ``number``.

        Raises:
            MediaStreamError: the stream has ended.
        """
        async with self._done:
            while not self.ended.is_set():
                if self._shown is not None and self._shown[0] > number:
                    return self._shown
                await self._done.wait()
        raise MediaStreamError

    async def end(self) -> None:
        """Ends it for all."""
        if self.ended.is_set():
            return
        self.ended.set()
        for task in self._tasks:
            if task is not asyncio.current_task():
                task.cancel()
        async with self._done:
            self._done.notify_all()
        connections = list(self.connections.values())
        self.connections.clear()
        for connection in connections:
            with contextlib.suppress(Exception):  # of a peer that is gone
                await connection.close()
        self._ticket.give_back()

    async def _ending(self, work: Callable[[], Awaitable[None]]) -> None:
        try:
            await work()
        except (MediaStreamError, TimeoutError, RefusedError):
            pass
        except Exception:  # a bug, or a codec's: the stream ends, and the operator reads why
            traceback.print_exc()
        finally:
            await self.end()

    async def _read(self, track: MediaStreamTrack, packets: Callable[[], int]) -> None:
        while packets() <= _MOST_PACKETS:
            async with asyncio.timeout(_SILENCE):
                frame = await track.recv()
            if not isinstance(frame, VideoFrame) or frame.width * frame.height > self._max_pixels:
                return
            self.dropped += self._newest is not None
            self._newest = frame
            self._arrived.set()

    async def _work(self) -> None:
        number = 0
        while True:
            await self._arrived.wait()
            self._arrived.clear()
            frame, self._newest = self._newest, None
            if frame is None:
                continue
            done = await self._gate.run(self._ticket, Errand(FRAME_SECONDS), lambda frame=frame: self._changed(frame))  # type: ignore[misc]
            async with self._done:
                self._shown = (number, done)
                self._done.notify_all()
            number += 1

    def _changed(self, frame: VideoFrame) -> VideoFrame:
        pixels: Frame = np.ascontiguousarray(frame.to_ndarray(format="rgb24"), dtype=np.uint8)
        made = VideoFrame.from_ndarray(np.ascontiguousarray(self._process(pixels)), format="rgb24")
        made.pts, made.time_base = frame.pts, frame.time_base
        return made


class Live:
    """The streams of a server.

    Args:
        gate: for their work.
        most: streams at once.
        watchers: of one stream.
        max_pixels: of a frame.
    """

    def __init__(self, gate: Gate, most: int, *, watchers: int = 8, max_pixels: int = 2_100_000) -> None:
        self._gate, self._most, self._watchers, self._max_pixels = gate, most, watchers, max_pixels
        self.streams: dict[str, Stream] = {}
        self._closing: set[asyncio.Task[None]] = set()

    async def publish(self, name: str, offer: str, make: Callable[[], Process]) -> tuple[str, str]:
        """Begins a stream; the answer to the offer, and the identifier of the session.

        Raises:
            RefusedError: 409, there is a stream of that name; 400, the offer is none or has no video; 429, too many.
        """
        self._check_off()
        if name in self.streams:
            raise RefusedError(HTTPStatus.CONFLICT, f"there is a stream {name!r} already; end it, or take another name")
        if len(self.streams) >= self._most:
            raise RefusedError(HTTPStatus.TOO_MANY_REQUESTS, "as many streams as may are on", {"Retry-After": "10"})
        ticket = self._gate.enter()
        try:
            stream = Stream(self._gate, ticket, make(), self._max_pixels)
        except BaseException:
            ticket.give_back()
            raise
        self.streams[name] = stream
        self._keep(self._forget(name, stream))
        try:
            connection = self._connection(stream, publisher=True)
            tracks = await self._offered(connection, offer)
            if not tracks:
                raise RefusedError(HTTPStatus.BAD_REQUEST, "the offer sends no video")
            track = tracks[0]
            receiver: Any = next(item for item in connection.getReceivers() if item.track is track)
            stream.publish(track, receiver._RTCRtpReceiver__decoder_queue.qsize)
            return await self._answered(stream, connection)
        except BaseException:
            await stream.end()
            raise

    async def watch(self, name: str, offer: str) -> tuple[str, str]:
        """Shows a stream to one more; as ``publish``.

        Raises:
            RefusedError: 404, there is no such stream; 400, 429: as there.
        """
        self._check_off()
        stream = self.streams.get(name)
        if stream is None:
            raise RefusedError(HTTPStatus.NOT_FOUND, f"there is no stream {name!r}")
        if len(stream.connections) > self._watchers:
            raise RefusedError(HTTPStatus.TOO_MANY_REQUESTS, "as many watch as may", {"Retry-After": "10"})
        connection = self._connection(stream, publisher=False)
        try:
            await self._offered(connection, offer)
            connection.addTrack(_Shown(stream))
            return await self._answered(stream, connection)
        except BaseException:
            await connection.close()
            raise

    async def end(self, name: str, session: str) -> None:
        """Ends a session; that of the publisher ends the stream.

        Raises:
            RefusedError: 404, there is no such session.
        """
        stream = self.streams.get(name)
        connection = None if stream is None else stream.connections.get(session)
        if stream is None or connection is None:
            raise RefusedError(HTTPStatus.NOT_FOUND, "there is no such session")
        if next(iter(stream.connections)) == session:
            await stream.end()
            return
        del stream.connections[session]
        await connection.close()

    async def close(self) -> None:
        """Ends all streams."""
        for stream in list(self.streams.values()):
            await stream.end()

    def _check_off(self) -> None:
        if not self._most:
            raise RefusedError(
                HTTPStatus.FORBIDDEN,
                "live video is off here; the operator sets ‹live› above 0",
            )

    def _connection(self, stream: Stream, *, publisher: bool) -> RTCPeerConnection:
        connection = RTCPeerConnection(RTCConfiguration(iceServers=[]))  # its own default asks a server of Google's

        @connection.on("connectionstatechange")
        async def changed() -> None:
            if connection.connectionState in ("failed", "closed"):
                gone = [session for session, known in stream.connections.items() if known is connection]
                for session in gone:
                    del stream.connections[session]
                await (stream.end() if publisher else connection.close())

        return connection

    async def _offered(self, connection: RTCPeerConnection, offer: str) -> list[MediaStreamTrack]:
        """Takes an offer; the tracks of video in it, which a watcher's has too, though nothing comes on them."""
        found: list[MediaStreamTrack] = []
        connection.on("track", found.append)
        try:
            if len(offer) > _LONGEST_OFFER or "m=video" not in offer:
                raise ValueError
            await connection.setRemoteDescription(RTCSessionDescription(offer, "offer"))
        except Exception:  # aiortc has no error of its own for what is no SDP
            raise RefusedError(HTTPStatus.BAD_REQUEST, "the body is no offer of video in SDP") from None
        for track in found:
            if track.kind != "video":
                self._keep(_discard(track))
        return [track for track in found if track.kind == "video"]

    async def _answered(self, stream: Stream, connection: RTCPeerConnection) -> tuple[str, str]:
        await connection.setLocalDescription(await connection.createAnswer())
        session = secrets.token_urlsafe(16)
        stream.connections[session] = connection
        return connection.localDescription.sdp, session

    async def _forget(self, name: str, stream: Stream) -> None:
        await stream.ended.wait()
        self.streams.pop(name, None)

    def _keep(self, work: Any) -> None:
        task = asyncio.create_task(work)
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)
