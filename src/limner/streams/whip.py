"""Parcels to a WHIP server (RFC 9725): H.264 and Opus over WebRTC, through aiortc.

FFmpeg's own WHIP muxer does not connect to servers that are made with aiortc, and knows no other codec either.
"""

from __future__ import annotations

import asyncio
import io
import threading
import urllib.error
import urllib.request
from collections.abc import Coroutine
from typing import Any, TypeVar
from urllib.parse import unquote, urljoin, urlsplit

import av

from limner.errors import MediaError, MissingExtraError
from limner.streams.packets import FromFirstKey
from limner.streams.parcel import CODECS, Parcel

try:
    from aiortc import RTCConfiguration, RTCPeerConnection, RTCRtpSender, RTCSessionDescription
    from aiortc.mediastreams import MediaStreamTrack
except ImportError as _missing:
    raise MissingExtraError("sending to a WHIP server", "aiortc", "webrtc") from _missing

T = TypeVar("T")
_PATIENCE = 8.0
_MOST_WAITING = 600


class _Track(MediaStreamTrack):
    """Encoded packets, as they come."""

    def __init__(self, kind: str) -> None:
        super().__init__()
        self.kind = kind
        self._packets: asyncio.Queue[av.Packet[Any]] = asyncio.Queue()

    def offer(self, packet: av.Packet[Any]) -> None:
        if self._packets.qsize() < _MOST_WAITING:
            self._packets.put_nowait(packet)

    async def recv(self) -> av.Packet[Any]:
        return await self._packets.get()


class Whip:
    """One session with a server.

    Args:
        order: ``address``, with the bearer's token as its user where the server wants one, and ``shown``.
        header: see `limner.streams.encoder.LiveEncoder`.

    Raises:
        MediaError: the server cannot be reached, refuses, or does not connect in time.
    """

    def __init__(self, order: dict[str, Any], header: bytes) -> None:
        self._shown = order["shown"]
        parts = urlsplit(order["address"])
        self._token = unquote(parts.username or "")
        self._url = parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()
        self._session: str | None = None
        self._packets = FromFirstKey()
        with av.open(io.BytesIO(header)) as template:
            names = {stream.codec.canonical_name for stream in template.streams}
            self._to_start_codes = av.BitStreamFilterContext("h264_mp4toannexb", template.streams.video[0])
        self._sounds = "opus" in names
        self._loop = asyncio.new_event_loop()
        threading.Thread(target=self._loop.run_forever, name="limner-whip", daemon=True).start()
        self._run(self._connect())

    def send(self, parcel: Parcel) -> None:
        """
        Raises:
            MediaError: the connection is gone.
        """
        if self._connection.connectionState in ("failed", "closed"):
            raise MediaError(f"{self._shown}: the server closed the connection")
        track = self._tracks.get(CODECS[parcel.stream])
        packet = None if track is None else self._packets.packet(parcel)
        if track is None or packet is None:
            return
        base = packet.time_base
        for item in self._to_start_codes.filter(packet) if parcel.stream == 0 else [packet]:
            item.time_base = base
            self._loop.call_soon_threadsafe(track.offer, item)

    def finish(self) -> list[str]:
        """Tells the server, and leaves."""
        if self._session is not None:
            try:
                self._request("DELETE", self._session, b"")
            except MediaError:
                self._session = None  # it forgets whoever sends nothing more, sooner or later
        self._run(self._connection.close())
        return []

    async def _connect(self) -> None:
        self._connection = RTCPeerConnection(RTCConfiguration(iceServers=[]))  # aiortc's own asks a server of Google's
        connected = asyncio.Event()

        @self._connection.on("connectionstatechange")
        async def changed() -> None:
            if self._connection.connectionState in ("connected", "failed", "closed"):
                connected.set()

        self._tracks = {"libx264": _Track("video")} | ({"libopus": _Track("audio")} if self._sounds else {})
        for track in self._tracks.values():
            transceiver = self._connection.addTransceiver(track, direction="sendonly")
            if track.kind == "video":
                known = RTCRtpSender.getCapabilities("video").codecs
                transceiver.setCodecPreferences([codec for codec in known if codec.mimeType == "video/H264"])
        await self._connection.setLocalDescription(await self._connection.createOffer())
        offer = self._connection.localDescription.sdp.encode()
        answer = await asyncio.to_thread(self._request, "POST", self._url, offer)
        await self._connection.setRemoteDescription(RTCSessionDescription(answer, "answer"))
        try:
            await asyncio.wait_for(connected.wait(), _PATIENCE)
        except TimeoutError:
            raise MediaError(f"{self._shown}: no connection to the server came about in {_PATIENCE:g} s") from None
        if self._connection.connectionState != "connected":
            raise MediaError(f"{self._shown}: the server answered, but no connection came about")

    def _request(self, method: str, url: str, body: bytes) -> str:
        """What the server answers.

        Raises:
            MediaError: it cannot be reached, or refuses.
        """
        headers = {"Content-Type": "application/sdp"}
        if self._token:
            headers["Authorization"] = f"Bearer {self._token}"
        request = urllib.request.Request(url, body or None, headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=_PATIENCE) as answer:
                place = answer.headers.get("Location")
                if method == "POST":
                    self._session = None if place is None else urljoin(url, place)
                return str(answer.read().decode("utf-8", "replace"))
        except urllib.error.HTTPError as error:
            raise MediaError(f"{self._shown}: the server refuses: {error.code} {_why(error)}") from None
        except (OSError, ValueError) as error:
            reason = getattr(error, "reason", error)
            raise MediaError(f"{self._shown}: cannot be reached ({reason}); is the server running?") from None

    def _run(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(3 * _PATIENCE)


def _why(error: urllib.error.HTTPError) -> str:
    if error.code in (401, 403):
        return f"{error.reason}; put its key into the address: https://KEY@HOST/…"
    return str(error.reason)
