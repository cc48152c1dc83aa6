"""Photos whose colours are named by code points: a profile made for them."""

from __future__ import annotations

import struct

from limner.media.primaries import (
    ADOBE_RGB,
    D50,
    GAMMAS,
    HLG,
    PQ,
    PRIMARIES,
    SRGB_PRIMARIES,
    CodePoints,
    to_xyz_d50,
)

_NAMES = {1: "BT.709", 9: "BT.2020", 11: "DCI-P3", 12: "Display P3", ADOBE_RGB: "Adobe RGB (1998)"}


def is_known(points: CodePoints) -> bool:
    """Whether these are colours other than sRGB that can be converted."""
    if points.primaries not in PRIMARIES:
        return False
    return points.is_hdr or points.primaries != SRGB_PRIMARIES or points.transfer in GAMMAS


def make_profile(points: CodePoints) -> bytes:
    """An ICC profile (version 2.4 matrix, 4.0 where the curve needs it) for colours that are not HDR."""
    columns = to_xyz_d50(points.primaries).T
    gamma = GAMMAS.get(points.transfer)
    if gamma is None:  # the curve of sRGB, IEC 61966-2-1
        curve = b"para\0\0\0\0\0\3\0\0" + _s15(2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045)
    else:
        curve = b"curv\0\0\0\0" + struct.pack(">IH", 1, round(gamma * 256)) + b"\0\0"
    name = _NAMES.get(points.primaries, f"H.273 primaries {points.primaries}")
    tags = {
        b"desc": _text(name),
        b"cprt": _text("no copyright"),
        b"wtpt": b"XYZ \0\0\0\0" + _s15(*D50),
        b"rXYZ": b"XYZ \0\0\0\0" + _s15(*columns[0]),
        b"gXYZ": b"XYZ \0\0\0\0" + _s15(*columns[1]),
        b"bXYZ": b"XYZ \0\0\0\0" + _s15(*columns[2]),
        b"rTRC": curve,
        b"gTRC": curve,
        b"bTRC": curve,
    }
    table, body, at = struct.pack(">I", len(tags)), b"", 132 + 12 * len(tags)
    for tag, data in tags.items():
        table += tag + struct.pack(">II", at + len(body), len(data))
        body += data + bytes(-len(data) % 4)
    head = struct.pack(">I4sI4s4s4s", at + len(body), b"lcms", 0x04000000, b"mntr", b"RGB ", b"XYZ ")
    head += struct.pack(">6H", 2000, 1, 1, 0, 0, 0) + b"acsp" + bytes(28) + _s15(*D50) + bytes(48)
    return head + table + body


def name_of(points: CodePoints) -> str:
    """For messages."""
    curve = {PQ: " PQ", HLG: " HLG"}.get(points.transfer, "")
    return _NAMES.get(points.primaries, f"primaries {points.primaries}") + curve


def _s15(*values: float) -> bytes:
    return b"".join(struct.pack(">i", round(value * 65536)) for value in values)


def _text(value: str) -> bytes:
    return (
        b"mluc\0\0\0\0" + struct.pack(">II2s2sII", 1, 12, b"en", b"US", 2 * len(value), 28) + value.encode("utf-16-be")
    )
