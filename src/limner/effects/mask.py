"""Mask: the matte itself as a picture, white where the person is."""

from __future__ import annotations

import cv2
import numpy as np

from limner.effects.base import Effect, Frame
from limner.effects.compose import check_sizes, quantize
from limner.matte import Matte


class Mask(Effect):
    """The matte in grey, 0 background to 255 person, the same in all three channels."""

    name = "mask"

    def __call__(self, frame: Frame, matte: Matte) -> Frame:
        check_sizes(frame, matte)
        return cv2.cvtColor(quantize(matte.alpha), cv2.COLOR_GRAY2RGB).astype(np.uint8, copy=False)
