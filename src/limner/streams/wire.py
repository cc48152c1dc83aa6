"""What passes between a target and the process that sends for it: a first line that says where to, then parcels."""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator
from typing import IO, Any

from limner.streams.parcel import Parcel

_PARCEL = struct.Struct(">IBBqq")


def write_order(pipe: IO[bytes], order: dict[str, Any], header: bytes) -> None:
    """Where to send, and the head of an MP4 file that tells the streams."""
    text = json.dumps(order).encode()
    pipe.write(struct.pack(">II", len(text), len(header)) + text + header)
    pipe.flush()


def read_order(pipe: IO[bytes]) -> tuple[dict[str, Any], bytes]:
    """
    Raises:
        EOFError: whoever was to write it is gone.
    """
    lengths = struct.unpack(">II", _exactly(pipe, 8))
    order: dict[str, Any] = json.loads(_exactly(pipe, lengths[0]))
    return order, _exactly(pipe, lengths[1])


def write_parcel(pipe: IO[bytes], parcel: Parcel) -> None:
    head = _PARCEL.pack(len(parcel.data), parcel.stream, parcel.key, parcel.pts, parcel.duration)
    pipe.write(head + parcel.data)
    pipe.flush()


def read_parcels(pipe: IO[bytes]) -> Iterator[Parcel]:
    """Until the pipe ends, in the middle of a parcel too."""
    while True:
        try:
            length, stream, key, pts, duration = _PARCEL.unpack(_exactly(pipe, _PARCEL.size))
            data = _exactly(pipe, length)
        except EOFError:
            return
        yield Parcel(stream, data, pts, duration, bool(key))


def _exactly(pipe: IO[bytes], count: int) -> bytes:
    data = pipe.read(count)
    if len(data) < count:
        raise EOFError
    return data
