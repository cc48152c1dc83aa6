"""Metrics of soft mattes: MAD, MSE, SAD, and the gradient and connectivity errors of Rhemann et al. 2009.

SAD, gradient and connectivity are sums over the picture, given in thousands as the field's tables do: they grow with
the picture, so compare them on the same photos only.
"""

from __future__ import annotations

import math
from functools import lru_cache

import cv2
import numpy as np

from limner.checking import checked
from limner.evaluation.metrics._check import Bool, Float, mean_over, same_picture, sum_over

GRADIENT_SIGMA = 1.4
CONNECTIVITY_STEP = 0.1
CONNECTIVITY_TOLERANCE = 0.15


@checked
def mad(alpha: Float, truth: Float, valid: Bool | None = None) -> float:
    """Mean absolute difference of two (H, W) mattes in [0, 1].

    >>> mad(np.array([[0.0, 1.0]], np.float32), np.array([[0.5, 1.0]], np.float32))
    0.25
    """
    same_picture(alpha, truth, valid)
    return mean_over(np.abs(alpha - truth), valid)


@checked
def mse(alpha: Float, truth: Float, valid: Bool | None = None) -> float:
    """Mean squared difference of two (H, W) mattes in [0, 1].

    >>> mse(np.array([[0.0, 1.0]], np.float32), np.array([[0.5, 1.0]], np.float32))
    0.125
    """
    same_picture(alpha, truth, valid)
    return mean_over(np.square(alpha - truth), valid)


@checked
def sad(alpha: Float, truth: Float, valid: Bool | None = None) -> float:
    """Sum of absolute differences of two (H, W) mattes in [0, 1], in thousands.

    >>> sad(np.zeros((100, 100), np.float32), np.full((100, 100), 0.5, np.float32))
    5.0
    """
    same_picture(alpha, truth, valid)
    return sum_over(np.abs(alpha - truth), valid) / 1000


@checked
def gradient_error(alpha: Float, truth: Float, valid: Bool | None = None) -> float:
    """Sum of squared differences of the gradients' magnitudes (Rhemann et al. 2009), in thousands.

    Gradients are first-order Gaussian derivatives, σ = 1.4, as separable filters scaled to a squared sum of 1. It
    punishes edges that are softer or harder than the truth's, and steps where the truth has none.

    >>> truth = np.zeros((40, 40), np.float32); truth[:, 20:] = 1
    >>> soft = cv2.GaussianBlur(truth, (0, 0), 2)
    >>> round(gradient_error(truth, truth), 4), round(gradient_error(soft, truth), 4)
    (0.0, 0.1382)
    """
    same_picture(alpha, truth, valid)
    return sum_over(np.square(_slope(alpha) - _slope(truth)), valid) / 1000


@checked
def connectivity_error(alpha: Float, truth: Float, valid: Bool | None = None) -> float:
    """Sum of differences of the degrees of connectedness (Rhemann et al. 2009), in thousands.

    The source is the largest region where both mattes are at least a level; a pixel's own level is the highest, in
    steps of 0.1, at which it belongs to it. Alpha that exceeds a pixel's level by 0.15 or more floats loose, and its
    degree falls by as much. It punishes islands and holes.

    >>> truth = np.zeros((40, 40), np.float32); truth[10:30, 10:30] = 1
    >>> island = truth.copy(); island[2:6, 2:6] = 1
    >>> connectivity_error(truth, truth), connectivity_error(island, truth)
    (0.0, 0.016)
    """
    same_picture(alpha, truth, valid)
    level = _levels(alpha, truth)
    return sum_over(np.abs(_degree(alpha, level) - _degree(truth, level)), valid) / 1000


@lru_cache(maxsize=1)
def _kernels() -> tuple[Float, Float]:
    """A Gaussian and its derivative whose outer product has a squared sum of 1; cut where they fall below 1 %."""
    sigma = GRADIENT_SIGMA
    half = math.ceil(sigma * math.sqrt(-2 * math.log(math.sqrt(2 * math.pi) * sigma * 0.01)))
    x = np.arange(-half, half + 1, dtype=np.float64)
    bell = np.exp(-(x**2) / (2 * sigma**2))
    slope = -x * bell
    return (bell / np.linalg.norm(bell)).astype(np.float32), (slope / np.linalg.norm(slope)).astype(np.float32)


def _slope(alpha: Float) -> Float:
    bell, slope = _kernels()
    across = cv2.sepFilter2D(alpha, cv2.CV_32F, slope, bell, borderType=cv2.BORDER_REPLICATE)
    down = cv2.sepFilter2D(alpha, cv2.CV_32F, bell, slope, borderType=cv2.BORDER_REPLICATE)
    return cv2.magnitude(across, down)  # type: ignore[return-value]


def _levels(alpha: Float, truth: Float) -> Float:
    """Highest level at which each pixel is connected to the source region."""
    both = np.minimum(alpha, truth)
    level = np.zeros_like(both)
    connected = np.ones(both.shape, bool)
    for step in range(1, round(1 / CONNECTIVITY_STEP) + 1):
        threshold = np.float32(step * CONNECTIVITY_STEP)
        _, labels, stats, _ = cv2.connectedComponentsWithStats((both >= threshold).astype(np.uint8), connectivity=4)
        if len(stats) < 2:
            break
        connected &= labels == 1 + int(np.argmax(stats[1:, cv2.CC_STAT_AREA]))
        level[connected] = threshold
    return level


def _degree(alpha: Float, level: Float) -> Float:
    loose = alpha - level
    return np.where(loose >= CONNECTIVITY_TOLERANCE, 1 - loose, np.float32(1)).astype(np.float32)
