"""Parcels into a container that FFmpeg's libraries write: to a file, a folder of HLS, or a server."""

from __future__ import annotations

import errno
import io
from pathlib import Path
from typing import Any

import av

from limner.errors import MediaError
from limner.media.result_file import LastingFile
from limner.streams.packets import FromFirstKey
from limner.streams.parcel import CODECS, Parcel

_MUXERS = {".mp4": "mp4", ".mov": "mov", ".mkv": "matroska", ".ts": "mpegts", ".flv": "flv"}
_SEGMENT_SECONDS = 2
_SEGMENTS = 6


class Muxed:
    """One target.

    Args:
        order: ``kind``, ``address``, ``shown`` and ``again``: it was open before.
        header: see `limner.streams.encoder.LiveEncoder`.

    Raises:
        MediaError: it cannot be opened.
    """

    def __init__(self, order: dict[str, Any], header: bytes) -> None:
        av.logging.set_level(av.logging.PANIC)
        self._shown = order["shown"]
        self._file: LastingFile | None = None
        self._packets = FromFirstKey()
        name, muxer, options = self._where(order)
        try:
            self._container = av.open(name, "w", format=muxer, container_options=options)
            self._template = av.open(io.BytesIO(header))
            self._streams: dict[int, Any] = {}
            for stream in self._template.streams:
                index = CODECS.index({"h264": "libx264", "aac": "aac", "opus": "libopus"}[stream.codec.canonical_name])
                if CODECS[index] != "libopus":
                    self._streams[index] = self._container.add_stream_from_template(stream, opaque=True)
            self._container.start_encoding()
        except (av.FFmpegError, OSError) as error:
            raise MediaError(f"{self._shown}: {_told(error)}") from None

    def _where(self, order: dict[str, Any]) -> tuple[str, str, dict[str, str]]:
        """What is opened, in which format, with which options."""
        kind, address = order["kind"], order["address"]
        if kind == "file":
            suffix = Path(address).suffix.lower()
            self._file = LastingFile(Path(address))
            quicktime = suffix in (".mp4", ".mov")
            options = self._file.muxer_options(quicktime=quicktime) if suffix in (".mp4", ".mov", ".mkv") else {}
            return str(self._file.path.absolute()), _MUXERS[suffix], options
        if kind == "hls":
            flags = "delete_segments+independent_segments+temp_file" + ("+append_list" if order["again"] else "")
            path = Path(address).absolute()
            return str(path), "hls", {
                "hls_time": str(_SEGMENT_SECONDS),
                "hls_list_size": str(_SEGMENTS),
                "hls_flags": flags,
                "hls_start_number_source": "epoch",  # after a restart numbers go on
                "hls_segment_filename": str(path.with_name(f"{path.stem.replace('%', '%%')}-%d.ts")),
            }  # fmt: skip
        if kind == "rtsp":
            return address, "rtsp", {"rtsp_transport": "tcp"}
        if kind == "udp":
            joined = "&" if "?" in address else "?"
            return f"{address}{joined}pkt_size=1316", "mpegts", {"flush_packets": "1"}
        return address, "flv", {"flvflags": "no_duration_filesize"}

    def send(self, parcel: Parcel) -> None:
        """
        Raises:
            MediaError: it takes nothing more.
        """
        stream = self._streams.get(parcel.stream)
        if stream is None:
            return
        packet = self._packets.packet(parcel)
        if packet is None:
            return
        packet.stream = stream
        try:
            self._container.mux(packet)
        except (av.FFmpegError, OSError) as error:
            if self._file is not None:
                self._file.give_up(self._container)
            raise MediaError(f"{self._shown}: {_told(error)}{self._left()}") from None

    def _left(self) -> str:
        """What is there of a file that cannot be written on."""
        if self._file is None:
            return ""
        return "; nothing was kept" if self._file.kept is None else f"; what was written is in {self._file.kept}"

    def finish(self) -> list[str]:
        """
        Raises:
            MediaError: what was left could not be written.
        """
        try:
            self._container.close()
            if self._file is not None:
                self._accept(self._file)
        except (av.FFmpegError, OSError) as error:
            raise MediaError(f"{self._shown}: {_told(error)}{self._left()}") from None
        return []

    def _accept(self, file: LastingFile) -> None:
        if not self._packets.begun:  # nothing ever came
            file.path.unlink(missing_ok=True)
        else:
            file.accept()


def _told(error: Exception) -> str:
    reason = str(getattr(error, "strerror", None) or error).strip() or type(error).__name__
    if isinstance(error, ConnectionRefusedError):
        return "connection refused; is the server running at that address and port?"
    if isinstance(error, BrokenPipeError | ConnectionResetError | av.EOFError):
        return "the server closed the connection; is it running, the name free and the key right?"
    if isinstance(error, PermissionError) and error.errno == errno.EPERM:
        return "the server refuses; is the name free and the key right?"
    if isinstance(error, OSError) and error.errno == errno.EIO:
        return "the server refuses, or went away; check the address"
    return reason
