"""Targets looked at before anything is opened: what is certain to fail is told at once, in a line."""

from __future__ import annotations

import importlib.util
import os
import socket
from collections.abc import Iterable, Sequence
from fractions import Fraction
from pathlib import Path
from urllib.parse import urlsplit

from limner.errors import MediaError, MissingExtraError, OptionError
from limner.media.picture_reader import probe_pictures
from limner.media.picture_series import find_pictures, names_pictures
from limner.media.video_info import probe_video
from limner.places import check_file, refuse_to_replace
from limner.streams.address import Address

_PORTS = {"rtmp": 1935, "rtmps": 443, "rtsp": 554, "rtsps": 322, "http": 80, "https": 443}
_PATIENCE = 5.0


def check_targets(targets: Sequence[Address], files: Iterable[Path]) -> None:
    """
    Args:
        files: what is read, and may not be replaced.

    Raises:
        OptionError: there is none, two are the same, or one is read as well.
        MediaError: a folder is missing, or nobody listens at an address.
        MissingExtraError: WHIP without its library.
    """
    if not targets:
        raise OptionError("‹to› is missing: say where the stream goes: ‹to› rtmp://HOST/APP/KEY, or ‹to› copy.mp4")
    for index, target in enumerate(targets):
        if any(_same(target, other) for other in targets[:index]):
            raise OptionError(f"‹to› {target.shown} is named twice; give each target once")
    places = [Path(target.text) for target in targets if target.kind in ("file", "hls")]
    refuse_to_replace(places, files, option="to")
    for place in places:
        check_file(place)
    for target in targets:
        if target.kind == "whip" and importlib.util.find_spec("aiortc") is None:
            raise MissingExtraError("sending to a WHIP server", "aiortc", "webrtc")
        if target.kind == "udp":
            _resolve(target)
        elif target.kind not in ("file", "hls"):
            _connect(target)


def check_source(source: Address, fps: Fraction | None = None) -> None:
    """
    Args:
        fps: frames a second, of numbered pictures.

    Raises:
        OptionError: the address has no port that there can be; ``fps`` is missing, or does not go with the source.
        MediaError: its host is unknown; the file is no video; there are no such pictures.
    """
    pictures = source.kind == "file" and names_pictures(Path(source.text))
    if fps is not None and not pictures:
        raise OptionError(f"‹fps› is for numbered pictures, and {source.shown} has its own times; leave it out")
    if pictures:
        probe_pictures(find_pictures(Path(source.text), fps))
    elif source.kind == "file":
        probe_video(source.text)
    elif source.kind != "camera":
        _resolve(source, any_host=source.kind == "udp")


def _same(one: Address, other: Address) -> bool:
    if one.kind in ("file", "hls") and other.kind in ("file", "hls"):
        return os.path.realpath(one.text) == os.path.realpath(other.text)
    return one.text == other.text


def _where(target: Address) -> tuple[str, int]:
    """Host and port."""
    parts = urlsplit(target.text)
    try:
        return parts.hostname or "", parts.port or _PORTS.get(parts.scheme.lower(), 0)
    except ValueError:
        raise OptionError(f"{target.shown}: has no port between 0 and 65535") from None


def _resolve(target: Address, *, any_host: bool = False) -> None:
    host, port = _where(target)
    if not port:
        raise OptionError(f"{target.shown}: names no port; say for example udp://HOST:5000")
    try:
        if host or not any_host:
            socket.getaddrinfo(host, port)
    except (OSError, UnicodeError):
        raise MediaError(f"{target.shown}: there is no such host; check the name") from None


def _connect(target: Address) -> None:
    """Whether somebody listens there now."""
    host, port = _where(target)
    try:
        socket.create_connection((host, port), _PATIENCE).close()
    except (socket.gaierror, UnicodeError):
        raise MediaError(f"{target.shown}: there is no such host; check the name") from None
    except ConnectionRefusedError:
        raise MediaError(f"{target.shown}: nobody listens at port {port}; start the server first") from None
    except OSError as error:
        reason = "no answer" if isinstance(error, TimeoutError) else error.strerror or str(error)
        raise MediaError(f"{target.shown}: cannot be reached ({reason}); check the address") from None
