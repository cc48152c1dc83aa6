"""IPTC of a photo (IIM 4.2: titles, keywords, rights), made fit for what an effect made of it."""

from __future__ import annotations

import struct
from typing import Any

import numpy as np
from PIL import Image as Pillow

TIFF_TAG = 33723
_RESOURCES, _IIM = "photoshop", 0x0404
"""Where Photoshop's resources of a JPEG are, and which of them is IPTC."""
_ENVELOPE, _APPLICATION = 1, 2
_CHARACTER_SET = 90
_PREVIEW = range(200, 203)
"""A small picture of the photo as it was, its format and version."""
_PLACE = {26, 27, 90, 92, 95, 100, 101}
_SEGMENT_LIMIT = 65_533


def read_iptc(opened: Pillow.Image) -> bytes | None:
    """IPTC of an opened JPEG or TIFF without what shows the photo as it was; None where there is none."""
    resources = opened.info.get(_RESOURCES)
    data: Any = resources.get(_IIM) if isinstance(resources, dict) else None
    if data is None:  # as it lies in the file: some programs call the bytes long numbers, of which Pillow gives one
        data = getattr(getattr(opened, "tag_v2", None), "_tagdata", {}).get(TIFF_TAG)
    if not isinstance(data, (bytes, bytearray)):
        return None
    if data[:1] != b"\x1c" and data[3:4] == b"\x1c":  # numbers in the other order of bytes
        data = np.frombuffer(data[: len(data) // 4 * 4], np.uint32).byteswap().tobytes()
    return clean_iptc(bytes(data))


def clean_iptc(data: bytes, *, place: bool = True) -> bytes | None:
    """`data` without previews; None where nothing is left. What follows a damaged field is left out.

    Args:
        place: keep where the photo was taken.
    """
    kept, told, at = b"", False, 0
    while at + 5 <= len(data) and data[at] == 0x1C:
        record, field = data[at + 1], data[at + 2]
        length = int.from_bytes(data[at + 3 : at + 5], "big")
        end = at + 5 + length
        if length & 0x8000 or end > len(data):  # longer than any field for people, or cut off
            break
        if record == _APPLICATION and field not in _PREVIEW and (place or field not in _PLACE):
            kept, told = kept + data[at:end], told or field != 0
        elif record == _ENVELOPE and field == _CHARACTER_SET:
            kept += data[at:end]
        at = end
    return kept if told else None


def jpeg_segment(iptc: bytes) -> bytes | None:
    """The segment of a JPEG that holds `iptc`; None where it is too long for one."""
    resource = b"8BIM" + struct.pack(">HHI", _IIM, 0, len(iptc)) + iptc + bytes(len(iptc) % 2)
    body = b"Photoshop 3.0\0" + resource
    return b"\xff\xed" + struct.pack(">H", len(body) + 2) + body if len(body) <= _SEGMENT_LIMIT else None
