"""Masks of drawn people who stand, whose heads are known."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

Mask = NDArray[np.uint8]


def body(height: int, width: int, head: int, x: int, top: int, *, neck: bool = True) -> Mask:
    """Somebody who stands: a head ``head`` pixels high, a neck, shoulders, legs; 7.5 heads tall."""
    mask = np.zeros((height, width), np.uint8)
    half = head // 2
    cv2.ellipse(mask, (x, top + half), (round(head * 0.38), half), 0, 0, 360, 255, -1)
    side = head // 6 if neck else round(head * 0.38)
    cv2.rectangle(mask, (x - side, top + half), (x + side, top + round(1.3 * head)), 255, -1)
    shoulders = head if neck else round(head * 0.4)
    cv2.rectangle(mask, (x - shoulders, top + round(1.25 * head)), (x + shoulders, top + 4 * head), 255, -1)
    for leg in (-1, 1):
        left = x + leg * head // 2
        cv2.rectangle(mask, (left - head // 4, top + 4 * head), (left + head // 4, top + round(7.5 * head)), 255, -1)
    return mask
