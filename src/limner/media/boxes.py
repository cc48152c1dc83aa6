"""Boxes, of which files of the ISO base media format and of JPEG 2000 are made."""

from __future__ import annotations

import struct
from collections.abc import Iterator


def boxes(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """(kind, content) of the boxes that lie one after the other in `data`."""
    at = 0
    while at + 8 <= len(data):
        length, name = struct.unpack(">I4s", data[at : at + 8])
        head = 8
        if length == 1 and at + 16 <= len(data):
            length, head = struct.unpack(">Q", data[at + 8 : at + 16])[0], 16
        end = len(data) if length == 0 else at + length
        if end < at + head:
            return
        yield name, data[at + head : end]
        at = end
