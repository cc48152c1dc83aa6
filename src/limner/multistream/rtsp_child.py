"""Serves streams over RTSP with GStreamer's server: a program of its own, run by whichever Python has GStreamer.

It imports nothing of Limner. It is told on stdin what there is, in messages of a header, a name and data, and ends with
stdin. The header is the kind (one letter), the bytes of the name and those of the data. The first message is "@": a
user and a password that watching needs, or two empty texts. Then "S" says the head of a stream's AAC, where it has
sound; "+" begins a stream of that name, with the head of its H.264 as MP4 has it (avcC); "-" no more of it; "K" and "P"
are pictures of it, one that stands alone or one that follows from those before; "s" is sound.
"""

from __future__ import annotations

import signal
import struct
import sys
import threading
from typing import Any, BinaryIO

HEADER = struct.Struct("!cHI")
_PICTURES = (
    "appsrc name=source is-live=true format=time do-timestamp=true min-latency=0 max-bytes=4000000 block=false "
    'caps="video/x-h264,stream-format=(string)avc,alignment=(string)au,codec_data=(buffer){head}" '
    "! rtph264pay name=pay0 pt=96 config-interval=0"
)
_SOUND = (
    "appsrc name=sound is-live=true format=time min-latency=0 max-bytes=1000000 block=false "
    'caps="audio/mpeg,mpegversion=(int)4,stream-format=(string)raw,rate=(int)48000,channels=(int)2,'
    'codec_data=(buffer){head}" ! rtpmp4gpay name=pay1 pt=97'
)
_LASTS = 1024 * 1_000_000_000 // 48_000
"""Nanoseconds of one message of sound."""
_APART = 300_000_000
"""Nanoseconds that sound may come earlier or later than what was before it says, before its clock is set anew."""
_REALM = "limner"
_WATCHER = "watcher"
"""What GStreamer calls who may watch."""
_MOST = 600
"""Pictures since the last that stands alone, kept for who joins now."""


class Mount:
    """One stream: what was sent since its last picture that stands alone, and to whom it goes.

    Args:
        gst: GStreamer.
        heard: the head of its sound; empty: there is none.
    """

    def __init__(self, gst: Any, heard: bytes = b"") -> None:
        self._gst, self.heard = gst, heard
        self._sound: Any = None
        self._next = 0
        self._lock = threading.Lock()
        self._group: list[bytes] = []
        self._source: Any = None

    def joined(self, source: Any, sound: Any) -> None:
        """Somebody watches: the pictures go there from now on, those since the last that stands alone first."""
        with self._lock:
            self._source, self._sound, self._next = source, sound, 0
            for data in self._group:
                self._push(data)

    def left(self) -> None:
        """Nobody watches any more."""
        with self._lock:
            self._source = self._sound = None

    def picture(self, data: bytes, key: bool) -> None:
        """The next picture."""
        with self._lock:
            if key:
                self._group.clear()
            if key or (self._group and len(self._group) < _MOST):
                self._group.append(data)
            if self._source is not None:
                self._push(data)

    def sound(self, data: bytes) -> None:
        """The next bit of sound. It comes unevenly and is played evenly: what follows on begins where that ended."""
        with self._lock:
            if self._sound is None:
                return
            now = self._sound.get_current_running_time()
            if now == self._gst.CLOCK_TIME_NONE:
                return
            if abs(now - self._next) > _APART:
                self._next = now
            buffer = self._gst.Buffer.new_wrapped(data)
            buffer.pts, buffer.duration = self._next, _LASTS
            self._next += _LASTS
            self._sound.emit("push-buffer", buffer)

    def _push(self, data: bytes) -> None:
        self._source.emit("push-buffer", self._gst.Buffer.new_wrapped(data))


def main() -> int:
    """``rtsp_child.py ADDRESS PORT``; writes "ready" or why not on stdout, "missing" where GStreamer is not there."""
    try:
        import gi

        gi.require_version("Gst", "1.0")
        gi.require_version("GstRtspServer", "1.0")
        from gi.repository import GLib, Gst, GstRtspServer
    except (ImportError, ValueError):
        print("missing", flush=True)
        return 3
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    Gst.init(None)
    if not all(Gst.ElementFactory.find(name) for name in ("appsrc", "rtph264pay", "rtpmp4gpay")):
        print("missing", flush=True)
        return 3
    server = GstRtspServer.RTSPServer()
    server.set_address(sys.argv[1])
    server.set_service(sys.argv[2])
    told = messages(sys.stdin.buffer)
    _, user, password = next(told, (b"@", "", b""))
    if user:
        server.set_auth(_lock(GstRtspServer, user, password.decode()))
    if not server.attach(None):
        print("the port is in use, or the address is not of this machine", flush=True)
        return 1
    print("ready", flush=True)
    mounts: dict[str, Mount] = {}
    loop = GLib.MainLoop()

    def add(name: str, mount: Mount, head: bytes) -> None:
        factory = GstRtspServer.RTSPMediaFactory()
        parts = [_PICTURES.format(head=head.hex())]
        if mount.heard:
            parts.append(_SOUND.format(head=mount.heard.hex()))
        factory.set_launch(f"( {' '.join(parts)} )")
        factory.set_shared(True)
        factory.set_latency(0)

        def configure(_: Any, media: Any) -> None:
            element = media.get_element()
            mount.joined(element.get_by_name("source"), element.get_by_name("sound"))
            media.connect("unprepared", lambda _: mount.left())

        factory.connect("media-configure", configure)
        if user:
            allowed = GstRtspServer.RTSPPermissions()
            for what in ("access", "construct"):
                allowed.add_permission_for_role(_WATCHER, f"media.factory.{what}", True)
            factory.set_permissions(allowed)
        server.get_mount_points().add_factory(f"/{name}", factory)

    def remove(name: str) -> None:
        server.get_mount_points().remove_factory(f"/{name}")
        server.client_filter(lambda _, client: _gone(GstRtspServer, client, f"/{name}"))

    def expire() -> bool:
        server.get_session_pool().cleanup()
        return True

    def listen() -> None:
        heard: dict[str, bytes] = {}
        try:
            for kind, name, data in told:
                if kind == b"S":
                    heard[name] = data
                elif kind == b"+":
                    mounts[name] = Mount(Gst, heard.pop(name, b""))
                    GLib.idle_add(add, name, mounts[name], data)
                elif kind == b"-":
                    mounts.pop(name, None)
                    GLib.idle_add(remove, name)
                elif kind == b"s" and name in mounts:
                    mounts[name].sound(data)
                elif name in mounts:
                    mounts[name].picture(data, kind == b"K")
        finally:
            GLib.idle_add(loop.quit)

    threading.Thread(target=listen, daemon=True).start()
    GLib.timeout_add_seconds(5, expire)
    loop.run()
    return 0


def _lock(rtsp: Any, user: str, password: str) -> Any:
    """What lets in who has the password. It is never sent as it is (digest), but pictures and sound are."""
    token = rtsp.RTSPToken()
    token.set_string("media.factory.role", _WATCHER)
    auth = rtsp.RTSPAuth()
    auth.set_realm(_REALM)
    auth.add_digest(user, password, token)
    auth.set_supported_methods(_DIGEST)
    return auth


_DIGEST = 2
"""GstRtsp.RTSPAuthMethod.DIGEST"""


def _gone(rtsp: Any, client: Any, path: str) -> Any:
    """Whether a client of a stream that is no more is to be let go."""
    watches = False

    def look(_: Any, session: Any) -> Any:
        nonlocal watches
        watches = watches or bool(session.get_media(path)[0])
        return rtsp.RTSPFilterResult.KEEP

    client.session_filter(look)
    return rtsp.RTSPFilterResult.REMOVE if watches else rtsp.RTSPFilterResult.KEEP


def messages(stream: BinaryIO) -> Any:
    """(kind, name, data) of each message until the end."""
    while len(head := stream.read(HEADER.size)) == HEADER.size:
        kind, of_name, of_data = HEADER.unpack(head)
        name, data = stream.read(of_name), stream.read(of_data)
        if len(data) < of_data:
            return
        yield kind, name.decode(), data


if __name__ == "__main__":
    sys.exit(main())
