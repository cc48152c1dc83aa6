"""Pictures to compare an export with PyTorch on: photos where there are some, seeded noise otherwise."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from limner.datasets.manifest import PhotoFolder

_COUNT = 16


def parity_pictures(size: tuple[int, int], channels: int, folder: PhotoFolder | None) -> NDArray[np.float32]:
    """float32 (16, channels, H, W) in [0, 1]: train photos of all sets, or smooth noise; a 4th channel is a disc."""
    height, width = size
    rng = np.random.default_rng(0)
    if folder is not None:
        photos = list(folder.select(split="train"))
        chosen = [photos[i] for i in np.linspace(0, len(photos) - 1, _COUNT).astype(int)]
        images = [cv2.resize(folder.load(p)[0], (width, height), interpolation=cv2.INTER_AREA) / 255.0 for p in chosen]
    else:
        coarse = rng.random((_COUNT, 9, 9, 3))
        images = [cv2.resize(c, (width, height), interpolation=cv2.INTER_CUBIC).clip(0, 1) for c in coarse]
    batch = np.stack(images).astype(np.float32).transpose(0, 3, 1, 2)
    if channels == 4:
        disc = np.zeros((height, width), np.float32)
        cv2.circle(disc, (width // 2, height // 2), height // 3, 1.0, -1)
        batch = np.concatenate([batch, np.broadcast_to(disc, (_COUNT, 1, height, width))], axis=1)
    return np.ascontiguousarray(batch)
