"""Pictures with mattes: of train photos where there are some, of noise otherwise."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from limner.datasets.manifest import PhotoFolder
from limner.export.matted_pictures import matted_pictures


def test_photos_with_their_masks_or_noise(data_folder: Path) -> None:
    noise, photos = matted_pictures(32, None), matted_pictures(32, PhotoFolder(data_folder))
    for pictures in (noise, photos):
        assert pictures.shape == (12, 4, 32, 32)
        assert pictures.dtype == np.float32
        assert pictures.min() >= 0
        assert pictures.max() <= 1
    assert set(np.round(photos[:, 3, 5, 5], 2).tolist()) != set(np.round(noise[:, 3, 5, 5], 2).tolist())
    assert 0.1 < (photos[:, 3] > 0.5).mean() < 0.9
