"""Blends, tables and blurs agree with plain floating-point arithmetic."""

from __future__ import annotations

import numpy as np
import pytest

from limner.augment import blending as b


def _picture(seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (40, 40, 3), dtype=np.uint8)


def test_mixing_is_the_blend_to_two_levels() -> None:
    over, under = _picture(0), _picture(1)
    alpha = np.random.default_rng(2).integers(0, 256, (40, 40), dtype=np.uint8)
    share = alpha[..., None] / 255
    assert np.abs(b.mix(over, under, alpha) - (over * share + under * (1 - share))).max() < 2
    np.testing.assert_array_equal(b.mix(over, under, np.full((40, 40), 255, np.uint8)), over)


def test_tables_clip_and_may_differ_by_channel() -> None:
    picture = _picture()
    np.testing.assert_array_equal(b.look_up(picture, b.table(b.RAMP)), picture)
    np.testing.assert_array_equal(b.look_up(picture, b.table(1 - b.RAMP)), 255 - picture)
    only_red = b.look_up(picture, b.table(b.RAMP[:, None] * np.array([2.0, 0, -1])))
    np.testing.assert_array_equal(only_red[..., 0], np.minimum(picture[..., 0].astype(int) * 2, 255))
    assert only_red[..., 1:].max() == 0


@pytest.mark.parametrize("sigma", [1.0, 3.0, 9.0])
def test_blur_spreads_a_step_as_far_as_its_sigma(sigma: float) -> None:
    step = np.zeros((96, 96), np.float32)
    step[:, 48:] = 1
    middle = b.blur(step, sigma)[48]
    width = np.interp(0.84, middle, np.arange(96)) - np.interp(0.16, middle, np.arange(96))
    assert width == pytest.approx(2 * sigma, rel=0.25)


def test_above_and_grown() -> None:
    mask = np.zeros((20, 20), np.uint8)
    mask[8:12, 8:12] = 200
    assert (b.above(mask, 199) == 255).sum() == 16
    assert b.above(mask, 200).max() == 0
    assert (b.grown(mask, 2.0) > 0).sum() == 64
