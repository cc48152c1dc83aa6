"""Mask: the matte itself as a picture, white where the person is."""

from __future__ import annotations

import cv2
import numpy as np

from limner.effects.base import Effect, Stage
from limner.effects.compose import check_sizes, quantize
from limner.effects.layers import Layers
from limner.frame import Frame
from limner.matte import Matte


class Mask(Effect):
    """The matte in grey, 0 background to 255 person, the same in all three channels."""

    name = "mask"
    stage = Stage.RESULT
    is_matte = True

    def __call__(self, frame: Frame, matte: Matte) -> Frame:
        check_sizes(frame, matte)
        return cv2.cvtColor(quantize(matte.alpha), cv2.COLOR_GRAY2RGB).astype(np.uint8, copy=False)

    def apply(self, layers: Layers) -> None:
        layers.picture = self(layers.frame, layers.matte)
