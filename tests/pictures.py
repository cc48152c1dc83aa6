"""Pictures and mattes to try effects on."""

from __future__ import annotations

import numpy as np


def noise(size: tuple[int, int], seed: int = 0) -> np.ndarray:
    """RGB uint8 (H, W, 3), every value as likely."""
    return np.random.default_rng(seed).integers(0, 256, (*size, 3), dtype=np.uint8)


def disc(size: tuple[int, int], radius: float, soft: float = 0.0) -> np.ndarray:
    """A disc in the middle; `radius` as a share of the shorter side, `soft` the width of its edge in pixels."""
    y, x = np.mgrid[: size[0], : size[1]].astype(np.float32)
    away = np.hypot(y - size[0] / 2, x - size[1] / 2)
    edge = radius * min(size) - away
    return (edge > 0).astype(np.float32) if not soft else np.clip(edge / soft + 0.5, 0, 1).astype(np.float32)
