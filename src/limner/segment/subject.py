"""Which people stay: the largest connected region alone, with its soft edge."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

Float32 = NDArray[np.float32]
_FAINT = 0.05


def largest_region(probability: Float32) -> Float32:
    """``probability`` with everything set to 0 but the largest region above 0.5 and the soft edge around it.

    A soft pixel belongs to the region it is nearest to, so two people who touch only softly are told apart, and must be
    connected to it, so far haze goes. Where nothing is above 0.5 the map comes back as it is.
    """
    solid = (probability > 0.5).astype(np.uint8)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(solid, connectivity=8)
    if count < 2:
        return probability
    largest = 1 + int(stats[1:, cv2.CC_STAT_AREA].argmax())
    mine = (labels == largest).astype(np.uint8)
    keep = (probability > _FAINT).astype(np.uint8)
    if count > 2:
        to_mine = cv2.distanceTransform(1 - mine, cv2.DIST_L2, 3)
        to_others = cv2.distanceTransform(1 - (solid - mine), cv2.DIST_L2, 3)
        keep &= to_mine <= to_others
    _, regions = cv2.connectedComponents(keep, connectivity=8)
    row, column = np.unravel_index(int(mine.argmax()), mine.shape)
    return np.where(regions == regions[row, column], probability, np.float32(0.0))
