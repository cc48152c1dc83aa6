"""Checks that all metrics share: shapes that must agree, and what to do where no pixel counts."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Bool = NDArray[np.bool_]
Float = NDArray[np.float32]


def same_picture(prediction: NDArray[np.generic], truth: NDArray[np.generic], valid: Bool | None) -> None:
    """Raise ValueError unless all are (H, W) of one size."""
    shapes = {array.shape for array in (prediction, truth, valid) if array is not None}
    if len(shapes) != 1 or prediction.ndim != 2:
        raise ValueError(f"prediction, truth and valid must be (H, W) of one size, not {sorted(shapes)}")


def same_clip(alphas: NDArray[np.generic], others: NDArray[np.generic], *, least: int = 2) -> None:
    """Raise ValueError unless both are (T, H, W) of one size, with at least ``least`` frames."""
    if alphas.ndim != 3 or alphas.shape != others.shape or len(alphas) < least:
        raise ValueError(
            f"a clip and its truth must be (T, H, W) of one size with {least} frames or more, "
            f"not {alphas.shape} and {others.shape}"
        )


def mean_over(values: NDArray[np.floating], valid: Bool | None) -> float:
    """Mean of ``values`` over the valid pixels; 0.0 where there are none."""
    if valid is None:
        return float(values.mean(dtype=np.float64))
    return float(values[valid].mean(dtype=np.float64)) if valid.any() else 0.0


def sum_over(values: NDArray[np.floating], valid: Bool | None) -> float:
    """Sum of ``values`` over the valid pixels."""
    return float((values if valid is None else values[valid]).sum(dtype=np.float64))
