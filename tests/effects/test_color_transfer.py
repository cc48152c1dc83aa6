"""Colour transfer: the person's statistics in CIELAB become the background's."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from limner.effects import Chain, make_effect
from limner.matte import Matte
from limner.media.backgrounds import PhotoBackground

SIZE = (160, 200)


def textured(mean: tuple[int, int, int], spread: float, seed: int) -> np.ndarray:
    """Blocks of 4 × 4 pixels, so that a coarse grid sees the same spread."""
    rng = np.random.default_rng(seed)
    blocks = rng.normal(0, spread, (SIZE[0] // 4, SIZE[1] // 4, 3)) + mean
    return np.kron(np.rint(blocks.clip(0, 255)).astype(np.uint8), np.ones((4, 4, 1), np.uint8))


@pytest.fixture
def alpha() -> np.ndarray:
    matte = np.zeros(SIZE, np.float32)
    matte[40:160, 40:160] = 1.0
    return matte


def statistics(pixels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    lab = cv2.cvtColor(np.ascontiguousarray(pixels.reshape(1, -1, 3)), cv2.COLOR_RGB2LAB)[0].astype(float)
    return lab.mean(0), lab.std(0)


def moved(frame: np.ndarray, behind: np.ndarray, alpha: np.ndarray, strength: float) -> np.ndarray:
    transfer = make_effect("color_transfer", strength=strength)
    chain = Chain([transfer, make_effect("replace", background=PhotoBackground(behind))])
    return chain(frame, Matte(alpha))


def test_at_full_strength_mean_and_spread_are_the_backgrounds(alpha: np.ndarray) -> None:
    person, behind = textured((170, 120, 100), 14, 1), textured((70, 90, 130), 20, 2)
    result = moved(person, behind, alpha, 1.0)
    mean, spread = statistics(result[alpha == 1])
    wanted_mean, wanted_spread = statistics(behind)
    np.testing.assert_allclose(mean, wanted_mean, atol=1.5)
    np.testing.assert_allclose(spread, wanted_spread, rtol=0.12)
    np.testing.assert_array_equal(result[alpha == 0], behind[alpha == 0])


@pytest.mark.parametrize("strength", [0.25, 0.5, 0.75])
def test_strength_goes_all_the_way_between(alpha: np.ndarray, strength: float) -> None:
    person, behind = textured((170, 120, 100), 14, 1), textured((70, 90, 130), 14, 2)
    means = [statistics(moved(person, behind, alpha, share)[alpha == 1])[0] for share in (0.0, strength, 1.0)]
    np.testing.assert_allclose(means[1], means[0] + strength * (means[2] - means[0]), atol=2.0)


def test_a_flat_background_does_not_make_a_silhouette(alpha: np.ndarray) -> None:
    person = textured((150, 120, 100), 25, 1)
    result = moved(person, np.full((*SIZE, 3), 90, np.uint8), alpha, 1.0)
    before, after = statistics(person[alpha == 1])[1], statistics(result[alpha == 1])[1]
    assert (after >= 0.4 * before).all()


def test_over_the_own_background_the_person_is_no_part_of_it(alpha: np.ndarray) -> None:
    frame = textured((70, 90, 130), 14, 2)
    frame[alpha == 1] = textured((170, 120, 100), 14, 1)[alpha == 1]
    result = make_effect("color_transfer", strength=1.0)(frame, Matte(alpha))
    np.testing.assert_allclose(statistics(result[alpha == 1])[0], statistics(frame[alpha == 0])[0], atol=1.5)
    np.testing.assert_array_equal(result[alpha == 0], frame[alpha == 0])


@pytest.mark.parametrize("value", [0.0, 1.0])
def test_nobody_or_nothing_else_changes_nothing(value: float) -> None:
    frame = textured((170, 120, 100), 14, 1)
    result = make_effect("color_transfer")(frame, Matte(np.full(SIZE, value, np.float32)))
    np.testing.assert_array_equal(result, frame)
