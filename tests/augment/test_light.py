"""Changes of light keep size and type, and do what their names say."""

from __future__ import annotations

import numpy as np
import pytest

from limner.augment import light


def _picture() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)


@pytest.mark.parametrize(
    "change",
    [
        light.change_tone,
        light.colour_filter,
        light.darken,
        light.light_gradient,
        light.window_glow,
        lambda x, _: light.change_saturation(x, 0.5),
    ],
)
def test_size_type_and_input_are_kept(change) -> None:  # type: ignore[no-untyped-def]
    picture = _picture()
    before = picture.copy()
    out = change(picture, np.random.default_rng(1))
    assert out.shape == picture.shape
    assert out.dtype == np.uint8
    assert not np.array_equal(out, picture)
    np.testing.assert_array_equal(picture, before)
    np.testing.assert_array_equal(out, change(picture, np.random.default_rng(1)))


def test_no_saturation_is_grey() -> None:
    grey = light.change_saturation(_picture(), 0.0)
    assert np.ptp(grey.astype(int), axis=2).max() == 0


def test_a_dark_room_is_darker() -> None:
    picture = _picture()
    assert light.darken(picture, np.random.default_rng(1)).mean() < 0.75 * picture.mean()


def test_warm_filters_trade_blue_for_red_and_keep_black_and_white() -> None:
    warm, cold = light.filter_levels(1.0, 0.0), light.filter_levels(-1.0, 0.0)
    assert warm[128, 0] > 0.58 > 0.42 > warm[128, 2]
    assert cold[128, 2] > 0.58 > 0.42 > cold[128, 0]
    np.testing.assert_allclose(warm[[0, 255]], [[0] * 3, [1] * 3])
    assert (np.diff(warm, axis=0) > 0).all(), "a filter never turns bright into dark"
    faded = light.filter_levels(0.0, 1.0)
    assert faded[0].min() > 0.1
    assert faded[255].max() < 0.95


def test_a_window_makes_one_place_bright_and_leaves_others() -> None:
    grey = np.full((64, 64, 3), 60, np.uint8)
    outs = [light.window_glow(grey, np.random.default_rng(seed)).mean(2) for seed in range(12)]
    assert all(out.max() - out.min() > 40 for out in outs)
    assert np.median([out.max() for out in outs]) > 140
