"""Random pictures for tests of metrics: blobs with and without soft edges, and a copy that is off here and there."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage


def masks(seed: int, height: int = 61, width: int = 83) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Two masks (H, W) that agree in most places."""
    rng = np.random.default_rng(seed)
    field = ndimage.gaussian_filter(rng.normal(size=(height, width)), 5)
    other = ndimage.gaussian_filter(rng.normal(size=(height, width)), 5)
    return field > 0, field + 0.5 * other > 0


def mattes(seed: int, height: int = 31, width: int = 43) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Two mattes (H, W) in [0, 1] with soft edges, islands and holes."""
    rng = np.random.default_rng(seed)
    field = ndimage.gaussian_filter(rng.normal(size=(height, width)), 3)
    other = ndimage.gaussian_filter(rng.normal(size=(height, width)), 2)
    scale = 4 / field.std()
    first = np.clip(0.5 + scale / 8 * field, 0, 1)
    second = np.clip(0.5 + scale / 8 * (field + 0.3 * other), 0, 1)
    return first.astype(np.float32), second.astype(np.float32)
