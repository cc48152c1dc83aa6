"""Photos continued beyond their border, as cropped portraits are: mirrored, and the more blurred the further out."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

Rgb = NDArray[np.uint8]
Float32 = NDArray[np.float32]


def continue_borders(image: Rgb, alpha: Float32, rng: np.random.Generator) -> tuple[Rgb, Float32]:
    """The picture with one to four of its margins replaced by a blurred mirror image of what is inside.

    The person goes on as they stand there: alpha is continued the same way.

    Args:
        image: RGB uint8 (H, W, 3).
        alpha: float32 (H, W) in [0, 1].

    Returns:
        Image and alpha of the same sizes, new arrays.
    """
    height, width = alpha.shape
    reach = 0.18 * min(height, width)
    margins = np.where(rng.random(4) < 0.6, rng.uniform(0.15, 1, 4) * reach, 0).astype(int)
    if not margins.any():
        margins[int(rng.integers(4))] = max(1, round(reach / 2))
    left, top, right, bottom = (int(margin) for margin in margins)
    inside = (slice(top, height - bottom), slice(left, width - right))
    across = np.maximum(left - np.arange(width), np.arange(width) - (width - 1 - right))
    down = np.maximum(top - np.arange(height), np.arange(height) - (height - 1 - bottom))
    outside = np.clip(np.maximum(across[None], down[:, None]) / (0.25 * reach), 0, 1).astype(np.float32)
    sigma = float(rng.uniform(0.12, 0.4)) * reach

    def continued(plane: NDArray[np.uint8] | Float32) -> Float32:
        mirrored = cv2.copyMakeBorder(plane[inside], top, bottom, left, right, cv2.BORDER_REFLECT).astype(np.float32)
        blurred = cv2.GaussianBlur(mirrored, (0, 0), sigma)
        share = outside[..., None] if plane.ndim == 3 else outside
        return np.asarray(mirrored + share * (blurred - mirrored), np.float32)

    return np.clip(continued(image) + 0.5, 0, 255).astype(np.uint8), np.clip(continued(alpha), 0, 1)
