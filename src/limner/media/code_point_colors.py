"""Photos whose colours are named by code points: a profile made for them, or HDR toned down to sRGB."""

from __future__ import annotations

import struct

import numpy as np
from numpy.typing import NDArray

from limner.media.code_points import ADOBE_RGB, HLG, PQ, SRGB_CURVE, SRGB_PRIMARIES, CodePoints

Matrix = NDArray[np.float64]
Pixels = NDArray[np.uint8]

_D65, _DCI, _C = (0.3127, 0.3290), (0.314, 0.351), (0.310, 0.316)
# (red, green, blue, white) as CIE 1931 x and y: H.273, table 2, and Adobe RGB (1998).
_PRIMARIES = {
    1: ((0.640, 0.330), (0.300, 0.600), (0.150, 0.060), _D65),
    4: ((0.67, 0.33), (0.21, 0.71), (0.14, 0.08), _C),
    5: ((0.640, 0.330), (0.290, 0.600), (0.150, 0.060), _D65),
    6: ((0.630, 0.340), (0.310, 0.595), (0.155, 0.070), _D65),
    7: ((0.630, 0.340), (0.310, 0.595), (0.155, 0.070), _D65),
    9: ((0.708, 0.292), (0.170, 0.797), (0.131, 0.046), _D65),
    11: ((0.680, 0.320), (0.265, 0.690), (0.150, 0.060), _DCI),
    12: ((0.680, 0.320), (0.265, 0.690), (0.150, 0.060), _D65),
    ADOBE_RGB: ((0.640, 0.330), (0.210, 0.710), (0.150, 0.060), _D65),
}
_NAMES = {1: "BT.709", 9: "BT.2020", 11: "DCI-P3", 12: "Display P3", ADOBE_RGB: "Adobe RGB (1998)"}
# Viewers show photos with the camera curves of video (BT.601, 709, 2020) as they show sRGB, so these count as such.
_GAMMAS = {4: 2.2, 5: 2.8, 8: 1.0, ADOBE_RGB: 563 / 256}
_D50 = np.array([0.9642, 1.0, 0.8249])
_BRADFORD = np.array([[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]])
_WHITE_NITS = 203.0
"""Of diffuse white in HDR: ITU-R BT.2408."""
_KNEE = 0.8


def is_known(points: CodePoints) -> bool:
    """Whether these are colours other than sRGB that can be converted."""
    if points.primaries not in _PRIMARIES:
        return False
    return points.is_hdr or points.primaries != SRGB_PRIMARIES or points.transfer in _GAMMAS


def make_profile(points: CodePoints) -> bytes:
    """An ICC profile (version 2.4 matrix, 4.0 where the curve needs it) for colours that are not HDR."""
    columns = _to_xyz_d50(points.primaries).T
    gamma = _GAMMAS.get(points.transfer)
    if gamma is None:  # the curve of sRGB, IEC 61966-2-1
        curve = b"para\0\0\0\0\0\3\0\0" + _s15(2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045)
    else:
        curve = b"curv\0\0\0\0" + struct.pack(">IH", 1, round(gamma * 256)) + b"\0\0"
    name = _NAMES.get(points.primaries, f"H.273 primaries {points.primaries}")
    tags = {
        b"desc": _text(name),
        b"cprt": _text("no copyright"),
        b"wtpt": b"XYZ \0\0\0\0" + _s15(*_D50),
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
    head += struct.pack(">6H", 2000, 1, 1, 0, 0, 0) + b"acsp" + bytes(28) + _s15(*_D50) + bytes(48)
    return head + table + body


def tone_mapped(pixels: Pixels, points: CodePoints) -> Pixels:
    """An HDR picture, RGB uint8 (H, W, 3) in PQ or HLG, in sRGB; what is brighter than white rolls off."""
    codes = np.arange(256, dtype=np.float64) / 255
    linear = _pq(codes) if points.transfer == PQ else _hlg(codes)
    light = linear.astype(np.float32)[pixels]
    if points.transfer == HLG:  # BT.2100: the display's gamma of 1.2 at 1000 nits, on luminance
        luminance = light @ np.array([0.2627, 0.6780, 0.0593], np.float32)
        light = light * (1000 / _WHITE_NITS * np.maximum(luminance, 1e-6) ** np.float32(0.2))[..., None]
    matrix = np.linalg.inv(_to_xyz_d50(SRGB_PRIMARIES)) @ _to_xyz_d50(points.primaries)
    light = np.maximum(light @ matrix.T.astype(np.float32), 0)
    peak = light.max(axis=2, keepdims=True)
    over = np.maximum(peak - _KNEE, 0)
    rolled = np.minimum(peak, _KNEE) + over / (1 + over / (1 - _KNEE))
    light = light * (rolled / np.maximum(peak, 1e-6))
    coded = np.where(light <= 0.0031308, light * 12.92, 1.055 * np.maximum(light, 1e-6) ** (1 / 2.4) - 0.055)
    eight: Pixels = np.rint(coded * 255).clip(0, 255).astype(np.uint8)
    return eight


def name_of(points: CodePoints) -> str:
    """For messages."""
    curve = {PQ: " PQ", HLG: " HLG"}.get(points.transfer, "")
    return _NAMES.get(points.primaries, f"primaries {points.primaries}") + curve


def is_srgb(points: CodePoints) -> bool:
    return points == CodePoints(SRGB_PRIMARIES, SRGB_CURVE)


def _pq(codes: NDArray[np.float64]) -> NDArray[np.float64]:
    """SMPTE ST 2084, as parts of diffuse white."""
    m1, m2, c1, c2, c3 = 0.1593017578125, 78.84375, 0.8359375, 18.8515625, 18.6875
    power = codes ** (1 / m2)
    return 10000 / _WHITE_NITS * (np.maximum(power - c1, 0) / (c2 - c3 * power)) ** (1 / m1)


def _hlg(codes: NDArray[np.float64]) -> NDArray[np.float64]:
    """ITU-R BT.2100 hybrid log-gamma, as light of the scene, 0 to 1."""
    a, b, c = 0.17883277, 0.28466892, 0.55991073
    return np.where(codes <= 0.5, codes**2 / 3, (np.exp((codes - c) / a) + b) / 12)


def _to_xyz_d50(primaries: int) -> Matrix:
    """Linear RGB to CIE XYZ, adapted to D50 by Bradford's method."""
    *corners, white = _PRIMARIES[primaries]
    to_xyz = np.array([[x / y, 1.0, (1 - x - y) / y] for x, y in corners]).T
    white_xyz = np.array([white[0] / white[1], 1.0, (1 - white[0] - white[1]) / white[1]])
    to_xyz = to_xyz * np.linalg.solve(to_xyz, white_xyz)
    cones = np.diag((_BRADFORD @ _D50) / (_BRADFORD @ white_xyz))
    adapted: Matrix = np.linalg.inv(_BRADFORD) @ cones @ _BRADFORD @ to_xyz
    return adapted


def _s15(*values: float) -> bytes:
    return b"".join(struct.pack(">i", round(value * 65536)) for value in values)


def _text(value: str) -> bytes:
    return (
        b"mluc\0\0\0\0" + struct.pack(">II2s2sII", 1, 12, b"en", b"US", 2 * len(value), 28) + value.encode("utf-16-be")
    )
