"""Metrics of outlines: Boundary IoU (Cheng et al. 2021) and the boundary F measure (Perazzi et al. 2016)."""

from __future__ import annotations

import cv2
import numpy as np

from limner.checking import checked
from limner.evaluation.metrics._check import Bool, same_picture
from limner.evaluation.metrics.regions import iou


@checked
def boundary(mask: Bool, *, width: float = 0.02) -> Bool:
    """Pixels of ``mask`` near its contour or the picture's border (Cheng et al. 2021).

    Near is within ``width`` × the picture's diagonal, at least one pixel, counted in 3×3 erosion steps.
    """
    same_picture(mask, mask, None)
    height, columns = mask.shape
    steps = max(1, round(width * float(np.hypot(height, columns))))
    padded = cv2.copyMakeBorder(mask.astype(np.uint8), 1, 1, 1, 1, cv2.BORDER_CONSTANT, value=0)
    eroded = cv2.erode(padded, np.ones((3, 3), np.uint8), iterations=steps)[1:-1, 1:-1]
    band: Bool = mask & (eroded == 0)
    return band


@checked
def boundary_iou(prediction: Bool, truth: Bool, valid: Bool | None = None, *, width: float = 0.02) -> float:
    """IoU of the bands along the inside of both contours (Cheng et al. 2021, "Boundary IoU").

    >>> truth = np.zeros((40, 40), bool); truth[10:30, 10:30] = True
    >>> round(boundary_iou(np.roll(truth, 1, axis=1), truth), 4)
    0.3333

    Args:
        prediction, truth, valid: (H, W).
        width: of the band, as a share of the picture's diagonal.
    """
    same_picture(prediction, truth, valid)
    return iou(boundary(prediction, width=width), boundary(truth, width=width), valid)


@checked
def contour(mask: Bool) -> Bool:
    """Pixels that differ from their neighbour to the right, below, or diagonally below: a line one pixel wide.

    The picture's border is no contour: a person that is cut off there has none.
    """
    same_picture(mask, mask, None)
    line = np.zeros_like(mask)
    line[:, :-1] |= mask[:, :-1] != mask[:, 1:]
    line[:-1] |= mask[:-1] != mask[1:]
    line[:-1, :-1] |= mask[:-1, :-1] != mask[1:, 1:]
    return line


@checked
def boundary_f(prediction: Bool, truth: Bool, valid: Bool | None = None, *, tolerance: float = 0.008) -> float:
    """F measure of the contour (Perazzi et al. 2016, "DAVIS"): harmonic mean of its precision and recall.

    A contour pixel is right if the other contour passes within ``tolerance`` × the picture's diagonal, rounded up.
    The original measures the distance with a disc and so does this. 1.0 where neither has a contour, 0.0 where
    only one has.

    >>> truth = np.zeros((40, 40), bool); truth[10:30, 10:30] = True
    >>> boundary_f(np.roll(truth, 1, axis=1), truth)
    1.0
    >>> round(boundary_f(np.roll(truth, 5, axis=1), truth), 4)
    0.45
    """
    same_picture(prediction, truth, valid)
    lines = [contour(prediction), contour(truth)]
    if valid is not None:
        lines = [line & valid for line in lines]
    reach = float(np.ceil(tolerance * np.hypot(*truth.shape)))
    found, wanted = (int(np.count_nonzero(line)) for line in lines)
    if not found or not wanted:
        return 1.0 if found == wanted else 0.0
    precision = np.count_nonzero(lines[0] & _near(lines[1], reach)) / found
    recall = np.count_nonzero(lines[1] & _near(lines[0], reach)) / wanted
    return float(2 * precision * recall / (precision + recall)) if precision + recall else 0.0


def _near(line: Bool, reach: float) -> Bool:
    distance = cv2.distanceTransform((~line).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    near: Bool = distance <= reach + 1e-3
    return near
