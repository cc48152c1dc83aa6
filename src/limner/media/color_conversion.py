"""Pictures from one kind of colours into another: SDR into HDR and back, and between primaries.

The light of a display is what stays: white of SDR becomes 203 cd/m² in HDR (ITU-R BT.2408), and HDR above that rolls
off where it goes into SDR.
"""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

from limner.colors import Color
from limner.media.primaries import (
    ADOBE_RGB,
    GAMMAS,
    HLG,
    PQ,
    PRIMARIES,
    SRGB_CURVE,
    SRGB_PRIMARIES,
    CodePoints,
    to_xyz_d50,
)

Pixels = NDArray[np.uint8]
Floats = NDArray[np.float32]

SRGB = CodePoints(SRGB_PRIMARIES, SRGB_CURVE)
WHITE_NITS = 203.0
"""Of diffuse white in HDR: ITU-R BT.2408."""
_PEAK_NITS = {PQ: 10_000.0, HLG: 1000.0}
_KNEE = 0.8
_ROWS = 256
"""Rows converted at once, which bounds the memory of the steps between."""
_STEPS = 16384
"""Of the table for the way back, in even steps of the fourth root of light, which are finer than any curve needs."""
_HLG_GAMMA = 1.2
"""Of a display of 1000 cd/m²: ITU-R BT.2100."""
_ST2084 = 0.1593017578125, 78.84375, 0.8359375, 18.8515625, 18.6875
_BT2100 = 0.17883277, 0.28466892, 0.55991073
_UNLIKE_VIDEO = {8, ADOBE_RGB}
"""Curves, beside those of HDR, that nobody mixes up with those of video: linear light, Adobe RGB."""
_SAME_AS_709 = {5, 6, 7}
"""Primaries of standard definition, which hardly any player tells from those of BT.709."""


def converter(source: CodePoints, target: CodePoints) -> Callable[[Pixels], Pixels] | None:
    """What brings RGB uint8 (H, W, 3) from the colours of `source` into those of `target`; None where nothing is to do.

    Unknown primaries count as those of BT.709, and the curves of video that is not HDR as that of sRGB: viewers show
    photos and video alike.
    """
    source, target = _plain(source), _plain(target)
    return None if source == target else _Conversion(source, target)


def converted_color(color: Color, target: CodePoints) -> Color:
    """A colour of sRGB in the colours of `target`."""
    convert = converter(SRGB, target)
    if convert is None:
        return color
    red, green, blue = (int(value) for value in convert(np.array([[color]], np.uint8))[0, 0])
    return red, green, blue


class _Conversion:
    def __init__(self, source: CodePoints, target: CodePoints) -> None:
        self._source, self._target = source, target
        self._decode = _decoded(source.transfer).astype(np.float32)
        self._peak = np.float32(_PEAK_NITS.get(target.transfer, WHITE_NITS) / WHITE_NITS)
        self._encode = _encoding(target.transfer, float(self._peak))
        matrix = np.linalg.inv(to_xyz_d50(target.primaries)) @ to_xyz_d50(source.primaries)
        self._matrix = None if source.primaries == target.primaries else matrix.astype(np.float32)

    def __call__(self, pixels: Pixels) -> Pixels:
        converted = np.empty_like(pixels)
        for top in range(0, pixels.shape[0], _ROWS):
            converted[top : top + _ROWS] = self._band(np.ascontiguousarray(pixels[top : top + _ROWS]))
        return converted

    def _band(self, pixels: Pixels) -> Pixels:
        light: Floats = cv2.LUT(pixels, self._decode).astype(np.float32, copy=False)
        if self._source.transfer == HLG:  # the display's gamma, on luminance
            light *= (1000 / WHITE_NITS * np.maximum(_luminance(light), 1e-6) ** (_HLG_GAMMA - 1))[..., None]
        if self._matrix is not None:
            light = np.maximum(cv2.transform(light, self._matrix), 0.0).astype(np.float32, copy=False)
        if self._source.is_hdr and not self._target.is_hdr:
            light = _rolled_off(light)
        light = np.minimum(light, self._peak)
        if self._target.transfer == HLG:
            part = np.maximum(_luminance(light) / self._peak, 1e-6)
            light = np.minimum(light * (part ** (1 / _HLG_GAMMA - 1))[..., None], self._peak)
        root = cv2.sqrt(cv2.sqrt(light * (1 / self._peak)))
        indices = (root * np.float32(_STEPS - 1) + np.float32(0.5)).astype(np.uint16)
        return self._encode.take(indices, mode="clip")


def _plain(points: CodePoints) -> CodePoints:
    known = points.primaries in PRIMARIES and points.primaries not in _SAME_AS_709
    special = points.is_hdr or points.transfer in _UNLIKE_VIDEO
    return CodePoints(points.primaries if known else SRGB_PRIMARIES, points.transfer if special else SRGB_CURVE)


def _luminance(light: Floats) -> Floats:
    """(H, W) of light in the primaries of BT.2020."""
    weights = np.array([[0.2627, 0.6780, 0.0593]], np.float32)
    return cv2.transform(light, weights).astype(np.float32, copy=False).reshape(light.shape[:2])


def _rolled_off(light: Floats) -> Floats:
    """Light whose brightest channel nears white instead of passing it; hue stays."""
    peak = light.max(axis=2, keepdims=True)
    over = np.maximum(peak - np.float32(_KNEE), 0)
    rolled = np.minimum(peak, np.float32(_KNEE)) + over / (1 + over / np.float32(1 - _KNEE))
    shrunk: Floats = light * (rolled / np.maximum(peak, np.float32(1e-6)))
    return shrunk


def _decoded(transfer: int) -> NDArray[np.float64]:
    """Light of each of the 256 codes as parts of white; of HLG the scene's, 0 to 1."""
    codes = np.arange(256) / 255
    if transfer == PQ:  # SMPTE ST 2084
        m1, m2, c1, c2, c3 = _ST2084
        power = codes ** (1 / m2)
        return 10_000 / WHITE_NITS * (np.maximum(power - c1, 0) / (c2 - c3 * power)) ** (1 / m1)
    if transfer == HLG:
        a, b, c = _BT2100
        return np.where(codes <= 0.5, codes**2 / 3, (np.exp((codes - c) / a) + b) / 12)
    if transfer in GAMMAS:
        return np.asarray(codes ** GAMMAS[transfer])
    return np.where(codes <= 0.04045, codes / 12.92, ((codes + 0.055) / 1.055) ** 2.4)


def _encoding(transfer: int, peak: float) -> Pixels:
    """Codes of light from 0 to `peak` parts of white, in `_STEPS` even steps of its fourth root."""
    light = (np.arange(_STEPS) / (_STEPS - 1)) ** 4
    if transfer == PQ:
        m1, m2, c1, c2, c3 = _ST2084
        power = (light * peak * WHITE_NITS / 10_000) ** m1
        codes = ((c1 + c2 * power) / (1 + c3 * power)) ** m2
        codes[0] = 0.0
    elif transfer == HLG:
        a, b, c = _BT2100
        codes = np.where(light <= 1 / 12, np.sqrt(3 * light), a * np.log(np.maximum(12 * light - b, 1e-9)) + c)
    elif transfer in GAMMAS:
        codes = light ** (1 / GAMMAS[transfer])
    else:
        codes = np.where(light <= 0.0031308, light * 12.92, 1.055 * light ** (1 / 2.4) - 0.055)
    return np.rint(codes * 255).clip(0, 255).astype(np.uint8)
