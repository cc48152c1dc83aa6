"""Pictures with the matte of who is in them: what exports of nets that take both are compared with PyTorch on."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from limner.datasets.manifest import PhotoFolder

_PICTURES = 12


def matted_pictures(size: int, folder: PhotoFolder | None) -> NDArray[np.float32]:
    """float32 (N, 4, S, S) to compare the export with PyTorch on: train photos with their masks, or smooth noise."""
    rng = np.random.default_rng(0)
    coarse = rng.random((_PICTURES, 9, 9, 4))
    pictures = [cv2.resize(noise, (size, size), interpolation=cv2.INTER_CUBIC).clip(0, 1) for noise in coarse]
    if folder is not None:
        photos = [photo for photo in folder.select(split="train") if photo.mask in ("hand", "auto")]
        chosen = [photos[i] for i in np.linspace(0, len(photos) - 1, _PICTURES).astype(int)] if photos else []
        for i, photo in enumerate(chosen):
            rgb, mask = folder.load(photo)
            planes = cv2.merge([*cv2.split(rgb), mask])
            pictures[i] = cv2.resize(planes, (size, size), interpolation=cv2.INTER_AREA) / 255.0
    return np.ascontiguousarray(np.stack(pictures).astype(np.float32).transpose(0, 3, 1, 2))
