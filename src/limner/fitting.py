"""Fitting: a picture brought to another size without changing its proportions."""

from __future__ import annotations

from typing import Literal, get_args

import cv2
import numpy as np

from limner.colors import Color
from limner.errors import OptionError
from limner.frame import Frame, plain

Fit = Literal["cover", "contain"]
BLACK: Color = (0, 0, 0)


def fit_frame(pixels: Frame, size: tuple[int, int], fit: Fit, fill: Color = BLACK) -> Frame:
    """`pixels` RGB uint8 at `size` (H, W), centred, its proportions kept.

    "cover" fills the frame and crops what sticks out; "contain" shows all of it, between bars of colour `fill`.
    """
    height, width = size
    own_height, own_width = pixels.shape[:2]
    if (own_height, own_width) == size:
        return np.ascontiguousarray(pixels)
    ratios = height / own_height, width / own_width
    scale = max(ratios) if fit == "cover" else min(ratios)
    if fit == "cover":
        # The part that stays is cut out first, so that a panorama behind a small frame costs no huge resize.
        keep_h, keep_w = (max(1, min(own_height, round(height / scale))), max(1, min(own_width, round(width / scale))))
        top, left = (own_height - keep_h) // 2, (own_width - keep_w) // 2
        return _resize(pixels[top : top + keep_h, left : left + keep_w], height, width)
    inner_h, inner_w = max(1, min(height, round(own_height * scale))), max(1, min(width, round(own_width * scale)))
    top, left = (height - inner_h) // 2, (width - inner_w) // 2
    framed = plain((height, width), fill)
    framed[top : top + inner_h, left : left + inner_w] = _resize(pixels, inner_h, inner_w)
    return framed


def parse_fit(fit: str) -> Fit:
    """
    Raises:
        OptionError: `fit` is neither "cover" nor "contain".
    """
    if fit not in get_args(Fit):
        raise OptionError(f"‹fit› {fit!r} is unknown: say cover or contain")
    return "cover" if fit == "cover" else "contain"


def _resize(pixels: Frame, height: int, width: int) -> Frame:
    shrinks = pixels.shape[0] > height or pixels.shape[1] > width
    how = cv2.INTER_AREA if shrinks else cv2.INTER_CUBIC
    return cv2.resize(np.ascontiguousarray(pixels), (width, height), interpolation=how).astype(np.uint8, copy=False)
