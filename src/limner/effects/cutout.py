"""Cutout: the person alone, on transparency."""

from __future__ import annotations

import cv2
import numpy as np

from limner.effects.base import Effect, Frame
from limner.effects.compose import check_sizes, quantize
from limner.effects.foreground import estimate_foreground
from limner.matte import Matte


class Cutout(Effect):
    """RGBA (H, W, 4) with straight alpha, the old background's colour taken out of the edges.

    Pixels without any person are black and fully transparent: nothing of the background stays hidden in the file.
    """

    name = "cutout"
    has_alpha = True

    def __call__(self, frame: Frame, matte: Matte) -> Frame:
        check_sizes(frame, matte)
        alpha8 = quantize(matte.alpha)
        person = estimate_foreground(frame, matte.alpha)
        rgba = cv2.merge([person, alpha8])
        alone = np.zeros_like(rgba)
        return cv2.copyTo(rgba, alpha8, alone).astype(np.uint8, copy=False)


def trim(rgba: Frame, *, margin: int = 0) -> Frame:
    """The part of `rgba` (H, W, 4) that is not fully transparent, with `margin` pixels around it where there are any.

    All of it where everything is transparent. A view, not a copy.
    """
    left, top, width, height = cv2.boundingRect(np.ascontiguousarray(rgba[..., 3]))
    if width == 0 or height == 0:
        return rgba
    rows = slice(max(0, top - margin), top + height + margin)
    return rgba[rows, max(0, left - margin) : left + width + margin]
