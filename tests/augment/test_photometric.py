"""The photometric chain follows its chances, and equal seeds give equal pictures."""

from __future__ import annotations

from dataclasses import fields

import numpy as np
import pytest

from limner.augment.photometric import Look, capture, photograph, relight
from limner.errors import DataError

NOTHING = {option.name: 0.0 for option in fields(Look)}


def _picture() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)


def test_equal_seeds_give_equal_pictures() -> None:
    for seed in range(10):
        first, second = (photograph(_picture(), np.random.default_rng(seed), Look()) for _ in range(2))
        np.testing.assert_array_equal(first, second)
        assert first.shape == (64, 64, 3)
        assert first.dtype == np.uint8


def test_no_chances_change_nothing() -> None:
    np.testing.assert_array_equal(photograph(_picture(), np.random.default_rng(1), Look(**NOTHING)), _picture())


@pytest.mark.parametrize("name", sorted(NOTHING))
def test_each_step_can_be_asked_for(name: str) -> None:
    look = Look(**{**NOTHING, name: 1.0})
    assert not np.array_equal(photograph(_picture(), np.random.default_rng(1), look), _picture())


def test_light_and_camera_share_the_steps() -> None:
    light = {"tone", "filter", "saturation", "grey", "gradient", "glow", "dark"}
    for name in NOTHING:
        look = Look(**{**NOTHING, name: 1.0})
        lit = relight(_picture(), np.random.default_rng(1), look)
        shot = capture(_picture(), np.random.default_rng(1), look, noise=np.random.default_rng(2))
        assert np.array_equal(lit, _picture()) == (name not in light)
        assert np.array_equal(shot, _picture()) == (name in light)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"tone": 1.5}, r"data.look.tone must lie in \[0, 1\]"),
        ({"soft": 0.6, "lens": 0.6}, "soft, motion, lens must not add up to more than 1"),
    ],
)
def test_options_are_checked(options: dict[str, float], message: str) -> None:
    with pytest.raises(DataError, match=message):
        Look(**options)
