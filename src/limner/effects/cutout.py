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


def person_box(rgba: Frame) -> tuple[slice, slice]:
    """Rows and columns of `rgba` (H, W, 4) outside which everything is transparent; all where everything is."""
    left, top, width, height = cv2.boundingRect(np.ascontiguousarray(rgba[..., 3]))
    if width == 0 or height == 0:
        return slice(None), slice(None)
    return slice(top, top + height), slice(left, left + width)
