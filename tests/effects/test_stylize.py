"""Stylize: looks where they were asked for, and nowhere else."""

from __future__ import annotations

import numpy as np
import pytest

from limner.effects import make_effect
from limner.effects.stylize import LOOKS
from limner.matte import Matte

RNG = np.random.default_rng(0)
FRAME = RNG.integers(0, 256, (60, 80, 3), dtype=np.uint8)
ALPHA = np.zeros((60, 80), np.float32)
ALPHA[20:, 20:60] = 1.0


@pytest.mark.parametrize("look", list(LOOKS))
def test_a_look_changes_the_side_it_is_asked_for_only(look: str) -> None:
    both = make_effect("stylize", look=look)(FRAME, Matte(ALPHA))
    person = make_effect(f"stylize:{look}@person")(FRAME, Matte(ALPHA))
    background = make_effect("stylize", look=look, on="background")(FRAME, Matte(ALPHA))
    inside = ALPHA == 1
    assert (both != FRAME).any(axis=2).mean() > 0.9
    np.testing.assert_array_equal(person[inside], both[inside])
    np.testing.assert_array_equal(person[~inside], FRAME[~inside])
    np.testing.assert_array_equal(background[~inside], both[~inside])
    np.testing.assert_array_equal(background[inside], FRAME[inside])


@pytest.mark.parametrize("look", list(LOOKS))
def test_curves_rise_and_grey_ramps_stay_smooth(look: str) -> None:
    ramp = np.arange(256, dtype=np.uint8)[None, :, None].repeat(3, 2)
    result = make_effect("stylize", look=look)(ramp, Matte(np.zeros((1, 256), np.float32)))[0].astype(int)
    steps = np.diff(result, axis=0)
    assert steps.min() >= 0
    assert steps.max() <= 3


def test_what_the_names_promise() -> None:
    grey = np.full((1, 1, 3), 128, np.uint8)

    def shown(look: str, pixel: np.ndarray = grey) -> np.ndarray:
        return make_effect("stylize", look=look)(pixel, Matte(np.zeros((1, 1), np.float32)))[0, 0].astype(int)

    assert shown("warm")[0] > 128 > shown("warm")[2]
    assert shown("cool")[2] > 128 > shown("cool")[0]
    assert shown("green")[1] > max(shown("green")[0], shown("green")[2]) + 10
    red = np.array((220, 40, 40), np.uint8).reshape(1, 1, 3)
    assert np.ptp(shown("bw", red)) == 0
    assert np.ptp(shown("faded", red)) < 180 < np.ptp(shown("vivid", red))
