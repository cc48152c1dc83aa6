"""What sources and targets are called: addresses on the network, cameras, files, and folders of HLS."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from limner.errors import OptionError

Kind = Literal["rtsp", "rtmp", "hls", "http", "udp", "whip", "camera", "file"]

_SCHEMES: dict[str, Kind] = {
    "rtsp": "rtsp",
    "rtsps": "rtsp",
    "rtmp": "rtmp",
    "rtmps": "rtmp",
    "http": "http",
    "https": "http",
    "udp": "udp",
}
FILES = (".mp4", ".mov", ".mkv", ".ts", ".flv")
"""Endings of files that hold live H.264 and AAC."""
PLAYLIST = ".m3u8"
_SRT = (
    "SRT is not in FFmpeg's libraries here; put srt-live-transmit between: udp://127.0.0.1:PORT here, and there "
    "{command}"
)


@dataclass(frozen=True, slots=True)
class Address:
    """Where a stream comes from or goes to.

    Attributes:
        text: what opens it.
        kind: how it is opened.
        shown: what messages call it, without passwords, keys and queries.
    """

    text: str
    kind: Kind
    shown: str

    @property
    def live(self) -> bool:
        """Whoever is at the other end goes on by the clock, and waits for nobody."""
        return self.kind != "file"


def parse_source(text: str) -> Address:
    """
    Raises:
        OptionError: no scheme that can be read.
    """
    if re.fullmatch(r"\d+", text) or text.startswith("/dev/video"):
        return Address(text, "camera", text)
    scheme = _scheme(text)
    if scheme is None:
        return Address(text, "file", text)
    if scheme == "srt":
        raise OptionError(f"{_hidden(text)}: {_SRT.format(command='srt-live-transmit SRT udp://127.0.0.1:PORT')}")
    kind = _SCHEMES.get(scheme)
    if kind is None:
        raise OptionError(f"{_hidden(text)}: {scheme}:// cannot be read; use one of {_known()}, a file or a camera")
    _check_host(text)
    if kind == "http" and urlsplit(text).path.endswith(PLAYLIST):
        kind = "hls"
    return Address(text, kind, _hidden(text))


def parse_target(text: str) -> Address:
    """
    Raises:
        OptionError: no scheme that can be sent to, or no name of a file that can be written live.
    """
    scheme = _scheme(text)
    if scheme is None:
        return _place(text)
    if scheme == "srt":
        raise OptionError(f"{_hidden(text)}: {_SRT.format(command='srt-live-transmit udp://127.0.0.1:PORT SRT')}")
    kind = _SCHEMES.get(scheme)
    if kind is None:
        raise OptionError(
            f"{_hidden(text)}: {scheme}:// cannot be sent to; use one of {_known()} (http and https: WHIP), a file "
            f"({', '.join(FILES)}) or a folder (HLS)"
        )
    _check_host(text)
    return Address(text, "whip" if kind == "http" else kind, _hidden(text))


def _place(text: str) -> Address:
    path = Path(text)
    if path.suffix.lower() == PLAYLIST:
        return Address(text, "hls", text)
    if text and (path.is_dir() or text.endswith("/")):
        return Address(str(path / f"index{PLAYLIST}"), "hls", text)
    if path.suffix.lower() not in FILES:
        what = f"{path.suffix} is no format for live video" if path.suffix else "is no address, file or folder"
        raise OptionError(
            f"{text or repr(text)}: {what}; use {', '.join(FILES)}, {PLAYLIST} or a folder for HLS, or an address such "
            "as rtmp://HOST/APP/KEY"
        )
    return Address(text, "file", text)


def _scheme(text: str) -> str | None:
    found = re.match(r"([A-Za-z][A-Za-z0-9+.-]*)://", text)
    return None if found is None else found[1].lower()


def _known() -> str:
    return ", ".join(f"{name}://" for name in _SCHEMES)


def _check_host(text: str) -> None:
    try:
        parts = urlsplit(text)
        there = bool(parts.hostname) or (parts.scheme == "udp" and parts.port)
    except ValueError:
        there = False
    if not there:
        raise OptionError(f"{_hidden(text)}: is no complete address; say for example rtsp://HOST:PORT/NAME")


def _hidden(text: str) -> str:
    """The address without what only its owner may read: users and passwords, queries, and the key of an RTMP stream."""
    head, _, rest = text.partition("://")
    host, slash, path = rest.partition("/")
    host = host.rpartition("@")[2] if host.count("@") and not host.startswith("@") else host
    path = path.partition("?")[0]
    if head.lower() in ("rtmp", "rtmps") and "/" in path:
        path = f"{path.rpartition('/')[0]}/***"
    return f"{head}://{host.partition('?')[0]}{slash}{path}"
