"""Colours between video and RGB: which matrix and range a clip uses, and conversions that keep a pass-through exact."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import av
import cv2
import numpy as np
from av.video.reformatter import Interpolation, VideoReformatter
from numpy.typing import NDArray

from limner.frame import Frame
from limner.media.primaries import CodePoints
from limner.media.yuv_matrix import YuvMatrix, can_convert

# Code points of ITU-T H.273, which every container and codec shares.
UNSPECIFIED, LIMITED, FULL = 0, 1, 2
_RGB_MATRIX, _BT709, _UNKNOWN, _FCC, _BT601_625, _BT601_525, _SMPTE240 = 0, 1, 2, 4, 5, 6, 7
_BT2020, _BT2020_CONSTANT = 9, 10
_CONVERTIBLE = {_BT709, _FCC, _BT601_625, _BT601_525, _SMPTE240, _BT2020}

# Measured on libswscale 9 with flat and noisy pictures. EXACT is right to half a level, and repeats chroma; AREA
# neither shifts nor blurs chroma on the way to video. The way to rgb24 takes three times as long as that to planes.
_EXACT = int(Interpolation.POINT | Interpolation.ACCURATE_RND | Interpolation.FULL_CHR_H_INT)
_SMOOTH = int(Interpolation.BILINEAR | Interpolation.ACCURATE_RND | Interpolation.FULL_CHR_H_INT)
_TO_VIDEO = int(Interpolation.AREA | Interpolation.FULL_CHR_H_INP)
_MORE_BITS = {"yuv420p": "yuv420p10le", "yuva420p": "yuva420p10le"}


@dataclass(frozen=True, slots=True)
class ColorTags:
    """Matrix, range, primaries and transfer as code points of ITU-T H.273 (2, and 0 for the range: not said)."""

    matrix: int = _UNKNOWN
    range: int = UNSPECIFIED
    primaries: int = _UNKNOWN
    transfer: int = _UNKNOWN

    @property
    def is_hdr(self) -> bool:
        return self.points.is_hdr

    @property
    def points(self) -> CodePoints:
        """Primaries and transfer alone: what the colours are once they are RGB."""
        return CodePoints(self.primaries, self.transfer)

    def matrix_for(self, height: int, width: int) -> int:
        """The matrix to convert with: the tagged one, else what players assume for the size (BT.709 for HD)."""
        if self.matrix in _CONVERTIBLE:
            return self.matrix
        if self.matrix == _BT2020_CONSTANT:
            return _BT2020
        return _BT709 if width >= 1280 or height > 576 else _BT601_525

    def for_output(self, height: int, width: int, *, limited_only: bool) -> ColorTags:
        """The tags to write: the clip's own wherever they are true of what is written.

        A clip that says nothing stays that way, since players then assume what `matrix_for` assumes.
        """
        matrix, full = self.matrix, self.range
        if matrix == _RGB_MATRIX:  # the full range of RGB says nothing of what video shall have
            full = LIMITED
        if matrix != _UNKNOWN and matrix not in _CONVERTIBLE:  # RGB, or a matrix that cannot be written
            matrix = self.matrix_for(height, width)
        return ColorTags(matrix, LIMITED if limited_only else full, self.primaries, self.transfer)


def tags_of(frame: av.VideoFrame) -> ColorTags:
    """What a decoded frame says of its colours."""
    full = frame.format.name.startswith("yuvj")
    return ColorTags(
        int(frame.colorspace),
        FULL if full else int(frame.color_range),
        int(frame.color_primaries),
        int(frame.color_trc),
    )


class ToRgb:
    """Decoded frames to RGB uint8 (H, W, 3) at one size. Keeps its scaler, so use one for each stream and thread.

    Args:
        smooth: interpolate chroma, for outputs that hold it at full size. Otherwise chroma is repeated, which makes
            the way back to 4:2:0 lossless.
    """

    def __init__(self, tags: ColorTags, *, width: int, height: int, smooth: bool = False) -> None:
        self._tags = tags
        self._width, self._height = width, height
        self._smooth = smooth
        self._matrix = tags.matrix_for(height, width)
        self._scaler = VideoReformatter()
        self._by_matrix = YuvMatrix(self._matrix, full=tags.range == FULL)

    def __call__(self, frame: av.VideoFrame) -> Frame:
        if frame.width != self._width or frame.height != self._height or self._smooth:
            return self._convert(frame, _SMOOTH)
        if can_convert(frame.format.name):
            return self._by_matrix(frame)
        return self._convert(frame, _EXACT)

    def _convert(self, frame: av.VideoFrame, how: int) -> Frame:
        is_rgb = frame.format.is_rgb
        rgb = self._scaler.reformat(
            frame,
            width=self._width,
            height=self._height,
            format="rgb24" if is_rgb else "gbrp",
            src_colorspace=None if is_rgb else self._matrix,
            src_color_range=None if is_rgb else (FULL if self._tags.range == FULL else LIMITED),
            dst_color_range=FULL,
            interpolation=how,
            threads=1,
        )
        if is_rgb:
            return np.ascontiguousarray(rgb.to_ndarray().astype(np.uint8, copy=False))
        green, blue, red = (_samples(plane, np.uint8) for plane in rgb.planes)
        return cv2.merge([red, green, blue]).astype(np.uint8, copy=False)


def fit_picture(pixels: Frame, size: tuple[int, int], aspect: float) -> Frame:
    """RGB uint8 or one channel of `size` (H, W), all of `pixels` in its middle at its own proportions, 0 around it.

    `aspect` is the width of one of its pixels in those of the result, divided by its height.
    """
    height, width = size
    own_height, own_width = pixels.shape[0], pixels.shape[1] * aspect
    scale = min(height / own_height, width / own_width)
    inner = max(1, min(height, round(own_height * scale))), max(1, min(width, round(own_width * scale)))
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    resized = cv2.resize(pixels, (inner[1], inner[0]), interpolation=how)
    top, left = (height - inner[0]) // 2, (width - inner[1]) // 2
    framed = np.zeros((height, width, *pixels.shape[2:]), np.uint8)
    framed[top : top + inner[0], left : left + inner[1]] = resized
    return framed


class FromRgb:
    """RGB or RGBA uint8 (H, W, C) to frames of one pixel format. Keeps its scaler: one for each stream and thread.

    Args:
        pad: (bottom, right) rows and columns to add by repeating the edge, for codecs that need even sizes.
    """

    def __init__(self, pixel_format: str, tags: ColorTags, *, matrix: int, pad: tuple[int, int] = (0, 0)) -> None:
        self._format = pixel_format
        self._tags = tags
        self._matrix = matrix
        self._pad = pad
        self._scaler = VideoReformatter()
        self._is_rgb = bool(av.VideoFormat(pixel_format).is_rgb)
        # libswscale cuts chroma of full range off instead of rounding it; with two bits more that is an eighth of a
        # level instead of half of one.
        full = not self._is_rgb and tags.range == FULL
        self._finer = _MORE_BITS.get(pixel_format) if full else None

    def __call__(self, pixels: Frame) -> av.VideoFrame:
        if any(self._pad):
            bottom, right = self._pad
            pixels = cv2.copyMakeBorder(pixels, 0, bottom, 0, right, cv2.BORDER_REPLICATE).astype(np.uint8, copy=False)
        name = "rgba" if pixels.shape[2] == 4 else "rgb24"
        frame = av.VideoFrame.from_numpy_buffer(np.ascontiguousarray(pixels), name)
        video = self._scaler.reformat(
            frame,
            format=self._finer or self._format,
            dst_colorspace=None if self._is_rgb else self._matrix,
            src_color_range=FULL,
            dst_color_range=FULL if self._is_rgb or self._tags.range == FULL else LIMITED,
            interpolation=_TO_VIDEO,
            threads=1,
        )
        if self._finer:
            video = _eight_bits(video, self._format)
        if pixels.shape[2] == 4 and not self._is_rgb:
            _put_alpha(video, pixels)
        video.colorspace = _RGB_MATRIX if self._is_rgb else self._tags.matrix
        video.color_range = FULL if self._is_rgb else self._tags.range
        video.color_primaries = self._tags.primaries
        video.color_trc = self._tags.transfer
        return video


def _eight_bits(frame: av.VideoFrame, pixel_format: str) -> av.VideoFrame:
    """A planar frame of full range and 10 bits, rounded to 8."""
    made = av.VideoFrame(frame.width, frame.height, pixel_format)
    for index, (plane, target) in enumerate(zip(frame.planes, made.planes, strict=True)):
        # Chroma is centred on 512 and 128, and came half a step of the 10 bits too low.
        middle = (0.5 - 512) * 255 / 1023 + 128 if index in (1, 2) else 0.0
        cv2.convertScaleAbs(_samples(plane, np.uint16), _samples(target, np.uint8), 255 / 1023, middle)
    return made


def _put_alpha(frame: av.VideoFrame, pixels: Frame) -> None:
    """The alpha of RGBA as it is, in place of what libswscale makes of it: one more from 128 to 254."""
    plane = frame.planes[3]
    alpha, most = pixels[..., 3], (1 << frame.format.components[3].bits) - 1
    if most == 255:
        _samples(plane, np.uint8)[:] = alpha
    else:
        _samples(plane, np.uint16)[:] = np.rint(np.arange(256) * (most / 255)).astype(np.uint16)[alpha]


def _samples(plane: Any, kind: type[np.generic]) -> NDArray[Any]:
    """The samples (h, w) of a plane, in its own memory."""
    samples: NDArray[Any] = np.frombuffer(plane, kind).reshape(plane.height, -1)[:, : plane.width]
    return samples
