"""Colours by their numbers (ITU-T H.273): primaries and curves, and their way to CIE XYZ."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float64]

SRGB_PRIMARIES, SRGB_CURVE = 1, 13
PQ, HLG = 16, 18
ADOBE_RGB = 0x10000
"""No code point, but what EXIF calls R03: the primaries of Adobe RGB (1998)."""
_D65, _DCI, _C = (0.3127, 0.3290), (0.314, 0.351), (0.310, 0.316)
# (red, green, blue, white) as CIE 1931 x and y: H.273, table 2, and Adobe RGB (1998).
PRIMARIES = {
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
# Viewers show photos with the camera curves of video (BT.601, 709, 2020) as they show sRGB, so these count as such.
GAMMAS = {4: 2.2, 5: 2.8, 8: 1.0, ADOBE_RGB: 563 / 256}
D50 = np.array([0.9642, 1.0, 0.8249])
_BRADFORD = np.array([[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]])


@dataclass(frozen=True, slots=True)
class CodePoints:
    """Primaries and transfer, as H.273 numbers them."""

    primaries: int
    transfer: int

    @property
    def is_hdr(self) -> bool:
        return self.transfer in (PQ, HLG)


def to_xyz_d50(primaries: int) -> Matrix:
    """Linear RGB to CIE XYZ, adapted to D50 by Bradford's method."""
    *corners, white = PRIMARIES[primaries]
    to_xyz = np.array([[x / y, 1.0, (1 - x - y) / y] for x, y in corners]).T
    white_xyz = np.array([white[0] / white[1], 1.0, (1 - white[0] - white[1]) / white[1]])
    to_xyz = to_xyz * np.linalg.solve(to_xyz, white_xyz)
    cones = np.diag((_BRADFORD @ D50) / (_BRADFORD @ white_xyz))
    adapted: Matrix = np.linalg.inv(_BRADFORD) @ cones @ _BRADFORD @ to_xyz
    return adapted
