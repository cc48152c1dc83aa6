"""Drawn things: of the height asked for, whole, soft at the outline, shaded, and another one for another seed."""

from __future__ import annotations

import numpy as np
import pytest

from limner.datasets.compositing import things


@pytest.mark.parametrize("name", ["mug", "microphone", "laptop", "chair"])
@pytest.mark.parametrize("height", [20, 90, 260])
def test_a_thing_is_a_shaded_shape(name: str, height: int) -> None:
    draw = getattr(things, name)
    one, other = (draw(height, np.random.default_rng(seed)) for seed in (1, 2))
    assert one.alpha.shape == one.rgb.shape[:2]
    assert one.alpha.shape[0] == (4 * height if name == "microphone" else height)
    share = (one.alpha > 127).mean()
    assert (0.01 if name == "microphone" else 0.3) < share < 0.95
    assert ((one.alpha > 10) & (one.alpha < 245)).any()
    levels = one.rgb[one.alpha == 255].astype(float).mean(1)
    assert levels.std() > 2
    assert one.alpha.shape != other.alpha.shape or np.abs(one.alpha.astype(int) - other.alpha).max() > 20
    again = draw(height, np.random.default_rng(1))
    np.testing.assert_array_equal(one.rgb, again.rgb)


def test_shares_of_things_in_front_are_shares() -> None:
    assert sum(share for _, share, _ in things.FRONT.values()) == pytest.approx(1)
