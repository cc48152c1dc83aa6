"""Changes of light and camera keep size and type, and do what their names say."""

from __future__ import annotations

import numpy as np
import pytest

from limner.data import photometric as pm


def _picture() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)


@pytest.mark.parametrize(
    "change",
    [
        lambda x, r: pm.change_tone(x, r),
        lambda x, r: pm.darken(x, r),
        lambda x, r: pm.light_gradient(x, r),
        lambda x, r: pm.motion_blur(x, r, length=5),
        lambda x, r: pm.sensor_noise(x, r),
        lambda x, r: pm.recompress(x, 40),
        lambda x, r: pm.change_saturation(x, 0.5),
        lambda x, r: pm.photograph(x, r),
    ],
)
def test_size_type_and_input_are_kept(change) -> None:  # type: ignore[no-untyped-def]
    picture = _picture()
    before = picture.copy()
    out = change(picture, np.random.default_rng(1))
    assert out.shape == picture.shape
    assert out.dtype == np.uint8
    np.testing.assert_array_equal(picture, before)


def test_no_saturation_is_grey() -> None:
    grey = pm.change_saturation(_picture(), 0.0)
    assert np.ptp(grey.astype(int), axis=2).max() == 0


def test_darkness_is_darker_and_motion_keeps_brightness() -> None:
    picture = _picture()
    assert pm.darken(picture, np.random.default_rng(1)).mean() < 0.75 * picture.mean()
    assert pm.motion_blur(picture, np.random.default_rng(1), length=9).mean() == pytest.approx(picture.mean(), abs=3)


def test_recompression_keeps_red_red() -> None:
    red = np.zeros((32, 32, 3), np.uint8)
    red[..., 0] = 200
    out = pm.recompress(red, 90)
    assert out[..., 0].mean() > 190
    assert out[..., 2].mean() < 10


def test_equal_seeds_give_equal_pictures() -> None:
    first, second = (pm.photograph(_picture(), np.random.default_rng(5)) for _ in range(2))
    np.testing.assert_array_equal(first, second)
