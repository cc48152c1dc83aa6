"""Blending against its formula, by either of its ways."""

from __future__ import annotations

import numpy as np
import pytest

from limner.effects.compose import blend_onto
from pictures import noise


@pytest.mark.parametrize("share", [0.02, 0.9])
def test_blend_agrees_with_the_formula_by_either_way(share: float) -> None:
    rng = np.random.default_rng(4)
    front, back = noise((80, 90), 1), noise((80, 90), 2)
    alpha = np.where(rng.random((80, 90)) < share, rng.random((80, 90)), rng.random((80, 90)) > 0.5).astype(np.float32)
    expected = front * alpha[..., None] + back * (1 - alpha[..., None])
    result = blend_onto(back.copy(), front, alpha)
    assert np.abs(result - expected).max() <= 1.01
    np.testing.assert_array_equal(result[alpha == 1], front[alpha == 1])
    np.testing.assert_array_equal(result[alpha == 0], back[alpha == 0])
