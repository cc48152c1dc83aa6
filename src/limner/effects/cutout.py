"""Cutout: the person alone, on transparency."""

from __future__ import annotations

import cv2
import numpy as np

from limner.effects.base import Stage
from limner.effects.layers import LayerEffect, Layers
from limner.frame import Frame


class Cutout(LayerEffect):
    """RGBA (H, W, 4) with straight alpha, the old background's colour taken out of the edges.

    Pixels without any person are black and fully transparent: nothing of the background stays hidden in the file.
    """

    name = "cutout"
    stage = Stage.RESULT
    has_alpha = True
    wants_alone = True

    def apply(self, layers: Layers) -> None:
        rgba = cv2.merge([layers.picture, layers.alpha8])
        alone = np.zeros_like(rgba)
        layers.picture = cv2.copyTo(rgba, layers.alpha8, alone).astype(np.uint8, copy=False)


def person_box(rgba: Frame) -> tuple[slice, slice]:
    """Rows and columns of `rgba` (H, W, 4) outside which everything is transparent; all where everything is."""
    left, top, width, height = cv2.boundingRect(np.ascontiguousarray(rgba[..., 3]))
    if width == 0 or height == 0:
        return slice(None), slice(None)
    return slice(top, top + height), slice(left, left + width)
