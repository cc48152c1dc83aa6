"""What background subtraction is made of: cleaning a raw mask, matching exposure, drawing a soft edge."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from limner.segment.pyramid import Pyramid
from limner.segment.refine import refine

Float32 = NDArray[np.float32]
Mask = NDArray[np.uint8]


def clean_mask(raw: Mask, *, closing: float, fill_holes: bool, largest: bool, least: float = 0.004) -> Mask:
    """A raw mask (h, w) of 0 and 1 made whole: specks out, gaps closed, holes filled, the largest region kept.

    Args:
        closing: size of the closing in percent of the shorter side; 0 closes nothing.
        fill_holes: fill what is surrounded by person.
        largest: keep the largest region alone; else all of at least ``least``, a share of the picture.
    """
    mask = morph(raw, cv2.MORPH_OPEN, disc(3))
    size = round(closing / 100 * min(mask.shape))
    if size > 1:
        # With a border, so that gaps at the edge of the picture close as well.
        padded = cv2.copyMakeBorder(mask, size, size, size, size, cv2.BORDER_REPLICATE)
        mask = morph(padded, cv2.MORPH_CLOSE, disc(2 * (size // 2) + 1))[size:-size, size:-size].copy()
    contours, tree = cv2.findContours(mask, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)
    outer = [i for i in range(len(contours)) if tree[0][i][3] < 0]
    kept = [i for i in outer if cv2.contourArea(contours[i]) >= least * mask.size]
    if largest and kept:
        kept = [max(kept, key=lambda i: cv2.contourArea(contours[i]))]
    whole = np.zeros_like(mask)
    cv2.drawContours(whole, [contours[i] for i in kept], -1, 1, cv2.FILLED)
    result: Mask = whole if fill_holes else whole & mask
    return result


def soft_matte(mask: Mask, pyramid: Pyramid, *, edge: float, by_picture: bool) -> Float32:
    """A mask (h, w) of 0 and 1 at ``pyramid.small``'s size as alpha (H, W) in [0, 1] with a soft edge.

    Args:
        edge: width of the edge in percent of the shorter side; 0 is hard.
        by_picture: let the frame's own edges say where it is (guided filter), within that width.
    """
    width = edge / 100 * min(mask.shape)
    soft = mask.astype(np.float32)
    if width > 0:
        soft = cv2.GaussianBlur(soft, (0, 0), max(0.4, width / 3)).astype(np.float32, copy=False)
    if by_picture and width > 0:
        return np.clip(refine(soft, pyramid, softness=0.6), 0.0, 1.0)
    full = cv2.resize(soft, pyramid.whole[::-1], interpolation=cv2.INTER_LINEAR)
    if width <= 0:
        full = (full >= 0.5).astype(np.float32)
    height, length = pyramid.size
    return np.ascontiguousarray(np.clip(full[:height, :length], 0.0, 1.0), np.float32)


def match_exposure(scene: Float32, picture: Float32, use: Mask | None = None) -> Float32:
    """``scene`` (h, w) or (h, w, 3) with the exposure, and the white balance, of ``picture``.

    One gain for each channel: the median ratio over every fourth pixel, of those in ``use`` (1) where it is given. A
    median does not mind a person in the picture while they cover less than half of what is used.
    """
    part = (slice(None, None, 4), slice(None, None, 4))
    ratio = (picture[part] + 2.0) / (scene[part] + 2.0)
    chosen = ratio.reshape(-1, *ratio.shape[2:])
    if use is not None and int(use[part].sum()) > 50:
        chosen = ratio[use[part] > 0]
    gain = np.median(chosen, axis=0).astype(np.float32)
    matched: Float32 = scene * gain + 2.0 * (gain - 1.0)
    return matched


def plausible(mask: Mask, most: float) -> float:
    """Confidence in [0, 1] of a mask by its size: a person does not fill a room, but a change of light does."""
    share = float(mask.mean())
    return float(np.clip((most + 0.15 - share) / 0.15, 0.0, 1.0))


def morph(mask: Any, how: int, kernel: Mask) -> Mask:
    """OpenCV's morphology on a mask (h, w) uint8 of 0 and 1."""
    return cv2.morphologyEx(mask, how, kernel).astype(np.uint8, copy=False)


def disc(size: int) -> Mask:
    """A round kernel, ``size`` cells across."""
    return cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size, size)).astype(np.uint8, copy=False)
