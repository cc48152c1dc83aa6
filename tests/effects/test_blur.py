"""Blur: a true Gaussian behind the person, with nothing of the person in it."""

from __future__ import annotations

from math import erf

import numpy as np
import pytest

from limner.effects import make_effect
from limner.effects.compose import halve
from limner.matte import Matte
from pictures import disc, noise


@pytest.mark.parametrize("strength", [0.02, 0.1, 0.3, 0.5, 1.0])
@pytest.mark.parametrize("soft", [0.0, 6.0])
def test_blur_takes_nothing_of_the_person_into_the_background(strength: float, soft: float) -> None:
    alpha = disc((270, 480), 0.3, soft)
    frame = np.zeros((270, 480, 3), np.uint8)
    frame[...] = np.rint(alpha[..., None] * (255, 0, 0) + (1 - alpha[..., None]) * (0, 0, 255))
    result = make_effect("blur", strength=strength)(frame, Matte(alpha))
    outside = result[alpha == 0.0]
    assert outside[:, 0].max() <= 2
    assert outside[:, 2].min() >= 253


def test_blur_under_the_person_shows_the_surroundings_and_no_dark_rim() -> None:
    alpha = disc((270, 480), 0.45) * np.float32(0.5)  # half-transparent everywhere: what lies below shows
    frame = np.where(alpha[..., None] > 0, 255, 100).astype(np.uint8).repeat(3, 2)
    result = make_effect("blur")(frame, Matte(alpha))
    assert np.abs(result[alpha > 0].astype(int) - 178).max() <= 2


def test_blur_of_a_plain_background_is_plain_and_a_step_becomes_a_gaussian_ramp() -> None:
    size, strength = (400, 800), 0.5
    frame = np.zeros((*size, 3), np.uint8)
    frame[:, 400:] = 200
    result = make_effect("blur", strength=strength)(frame, Matte(np.zeros(size, np.float32)))
    sigma = strength * 0.06 * min(size)
    ramp = [100 * (1 + erf((x + 0.5 - 400) / sigma / 2**0.5)) for x in range(800)]
    assert np.abs(result[..., 0].astype(float) - ramp).max() < 4.0


def test_blur_strength_zero_changes_nothing() -> None:
    frame = noise((50, 60))
    np.testing.assert_array_equal(make_effect("blur", strength=0.0)(frame, Matte(disc((50, 60), 0.2))), frame)


def test_blur_looks_the_same_at_any_size() -> None:
    def blurred(scale: int) -> np.ndarray:
        frame = np.kron(noise((9, 16), 3), np.ones((30 * scale, 30 * scale, 1), np.uint8))
        return make_effect("blur")(frame, Matte(np.zeros(frame.shape[:2], np.float32)))

    small, large = blurred(1), halve(blurred(2), 1)
    assert np.abs(small.astype(int) - large).mean() < 3.0
