"""Colours that a photo names by numbers (ITU-T H.273) instead of a profile: PNG cICP, AVIF and HEIF nclx, EXIF R03."""

from __future__ import annotations

import struct
from collections.abc import Iterator

from PIL import Image as Pillow

from limner.media.exif import directory
from limner.media.primaries import ADOBE_RGB, CodePoints

_INTEROP, _INTEROP_INDEX, _COLOR_SPACE, _CAMERA = 0xA005, 1, 0xA001, 0x8769
_UNCALIBRATED = 65535


def png_code_points(data: bytes) -> CodePoints | None:
    """Of the chunk cICP, which counts more than a profile."""
    at = 8
    while at + 12 <= len(data):
        length, name = struct.unpack(">I4s", data[at : at + 8])
        if name == b"cICP" and length == 4:
            return CodePoints(data[at + 8], data[at + 9])
        if name == b"IDAT":
            return None
        at += 12 + length
    return None


def heif_code_points(data: bytes) -> CodePoints | None:
    """Of the primary picture of an AVIF or HEIC file."""
    meta = next((body for name, body in _boxes(data) if name == b"meta"), None)
    if meta is None:
        return None
    boxes = dict(_boxes(meta[4:]))
    primary, properties = boxes.get(b"pitm"), dict(_boxes(boxes.get(b"iprp", b"")))
    if primary is None or len(primary) < 6:
        return None
    item = int.from_bytes(primary[4:6] if primary[0] == 0 else primary[4:8], "big")
    container = list(_boxes(properties.get(b"ipco", b"")))
    for index in _associated(properties.get(b"ipma", b""), item):
        if 0 < index <= len(container):
            name, body = container[index - 1]
            if name == b"colr" and body[:4] == b"nclx" and len(body) >= 8:
                return CodePoints(*struct.unpack(">HH", body[4:8]))
    return None


def exif_code_points(exif: Pillow.Exif) -> CodePoints | None:
    """Adobe RGB, which cameras name by an uncalibrated colour space and the interoperability index R03."""
    if directory(exif, _CAMERA).get(_COLOR_SPACE) != _UNCALIBRATED:
        return None
    index = directory(exif, _INTEROP).get(_INTEROP_INDEX)
    index = index.decode("ascii", "replace") if isinstance(index, bytes) else str(index)
    return CodePoints(ADOBE_RGB, ADOBE_RGB) if index.strip("\0 ") == "R03" else None


def _boxes(data: bytes) -> Iterator[tuple[bytes, bytes]]:
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


def _associated(body: bytes, item: int) -> list[int]:
    """Numbers, from 1 on, of the properties of `item`."""
    if len(body) < 8:
        return []
    version, wide = body[0], bool(body[3] & 1)
    count, at = int.from_bytes(body[4:8], "big"), 8
    size = 2 if version < 1 else 4
    for _ in range(count):
        owner, at = int.from_bytes(body[at : at + size], "big"), at + size
        if at >= len(body):
            return []
        many, at = body[at], at + 1
        step = 2 if wide else 1
        found = [int.from_bytes(body[at + k * step : at + (k + 1) * step], "big") for k in range(many)]
        if owner == item:
            return [index & (0x7FFF if wide else 0x7F) for index in found]
        at += many * step
    return []
