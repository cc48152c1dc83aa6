"""What becomes of transparency that a photo or clip came with, once an effect has been at work."""

from __future__ import annotations

import math
from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from limner.effects.base import Effect
from limner.effects.compose import enlarge, halve, to_uint8
from limner.effects.fill import fill_unknown
from limner.frame import Frame, over
from limner.matte import Matte

_SEEN = 16
"""Alpha from which a pixel's colour can be believed."""
_FILL_SIDE = 640
"""Longer side of the grid on which colours are carried on."""


def keeps_transparency(effect: Effect) -> bool:
    """Whether a place of the result may be seen through where the same place of the frame may."""
    return effect.keeps_background and not effect.moves_pixels and not effect.is_matte


def masked(matte: Matte, alpha: NDArray[np.uint8]) -> Matte:
    """`matte` less what `alpha`, uint8 (H, W), says is not there: what is transparent is nobody."""
    return replace(matte, alpha=matte.alpha * (alpha * np.float32(1 / 255)))


def continued(frame: Frame, alpha: NDArray[np.uint8]) -> Frame:
    """`frame` RGB uint8 (H, W, 3) with its own colours carried on where `alpha` (H, W) says that nothing is seen.

    What lies there means nothing, often black or white; effects would take it for a background whose colour is in the
    edges, and take it out of them.
    """
    seen = (alpha >= _SEEN).astype(np.float32)
    halvings = max(0, math.ceil(math.log2(max(alpha.shape) / _FILL_SIDE)))
    known = halve(seen, halvings)
    coarse = halve(frame * seen[..., None], halvings) / np.maximum(known, 1e-6)[..., None]
    filled = enlarge(to_uint8(fill_unknown(coarse.astype(np.float32), known)), (alpha.shape[0], alpha.shape[1]))
    cv2.copyTo(frame, (alpha >= _SEEN).view(np.uint8), filled)
    return filled


def apply_effect(effect: Effect, frame: Frame, matte: Matte, alpha: NDArray[np.uint8] | None) -> Frame:
    """What `effect` makes of a frame RGB uint8 (H, W, 3) that came with `alpha` (H, W): RGB or RGBA.

    It is RGBA with the frame's own transparency where the effect keeps that; a hidden frame is opaque, as its outline
    may be somebody's.
    """
    if alpha is None:
        return effect(frame, matte)
    frame = over(frame, alpha) if effect.keeps_background and effect.moves_pixels else continued(frame, alpha)
    result = effect(frame, masked(matte, alpha))
    if effect.has_alpha or not keeps_transparency(effect):
        return result
    return np.dstack([result, np.full_like(alpha, 255) if matte.hidden else alpha])
