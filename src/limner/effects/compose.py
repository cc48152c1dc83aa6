"""The one blend that effects end with: person over background, fast because most pixels need no arithmetic."""

from __future__ import annotations

from typing import TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray

from limner.frame import Frame
from limner.matte import Matte

T = TypeVar("T", np.uint8, np.float32)

_GATHER_BELOW = 0.12
"""Share of half-transparent pixels under which picking them out beats blending them all."""

_BAND = 1 << 17
"""Pixels that are blended at once, so that masks stay in the processor's cache."""


def check_sizes(frame: Frame, matte: Matte) -> None:
    """
    Raises:
        ValueError: the frame is not RGB uint8 (H, W, 3) or its size is not the matte's: a bug of the caller.
    """
    if frame.dtype != np.uint8 or frame.ndim != 3 or frame.shape[2] != 3:
        raise ValueError(f"the frame must be RGB uint8 (H, W, 3), not {frame.dtype} of shape {frame.shape}")
    if frame.shape[:2] != matte.size:
        raise ValueError(f"the matte of {matte.size} does not belong to the frame of {frame.shape[:2]} (H, W)")


def quantize(alpha: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Values in [0, 1] as uint8 in [0, 255], rounded."""
    return to_uint8(alpha, 255.0)


def to_uint8(values: NDArray[np.float32], scale: float = 1.0) -> NDArray[np.uint8]:
    """Values of at least 0, times `scale`, rounded and cut at 255."""
    return cv2.convertScaleAbs(values, alpha=scale).astype(np.uint8, copy=False)


def partly(alpha8: NDArray[np.uint8]) -> NDArray[np.intp]:
    """Flat indices of the pixels that are neither all person (255) nor all background (0)."""
    return np.flatnonzero((alpha8 - np.uint8(1)) < 254)


def halve(array: NDArray[T], times: int) -> NDArray[T]:
    """Area means of `array` (H, W, C) on a grid 2 ** times as coarse; step by step, which OpenCV does much faster."""
    for _ in range(times):
        size = ((array.shape[1] + 1) // 2, (array.shape[0] + 1) // 2)
        array = cv2.resize(array, size, interpolation=cv2.INTER_AREA).astype(array.dtype, copy=False)
    return array


def enlarge(coarse: NDArray[T], size: tuple[int, int]) -> NDArray[T]:
    """`coarse` (h, w, C) bilinearly at `size` (H, W)."""
    large = cv2.resize(coarse, size[::-1], interpolation=cv2.INTER_LINEAR)
    return large.astype(coarse.dtype, copy=False).reshape(*size, *coarse.shape[2:])


def blend_onto(back: Frame, front: Frame, alpha: NDArray[np.float32], alpha8: NDArray[np.uint8] | None = None) -> Frame:
    """`front` over `back` by `alpha` (H, W) in [0, 1]; both RGB uint8 (H, W, 3). Writes into `back` and returns it.

    Pixels whose alpha rounds to 1 or 0 in 8 bits are exactly those of `front` or `back`. `alpha8` is `quantize(alpha)`
    where the caller has it already.
    """
    rows = max(1, _BAND // alpha.shape[1])
    for top in range(0, alpha.shape[0], rows):
        band = slice(top, top + rows)
        _blend_band(back[band], front[band], alpha[band], quantize(alpha[band]) if alpha8 is None else alpha8[band])
    return back


def _blend_band(back: Frame, front: Frame, alpha: NDArray[np.float32], alpha8: NDArray[np.uint8]) -> None:
    some = cv2.countNonZero(alpha8)
    if some == 0:
        return
    solid = (alpha8 == 255).view(np.uint8)
    full = cv2.countNonZero(solid)
    if full:
        cv2.copyTo(front, solid, back)
    if full == some:
        return
    if some - full > _GATHER_BELOW * alpha8.size:
        cv2.blendLinear(front, back, alpha, 1.0 - alpha, back)
        return
    edge = partly(alpha8)
    weight = alpha.reshape(-1).take(edge)[None]
    pixels = back.reshape(-1, 3)
    some_front = front.reshape(-1, 3).take(edge, 0)[None]
    pixels[edge] = cv2.blendLinear(some_front, pixels.take(edge, 0)[None], weight, 1.0 - weight)[0]
