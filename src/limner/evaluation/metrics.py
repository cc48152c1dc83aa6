"""Metrics of a matte against a mask: pure functions on arrays, each for one picture.

Averaging them over pictures ("mean over images") and accumulating them over a data set are different numbers; the means
that Limner reports are over images.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

Bool = NDArray[np.bool_]
Float = NDArray[np.float32]


def iou(prediction: Bool, truth: Bool, valid: Bool | None = None) -> float:
    """Intersection over union of two (H, W) masks, over ``valid`` pixels only. 1.0 where both are empty.

    >>> a = np.array([[True, True, False]]); b = np.array([[True, False, False]])
    >>> iou(a, b)
    0.5
    """
    _check(prediction, truth, valid)
    if valid is not None:
        prediction, truth = prediction & valid, truth & valid
    union = int(np.count_nonzero(prediction | truth))
    return int(np.count_nonzero(prediction & truth)) / union if union else 1.0


def mean_iou(prediction: Bool, truth: Bool, valid: Bool | None = None) -> float:
    """Mean of the IoU of the person and the IoU of the background.

    >>> a = np.array([[True, True, False]]); b = np.array([[True, False, False]])
    >>> mean_iou(a, b)
    0.5
    """
    return (iou(prediction, truth, valid) + iou(~prediction, ~truth, valid)) / 2


def accuracy(prediction: Bool, truth: Bool, valid: Bool | None = None) -> float:
    """Share of (valid) pixels that are right.

    >>> round(accuracy(np.array([[True, True, False]]), np.array([[True, False, False]])), 4)
    0.6667
    """
    _check(prediction, truth, valid)
    right = prediction == truth
    if valid is None:
        return float(right.mean())
    count = int(np.count_nonzero(valid))
    return int(np.count_nonzero(right & valid)) / count if count else 1.0


def boundary(mask: Bool, *, width: float = 0.02) -> Bool:
    """Pixels of ``mask`` near its contour or the picture's border (Cheng et al. 2021).

    Near is within ``width`` × the picture's diagonal, at least one pixel, counted in 3×3 erosion steps.
    """
    height, columns = mask.shape
    steps = max(1, round(width * float(np.hypot(height, columns))))
    padded = cv2.copyMakeBorder(mask.astype(np.uint8), 1, 1, 1, 1, cv2.BORDER_CONSTANT, value=0)
    eroded = cv2.erode(padded, np.ones((3, 3), np.uint8), iterations=steps)[1:-1, 1:-1]
    band: Bool = mask & (eroded == 0)
    return band


def boundary_iou(prediction: Bool, truth: Bool, valid: Bool | None = None, *, width: float = 0.02) -> float:
    """IoU of the bands along the inside of both contours (Cheng et al. 2021, "Boundary IoU").

    Args:
        prediction, truth, valid: (H, W).
        width: of the band, as a share of the picture's diagonal.
    """
    _check(prediction, truth, valid)
    return iou(boundary(prediction, width=width), boundary(truth, width=width), valid)


def mad(alpha: Float, truth: Float, valid: Bool | None = None) -> float:
    """Mean absolute difference of two (H, W) mattes in [0, 1].

    >>> mad(np.array([[0.0, 1.0]], np.float32), np.array([[0.5, 1.0]], np.float32))
    0.25
    """
    _check(alpha, truth, valid)
    difference = np.abs(alpha - truth)
    if valid is None:
        return float(difference.mean())
    return float(difference[valid].mean()) if valid.any() else 0.0


def _check(prediction: NDArray[np.generic], truth: NDArray[np.generic], valid: Bool | None) -> None:
    shapes = {array.shape for array in (prediction, truth, valid) if array is not None}
    if len(shapes) != 1 or prediction.ndim != 2:
        raise ValueError(f"prediction, truth and valid must be (H, W) of one size, not {sorted(shapes)}")
