"""Margins that continue a picture by a blur of itself."""

from __future__ import annotations

import numpy as np
import pytest

from limner.augment.continued import continue_borders


@pytest.fixture
def picture() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(3)
    alpha = np.zeros((120, 160), np.float32)
    alpha[10:, 60:100] = 1
    return rng.integers(0, 256, (120, 160, 3), np.uint8), alpha


def test_the_middle_stays_and_the_margins_change(picture: tuple[np.ndarray, np.ndarray]) -> None:
    image, alpha = picture
    for seed in range(20):
        seen, known = continue_borders(image, alpha, np.random.default_rng(seed))
        assert (seen.shape, seen.dtype) == (image.shape, np.uint8)
        assert (known.shape, known.dtype) == (alpha.shape, np.float32)
        assert np.array_equal(seen[24:-24, 32:-32], image[24:-24, 32:-32])
        assert np.array_equal(known[24:-24, 32:-32], alpha[24:-24, 32:-32])
        assert not np.array_equal(seen, image)


def test_a_person_goes_on_into_the_margin(picture: tuple[np.ndarray, np.ndarray]) -> None:
    """Also where they ended before it, since the mirror image begins inside."""
    image, alpha = picture
    continued = [continue_borders(image, alpha, np.random.default_rng(seed))[1] for seed in range(30)]
    assert max(known[0, 70:90].min() for known in continued) > 0.9
    assert all(known[-1, 75:85].min() > 0.9 for known in continued)
    assert min(known.min() for known in continued) >= 0
    assert max(known.max() for known in continued) <= 1


def test_the_margins_are_smooth(picture: tuple[np.ndarray, np.ndarray]) -> None:
    image, alpha = picture
    roughness = [
        np.abs(np.diff(continue_borders(image, alpha, np.random.default_rng(seed))[0][0].astype(int), axis=0)).mean()
        for seed in range(30)
    ]
    assert min(roughness) < 0.5 * np.abs(np.diff(image[0].astype(int), axis=0)).mean()
