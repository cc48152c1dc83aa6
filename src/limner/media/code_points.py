"""Colours that a photo names by numbers (ITU-T H.273) instead of a profile: PNG cICP, AVIF and HEIF nclx, EXIF R03."""

from __future__ import annotations

import struct

from PIL import Image as Pillow

from limner.media.exif import directory
from limner.media.heif_boxes import primary_properties
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
    for name, body in primary_properties(data):
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
