"""How far a composite's person is from the truth."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def foreground_mse(said: NDArray[np.uint8], truth: NDArray[np.uint8], mask: NDArray[np.uint8]) -> float:
    """fMSE: mean squared error over the person's pixels and three channels, on the scale of 255 (Tsai et al. 2017;
    Cong et al. 2020, "DoveNet").

    >>> truth = np.zeros((2, 2, 3), np.uint8)
    >>> foreground_mse(truth + np.uint8(4), truth, np.array([[255, 0], [0, 0]], np.uint8))
    16.0

    Args:
        said, truth: RGB uint8 (H, W, 3).
        mask: uint8 (H, W), the person where above 127.

    Raises:
        ValueError: shapes differ, or nobody is in the mask.
    """
    if said.shape != truth.shape or said.shape[:2] != mask.shape:
        raise ValueError(f"shapes differ: said {said.shape}, truth {truth.shape}, mask {mask.shape}")
    inside = mask > 127
    if not inside.any():
        raise ValueError("nobody is in the mask, so there is no foreground to compare")
    return float(np.square(said[inside].astype(np.float64) - truth[inside]).mean())
