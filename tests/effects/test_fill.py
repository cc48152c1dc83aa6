"""Filling in: what is known stays, and what is not is reached at any distance."""

from __future__ import annotations

import numpy as np

from limner.effects.fill import fill_unknown
from pictures import noise


def test_fill_keeps_what_is_known_and_reaches_any_distance() -> None:
    pixels = np.zeros((64, 200, 3), np.float32)
    pixels[:, :8], pixels[:, -8:] = (10, 20, 30), (210, 220, 230)
    weight = np.zeros((64, 200), np.float32)
    weight[:, :8] = weight[:, -8:] = 1
    filled = fill_unknown(pixels, weight)
    np.testing.assert_allclose(filled[:, :8], pixels[:, :8], atol=1e-3)
    np.testing.assert_allclose(filled[:, -8:], pixels[:, -8:], atol=1e-3)
    middle = filled[32, :, 0]
    assert middle.min() >= 9.99
    assert middle.max() <= 210.01
    assert middle[40] < 90 < 130 < middle[160]


def test_fill_without_any_knowledge_is_the_mean() -> None:
    pixels = noise((9, 7)).astype(np.float32)
    np.testing.assert_allclose(fill_unknown(pixels, np.zeros((9, 7), np.float32))[4, 3], pixels.mean((0, 1)), rtol=1e-4)
