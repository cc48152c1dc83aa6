"""Metrics of mattes over time: dtSSD and MESSDdt (Erofeev et al. 2015), and flicker on still pixels."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from limner.checking import checked
from limner.evaluation.metrics._check import Bool, Float, mean_over, same_clip

STILL = 1 / 512
"""Largest change of the true alpha, from one frame to the next, at which a pixel counts as still."""


@checked
def dtssd(alphas: Float, truths: Float) -> float:
    """Root of the mean squared error of alpha's change, mean over pairs of frames, times 100 (Erofeev et al. 2015).

    The root of the mean instead of the sum makes clips of different sizes comparable, as later papers do. It sees the
    flicker of a matte and not its standing errors.

    >>> truth = np.zeros((3, 2, 2), np.float32)
    >>> wrong_but_steady = np.ones_like(truth)
    >>> dtssd(wrong_but_steady, truth), dtssd(np.array([truth[0], truth[1] + 0.5, truth[2] + 0.5]), truth)
    (0.0, 25.0)

    Args:
        alphas, truths: (T, H, W) in [0, 1], two frames or more.
    """
    same_clip(alphas, truths)
    error = np.diff(alphas, axis=0) - np.diff(truths, axis=0)
    return 100 * float(np.sqrt(np.square(error).mean(axis=(1, 2), dtype=np.float64)).mean())


@checked
def messddt(alphas: Float, truths: Float, flows: NDArray[np.float32] | None = None) -> float:
    """Mean change of the squared error along the motion, times 1000 (Erofeev et al. 2015).

    A pixel's squared error is compared with that of the place it moves to in the next frame; places outside of the
    picture are left out.

    >>> truth = np.zeros((2, 1, 4), np.float32)
    >>> truth[0, 0, 1] = truth[1, 0, 2] = 1
    >>> error_that_moves_along = truth * 0.5
    >>> one_right = np.full((1, 1, 4, 2), [1, 0], np.float32)
    >>> messddt(error_that_moves_along, truth), messddt(error_that_moves_along, truth, one_right)
    (125.0, 0.0)

    Args:
        alphas, truths: (T, H, W) in [0, 1], two frames or more.
        flows: (T − 1, H, W, 2), x and y in pixels: where each pixel of a frame is in the next. None: nothing moves.
    """
    same_clip(alphas, truths)
    if flows is not None and flows.shape != (len(alphas) - 1, *alphas.shape[1:], 2):
        raise ValueError(f"flows must be (T − 1, H, W, 2) for a clip of {alphas.shape}, not {flows.shape}")
    errors = np.square(alphas - truths)
    if flows is None:
        return 1000 * float(np.abs(np.diff(errors, axis=0)).mean(dtype=np.float64))
    return 1000 * float(np.mean([_along(errors[t], errors[t + 1], flow) for t, flow in enumerate(flows)]))


@checked
def flicker(alphas: Float, still: Bool) -> float:
    """Mean change of alpha from one frame to the next over pixels where nothing moved, times 1000.

    Every change there is the matte maker's own: a perfect one scores 0, and so does a blind one, so read it beside
    the IoU.

    >>> alphas = np.array([[[0.0, 1.0]], [[0.1, 0.5]]], np.float32)
    >>> round(flicker(alphas, np.array([[[True, False]]])), 3)
    100.0

    Args:
        alphas: (T, H, W) in [0, 1], two frames or more.
        still: (T − 1, H, W), which pixels are the same in a frame and the next; see ``still_pixels``.
    """
    same_clip(alphas[1:], still, least=1)
    return 1000 * mean_over(np.abs(np.diff(alphas, axis=0)), still)


@checked
def still_pixels(truths: Float) -> Bool:
    """(T − 1, H, W): where the true alpha (T, H, W) stays within ``STILL`` from a frame to the next."""
    same_clip(truths, truths)
    still: Bool = np.abs(np.diff(truths, axis=0)) <= STILL
    return still


def _along(before: Float, after: Float, flow: NDArray[np.float32]) -> float:
    height, width = before.shape
    y, x = np.mgrid[:height, :width].astype(np.float32)
    x, y = x + flow[..., 0], y + flow[..., 1]
    moved = cv2.remap(after, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    inside = (x >= 0) & (y >= 0) & (x <= width - 1) & (y <= height - 1)
    return mean_over(np.abs(before - moved), inside)
