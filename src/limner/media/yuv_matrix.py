"""Planar YUV of 8 bits to RGB by one matrix: exact, and four times as fast as libswscale is where it is exact."""

from __future__ import annotations

from typing import Any

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from limner.frame import Frame

Plane = NDArray[np.uint8]

_SHARES = {1: (0.2126, 0.0722), 4: (0.30, 0.11), 5: (0.299, 0.114), 6: (0.299, 0.114), 7: (0.212, 0.087),
           9: (0.2627, 0.0593)}  # fmt: skip
"""Of red and blue in luma, by the code points of ITU-T H.273."""
_SHIFTS = {"yuv420p": (1, 1), "yuvj420p": (1, 1), "yuva420p": (1, 1), "yuv422p": (1, 0), "yuvj422p": (1, 0),
           "yuv444p": (0, 0), "yuvj444p": (0, 0)}  # fmt: skip
"""Halvings of chroma across and down, by pixel format."""
_STEPS = 1024
"""OpenCV takes the matrix in parts of this for 8 bits, and the offset as it is."""
_BAND = 256
"""Rows that are converted at once, an even number: what lies between takes a fifth of the memory of a 1080p frame."""


def can_convert(pixel_format: str) -> bool:
    """Whether frames of this format may be converted here."""
    return pixel_format in _SHIFTS


class YuvMatrix:
    """Frames to RGB uint8 (H, W, 3), chroma repeated, right to two thirds of a level.

    What is in the range of RGB comes back as it was from the way back to video, where that has a limited range.

    Args:
        matrix: code point of ITU-T H.273, a convertible one.
        full: the range of the samples.
    """

    def __init__(self, matrix: int, *, full: bool) -> None:
        red, blue = _SHARES[matrix]
        green = 1 - red - blue
        luma, chroma, black, white = (1.0, 1.0, 0, 255) if full else (255 / 219, 255 / 224, 16, 235)
        wanted = np.array(
            [
                [luma, 0, 2 * (1 - red) * chroma],
                [luma, -2 * (1 - blue) * blue / green * chroma, -2 * (1 - red) * red / green * chroma],
                [luma, 2 * (1 - blue) * chroma, 0],
            ]
        )
        # What rounding the matrix does is put right in the middle of the range, so that it is least at its ends.
        middle = np.array([(black + white) / 2, 128, 128])
        offset = (wanted - np.rint(wanted * _STEPS) / _STEPS) @ middle - wanted @ (black, 128, 128)
        self._matrix: Any = np.hstack([wanted, offset[:, None]]).astype(np.float32)

    def __call__(self, frame: av.VideoFrame) -> Frame:
        """`can_convert` says of which formats."""
        across, down = _SHIFTS[frame.format.name]
        luma, *chroma = (_samples(plane) for plane in frame.planes[:3])
        height, width = luma.shape
        pixels = np.empty((height, width, 3), np.uint8)
        for top in range(0, height, _BAND):
            rows = slice(top >> down, (top + _BAND) >> down)
            band = [plane[rows] for plane in chroma]
            if across:
                band = [_doubled(plane)[:, :width] for plane in band]
            for line in range(1 + down):
                rows = slice(top + line, top + _BAND, 1 + down)
                part = luma[rows]
                if part.size:
                    yuv = cv2.merge([part, *(plane[: part.shape[0]] for plane in band)])
                    cv2.transform(yuv, self._matrix, dst=pixels[rows])
        return pixels


def _doubled(plane: Plane) -> Plane:
    """Each sample twice in its row: two channels of the same samples lie in memory like that."""
    return cv2.merge([plane, plane]).reshape(plane.shape[0], -1).astype(np.uint8, copy=False)


def _samples(plane: Any) -> Plane:
    samples: Plane = np.frombuffer(plane, np.uint8).reshape(plane.height, -1)[:, : plane.width]
    return samples
