"""The 1€ filter: calm at rest, close behind what moves."""

from __future__ import annotations

import numpy as np

from limner.effects.one_euro import OneEuro

STEP = 1 / 25


def run(values: np.ndarray, **options: float) -> np.ndarray:
    smooth = OneEuro(**options)  # type: ignore[arg-type]
    return np.array([smooth(np.array([value]), STEP)[0] for value in values])


def test_jitter_of_what_rests_is_taken_away() -> None:
    noise = np.random.default_rng(0).normal(0, 0.01, 200)
    smooth = run(0.5 + noise, calm=0.5, follow=0.5)
    assert smooth[50:].std() < 0.4 * noise[50:].std()
    assert abs(smooth[50:].mean() - 0.5) < 0.005


def test_what_moves_is_followed_more_closely_the_faster_it_is() -> None:
    ramp = np.concatenate([np.zeros(25), np.arange(100) * STEP])
    stiff, nimble = run(ramp, calm=0.5, follow=0.0), run(ramp, calm=0.5, follow=2.0)
    assert ramp[-1] - nimble[-1] < 0.4 * (ramp[-1] - stiff[-1])
    assert nimble[-1] < ramp[-1]


def test_the_first_value_is_taken_as_it_is_and_reset_forgets() -> None:
    smooth = OneEuro(calm=0.1, follow=0.0)
    np.testing.assert_array_equal(smooth(np.array([3.0, 4.0]), 1.0), [3, 4])
    assert smooth(np.array([9.0, 4.0]), STEP)[0] < 4
    smooth.reset()
    np.testing.assert_array_equal(smooth(np.array([9.0, 4.0]), STEP), [9, 4])


def test_uneven_times_give_what_even_ones_give() -> None:
    even, uneven = OneEuro(calm=0.5, follow=0.0), OneEuro(calm=0.5, follow=0.0)
    for number in range(200):
        first = even(np.array([1.0 if number else 0.0]), 0.01)
    for number in range(101):
        last = uneven(np.array([1.0 if number else 0.0]), 0.01 if number % 2 else 0.03)
    np.testing.assert_allclose(first, last, atol=0.01)
