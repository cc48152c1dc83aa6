"""fMSE against its definition, and what it refuses."""

from __future__ import annotations

import numpy as np
import pytest

from limner.evaluation.metrics.composites import foreground_mse


def test_only_the_person_counts() -> None:
    rng = np.random.default_rng(0)
    said, truth = (rng.integers(0, 256, (20, 30, 3), dtype=np.uint8) for _ in range(2))
    mask = rng.choice([0, 127, 128, 255], (20, 30)).astype(np.uint8)
    inside = [(y, x) for y in range(20) for x in range(30) if mask[y, x] > 127]
    expected = np.mean([(float(said[y, x, c]) - float(truth[y, x, c])) ** 2 for y, x in inside for c in range(3)])
    assert foreground_mse(said, truth, mask) == pytest.approx(expected)
    assert foreground_mse(truth, truth, mask) == 0.0


def test_wrong_shapes_and_empty_masks_are_refused() -> None:
    picture, mask = np.zeros((4, 4, 3), np.uint8), np.full((4, 4), 255, np.uint8)
    with pytest.raises(ValueError, match="shapes differ"):
        foreground_mse(picture, picture[:3], mask)
    with pytest.raises(ValueError, match="nobody is in the mask"):
        foreground_mse(picture, picture, mask * 0)
