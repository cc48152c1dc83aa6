"""Snapping a mask to the edges of its photo: GrabCut where the mask may change, a guided filter for the soft edge."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from limner.segment.pyramid import build_pyramid
from limner.segment.refine import refine

Rgb = NDArray[np.uint8]
Mask = NDArray[np.uint8]

_LONGEST = 480
"""Pixels of the longer side at which GrabCut works."""
_ROUNDS = 4
_CORE = 0.6
"""How deep inside, as a share of the deepest place, person or background is sure where all of it is in the region."""
_BAND = 0.025
"""How far from the outline the mask may change where no region is named, as a share of the longer side."""


def snapped(rgb: Rgb, mask: Mask, region: Mask | None = None) -> Mask:
    """The mask with its outline moved to where the photo's colours part, by GrabCut (Rother et al. 2004).

    Args:
        rgb: the photo, uint8 (H, W, 3).
        mask: uint8 (H, W).
        region: uint8 (H, W), not 0 where the mask may change; None is a band along its outline.

    Returns:
        uint8 (H, W); outside of the region as it was. The mask as it was where it has only person or only background.
    """
    height, width = mask.shape
    scale = min(1.0, _LONGEST / max(height, width))
    size = max(8, round(width * scale)), max(8, round(height * scale))
    small = np.asarray(cv2.resize(rgb, size, interpolation=cv2.INTER_AREA), np.uint8)
    person = np.asarray(cv2.resize(mask, size, interpolation=cv2.INTER_AREA), np.uint8) > 127
    if region is None:
        reach = max(3, round(_BAND * max(size)))
        kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * reach + 1, 2 * reach + 1))
        grown, shrunk = (np.asarray(f(person.astype(np.uint8), kernel), np.uint8) for f in (cv2.dilate, cv2.erode))
        free = grown != shrunk
    else:
        free = np.asarray(cv2.resize(region, size, interpolation=cv2.INTER_AREA), np.uint8) > 0
    labels = np.where(person, cv2.GC_FGD, cv2.GC_BGD).astype(np.uint8)
    labels[free] = np.where(person[free], cv2.GC_PR_FGD, cv2.GC_PR_BGD)
    if not free.any() or person.all() or not person.any():
        return mask
    for side, label in ((person, cv2.GC_FGD), (~person, cv2.GC_BGD)):
        if not (labels == label).any():  # all of it may change: its core stays
            depth = cv2.distanceTransform(side.astype(np.uint8), cv2.DIST_L2, 3)
            labels[depth > _CORE * depth.max()] = label
    models = np.zeros((1, 65), np.float64), np.zeros((1, 65), np.float64)
    cv2.setRNGSeed(0)
    cv2.grabCut(np.ascontiguousarray(small[..., ::-1]), labels, (0, 0, 1, 1), *models, _ROUNDS, cv2.GC_INIT_WITH_MASK)
    found = np.isin(labels, (cv2.GC_FGD, cv2.GC_PR_FGD)).astype(np.float32)
    found = np.asarray(cv2.GaussianBlur(found, (0, 0), 1.0), np.float32)
    matte = np.round(refine(found, build_pyramid(np.ascontiguousarray(rgb)), softness=1.0) * 255).astype(np.uint8)
    if region is None:
        band = free.astype(np.uint8)
        region = np.asarray(cv2.resize(band, (width, height), interpolation=cv2.INTER_NEAREST), np.uint8)
    return np.where(region > 0, matte, mask).astype(np.uint8)
