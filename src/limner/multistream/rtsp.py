"""An RTSP server for VLC and other players: GStreamer's, in a process of its own that is started again if it ends."""

from __future__ import annotations

import contextlib
import io
import queue
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import av

from limner.children import leaving_interrupts_to_us
from limner.errors import MediaError
from limner.multistream.rtsp_child import HEADER
from limner.streams.parcel import CODECS, Parcel

NEEDS = "python3-gst-1.0 gir1.2-gst-rtsp-server-1.0 gstreamer1.0-plugins-base gstreamer1.0-plugins-good"
"""Debian's packages."""
_CHILD = Path(__file__).with_name("rtsp_child.py")
_WAITING = 600
_RETRY = (0.5, 8.0)
_STARTING, _PATIENCE = 20.0, 10.0
"""Seconds that it may take to start, and to take one message."""
_Message = tuple[bytes, str, bytes]


class RtspServer:
    """Streams under rtsp://ADDRESS:PORT/NAME, with their sound.

    Args:
        login: user and password that watching needs; None lets everybody watch.
        tell: told when the server ended, and is started again.

    Raises:
        MediaError: GStreamer's server is not installed, or the port is taken.
    """

    def __init__(
        self, address: str, port: int, tell: Callable[[str], None], *, login: tuple[str, str] | None = None
    ) -> None:
        self._address, self._port, self._tell, self._login = address, port, tell, login or ("", "")
        self._lock = threading.Lock()
        self._heads: dict[str, tuple[bytes, bytes]] = {}
        self._queue: queue.Queue[_Message] = queue.Queue(_WAITING)
        self._closing = threading.Event()
        self._busy_since: float | None = None
        self._process = self._start()
        self._thread = threading.Thread(target=self._work, name="limner-rtsp", daemon=True)
        self._thread.start()

    def url(self, name: str) -> str:
        """Where a stream is found, from this machine."""
        host = "127.0.0.1" if self._address == "0.0.0.0" else self._address
        return f"rtsp://{host}:{self._port}/{name}"

    def mount(self, name: str) -> Mounted:
        """A stream of that name, from its first picture on."""
        return Mounted(self, name)

    def add(self, name: str, head: bytes, heard: bytes) -> None:
        """A stream; ``head`` is that of its H.264 as MP4 has it (avcC), ``heard`` that of its AAC, empty without."""
        with self._lock:
            self._heads[name] = head, heard
        self._put((b"S", name, heard))
        self._put((b"+", name, head))

    def remove(self, name: str) -> None:
        """No more of a stream: whoever watches it is let go."""
        with self._lock:
            self._heads.pop(name, None)
        self._put((b"-", name, b""))

    def hear(self, name: str, data: bytes) -> None:
        """The next bit of a stream's sound; it is dropped where the server is behind."""
        with contextlib.suppress(queue.Full):
            self._queue.put_nowait((b"s", name, data))

    def send(self, name: str, data: bytes, *, key: bool) -> bool:
        """The next picture of a stream; False where it is dropped, because the server is behind."""
        try:
            self._queue.put_nowait((b"K" if key else b"P", name, data))
        except queue.Full:
            return False
        return True

    def check(self) -> None:
        """Ends a server that has taken nothing for too long. To be called now and then."""
        since = self._busy_since
        if since is not None and time.monotonic() - since > _PATIENCE:
            self._busy_since = None
            self._process.kill()

    def close(self) -> None:
        """Ends the server."""
        self._closing.set()
        self._process.terminate()
        try:
            self._process.wait(2.0)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._thread.join(2.0)
        if self._process.stdin is not None:
            with contextlib.suppress(OSError, ValueError):  # what was left for it
                self._process.stdin.close()

    def _start(self) -> subprocess.Popen[bytes]:
        """The first Python that has GStreamer: the system's where ours has not."""
        for python in _pythons():
            if not Path(python).exists():
                continue
            with leaving_interrupts_to_us():
                process = subprocess.Popen(
                    [python, "-E", str(_CHILD), self._address, str(self._port)],
                    stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                )  # fmt: skip
            watchdog = threading.Timer(_STARTING, process.kill)
            watchdog.start()
            assert process.stdout is not None
            with contextlib.suppress(OSError):  # of one that lacks GStreamer
                self._write(b"@", self._login[0], self._login[1].encode(), to=process)
            said = process.stdout.readline().decode().strip()
            watchdog.cancel()
            if said == "ready":
                return process
            process.kill()
            process.wait()
            if said and said != "missing":
                raise MediaError(f"rtsp: {self._address}:{self._port} cannot be served: {said}; choose another port")
        raise MediaError(f"rtsp: serving needs GStreamer's RTSP server; install it (Debian: apt install {NEEDS})")

    def _work(self) -> None:
        wait = _RETRY[0]
        while not self._closing.is_set():
            try:
                self._write(*self._queue.get(timeout=0.25))
                wait = _RETRY[0]
            except queue.Empty:
                pass
            except (OSError, ValueError):
                pass
            if self._process.poll() is None or self._closing.is_set():
                continue
            self._tell("rtsp: the server ended; starting it again")
            self._closing.wait(wait)
            wait = min(_RETRY[1], 2 * wait)
            try:
                self._restart()
            except (MediaError, OSError) as error:
                self._tell(str(error))

    def _restart(self) -> None:
        self._process = self._start()
        with self._lock:
            for name, (head, heard) in self._heads.items():
                self._write(b"S", name, heard)
                self._write(b"+", name, head)

    def _put(self, message: _Message) -> None:
        """A message that must not be lost; what waits before it is, where the server is behind."""
        while True:
            try:
                return self._queue.put_nowait(message)
            except queue.Full:
                with contextlib.suppress(queue.Empty):
                    self._queue.get_nowait()

    def _write(self, kind: bytes, name: str, data: bytes, *, to: subprocess.Popen[bytes] | None = None) -> None:
        stdin, called = (to or self._process).stdin, name.encode()
        assert stdin is not None
        self._busy_since = time.monotonic()
        try:
            stdin.write(HEADER.pack(kind, len(called), len(data)) + called + data)
            stdin.flush()
        finally:
            self._busy_since = None


def _pythons() -> list[str]:
    """Those that may have GStreamer: ours, the system's, and the one of the path."""
    return list(dict.fromkeys([sys.executable, "/usr/bin/python3", shutil.which("python3") or sys.executable]))


class Mounted:
    """One stream of the server: a `limner.streams.outlet.Sink`.

    Attributes:
        url: where it is found, from this machine.
        wants_key: the next picture should be a key frame.
        sent, dropped: pictures.
    """

    def __init__(self, server: RtspServer, name: str) -> None:
        self._server, self._name, self.url = server, name, server.url(name)
        self.wants_key, self.sent, self.dropped = True, 0, 0

    def start(self, header: bytes) -> None:
        """``header`` is that of `limner.streams.encoder.LiveEncoder`."""
        with av.open(io.BytesIO(header)) as container:
            head = container.streams.video[0].codec_context.extradata
            sounds = [stream.codec_context.extradata for stream in container.streams.audio if stream.name == "aac"]
        self._server.add(self._name, head or b"", (sounds and sounds[0]) or b"")

    def put(self, parcel: Parcel) -> None:
        """Takes what comes next; never waits. Of sound it takes AAC."""
        if CODECS[parcel.stream] == "aac":
            self._server.hear(self._name, parcel.data)
        if parcel.stream != 0:
            return
        if (self.wants_key and not parcel.key) or not self._server.send(self._name, parcel.data, key=parcel.key):
            self.dropped += 1
            self.wants_key = True
            return
        self.wants_key = False
        self.sent += 1

    def check(self) -> None:
        """The server itself is looked after, see `RtspServer.check`."""

    def close(self, seconds: float = 0.0) -> None:
        """The stream is no more."""
        self._server.remove(self._name)
