"""Smoothstep against its formula."""

from __future__ import annotations

import numpy as np
import pytest

from limner.effects import make_effect
from limner.effects.smoothstep import Smoothstep
from limner.matte import Matte


@pytest.mark.parametrize(("low", "high"), [(0.0, 1.0), (0.2, 0.8), (0.45, 0.55), (0.9, 1.0), (0.0, 0.1)])
def test_is_the_formula_and_keeps_the_confidence(low: float, high: float) -> None:
    alpha = np.linspace(0, 1, 2001, dtype=np.float32)[None].repeat(3, 0)
    result = Smoothstep(low=low, high=high).reshape(Matte(alpha, 0.3))
    t = np.clip((alpha - low) / (high - low), 0, 1)
    # Values that are 0 or 1 in 8 bits are 0 or 1.
    assert np.abs(result.alpha - t * t * (3 - 2 * t))[(alpha > 1 / 400) & (alpha < 1 - 1 / 400)].max() < 1e-5
    assert result.alpha[0, 0] == 0.0
    assert result.alpha[0, -1] == 1.0
    assert (np.diff(result.alpha[0]) >= 0).all()
    assert result.confidence == 0.3


def test_a_chain_uses_the_new_edge_wherever_it_was_named() -> None:
    rng = np.random.default_rng(0)
    frame, alpha = rng.integers(0, 256, (20, 30, 3), dtype=np.uint8), rng.random((20, 30), np.float32)
    expected = make_effect("color", color="teal")(frame, Smoothstep(low=0.4, high=0.6).reshape(Matte(alpha)))
    for spec in ("smoothstep:0.4-0.6,color:teal", "color:teal,smoothstep:0.4-0.6"):
        np.testing.assert_array_equal(make_effect(spec)(frame, Matte(alpha)), expected)
