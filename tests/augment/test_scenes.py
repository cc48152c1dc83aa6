"""What changes about a scene, and what must not: who is dark, what is hidden, whose colours bleed where."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from limner.augment import scenes


def _person(size: int = 96) -> tuple[np.ndarray, np.ndarray]:
    """A textured grey-red person and their soft mask."""
    alpha = np.zeros((size, size), np.uint8)
    cv2.ellipse(alpha, (size // 2, size), (size // 4, size * 2 // 3), 0, 0, 360, 255, -1)
    alpha = cv2.GaussianBlur(alpha, (0, 0), 1.0)
    noise = np.random.default_rng(0).normal(0, 12, (size, size, 3))
    image = np.clip(np.array([150, 110, 100]) + noise, 0, 255).astype(np.uint8)
    return image, alpha


def _noisy(colour: tuple[int, int, int], size: int = 96) -> np.ndarray:
    noise = np.random.default_rng(1).normal(0, 12, (size, size, 3))
    return np.clip(np.array(colour) + noise, 0, 255).astype(np.uint8)


@pytest.mark.parametrize("colour", [(30, 40, 60), (220, 210, 180)])
def test_matched_light_moves_the_person_toward_the_background(colour: tuple[int, int, int]) -> None:
    person, alpha = _person()
    background = _noisy(colour)
    inside = alpha > 200
    before = person[inside].mean(0) - background.mean((0, 1))
    moved = scenes.match_light(person, alpha, background, strength=0.6)[inside].mean(0) - background.mean((0, 1))
    assert np.abs(moved).mean() < 0.75 * np.abs(before).mean()
    kept = scenes.match_light(person, alpha, background, strength=0.0)
    np.testing.assert_allclose(kept.astype(int), person.astype(int), atol=1)


def test_nobody_turns_green_on_a_lawn() -> None:
    person, alpha = _person()
    moved = scenes.match_light(person, alpha, _noisy((20, 200, 20)), strength=0.9)[alpha > 200].mean(0)
    assert moved[0] > 0.6 * moved[1]


def test_wrapped_light_touches_the_rim_alone() -> None:
    person, alpha = _person()
    out = scenes.light_wrap(person, alpha, np.full_like(person, 255), strength=0.7)
    change = np.abs(out.astype(int) - person).mean(2)
    core = cv2.erode(alpha, np.ones((15, 15), np.uint8)) == 255
    rim = (alpha > 250) & (cv2.erode(alpha, np.ones((3, 3), np.uint8)) < 250)
    assert change[core].max() <= 2
    assert change[alpha == 0].max() <= 2
    assert change[rim].mean() > 8


def test_backlight_darkens_the_person_and_brightens_the_rest() -> None:
    image, alpha = _person()
    for seed in range(5):
        out = scenes.backlight(image, alpha, np.random.default_rng(seed)).astype(int)
        core = cv2.erode(alpha, np.ones((25, 25), np.uint8)) == 255
        assert out[alpha == 0].mean() > image[alpha == 0].mean() + 20
        assert out[core].mean() < image[core].mean()


def test_defocus_keeps_the_person_and_lets_none_of_them_bleed() -> None:
    image, alpha = _person()
    image[alpha > 127] = (255, 0, 0)
    image[alpha <= 127] = _noisy((60, 60, 60))[alpha <= 127]
    out = scenes.defocus(image, alpha, radius=4.0)
    np.testing.assert_array_equal(out[alpha == 255], image[alpha == 255])
    outside = alpha == 0
    assert out[outside].astype(float).std() < 0.8 * image[outside].astype(float).std()
    near = outside & (cv2.dilate(alpha, np.ones((9, 9), np.uint8)) > 0)
    assert out[near][:, 0].mean() < 85, "no red halo"


def test_things_have_soft_outlines_of_about_the_size_asked_for() -> None:
    areas = []
    for seed in range(40):
        shape = scenes.thing_shape(96, np.random.default_rng(seed), centre=(48.0, 48.0), extent=30.0)
        assert shape.dtype == np.uint8
        assert shape.max() > 200
        assert ((shape > 20) & (shape < 235)).any()
        areas.append((shape > 127).sum())
    assert 300 < np.median(areas) < 1500


def test_the_person_is_gone_exactly_where_a_thing_covers_them() -> None:
    image, alpha = _person()
    shape = scenes.thing_shape(96, np.random.default_rng(3), centre=(48.0, 60.0), extent=30.0)
    out, left = scenes.put_in_front(image, alpha, _noisy((0, 0, 250)), shape)
    assert left[shape == 255].max() == 0
    np.testing.assert_array_equal(left[shape == 0], alpha[shape == 0])
    np.testing.assert_array_equal(out[shape == 0], image[shape == 0])
    np.testing.assert_allclose(left, alpha * (1 - shape / 255.0), atol=1)
