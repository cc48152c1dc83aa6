"""Bokeh: lights become discs, plain surfaces stay, and nothing of the person is in the background."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from limner.effects import make_effect
from limner.matte import Matte

SIZE = (360, 640)
NOBODY = np.zeros(SIZE, np.float32)


def one_light(colour: tuple[int, int, int] = (255, 255, 255)) -> np.ndarray:
    frame = np.full((*SIZE, 3), 20, np.uint8)
    cv2.circle(frame, (320, 180), 3, colour, -1, cv2.LINE_AA)
    return frame


def head(size: tuple[int, int] = SIZE, soft: float = 6.0) -> np.ndarray:
    y, x = np.mgrid[: size[0], : size[1]].astype(np.float32)
    away = np.hypot(y - size[0] / 2, x - size[1] / 2)
    return np.clip((0.3 * size[0] - away) / soft + 0.5, 0, 1).astype(np.float32)


@pytest.mark.parametrize("strength", [0.5, 0.75, 1.0])
def test_a_light_becomes_an_even_disc_of_the_radius_that_strength_says(strength: float) -> None:
    result = make_effect("bokeh", strength=strength)(one_light(), Matte(NOBODY))[..., 0].astype(float)
    radius = strength * 0.06 * SIZE[0]
    y, x = np.mgrid[: SIZE[0], : SIZE[1]]
    away = np.hypot(y - 179.5, x - 319.5)
    inside, outside = result[away < 0.6 * radius], result[away > 1.5 * radius]
    assert outside.max() <= 24
    assert inside.min() > 40
    assert inside.min() > 0.85 * inside.max()
    blur = make_effect("blur", strength=strength)(one_light(), Matte(NOBODY))[..., 0]
    assert inside.mean() > 1.8 * blur.max()


def test_highlights_make_lights_brighter_and_keep_their_colour() -> None:
    light = (160, 200, 255)
    dim, bright = (
        make_effect("bokeh", highlights=share)(one_light(light), Matte(NOBODY))[180, 320].astype(float)
        for share in (0.0, 1.0)
    )
    assert bright.min() > 1.3 * dim.min()
    linear = np.square(bright / 255) - np.square(20 / 255)
    np.testing.assert_allclose(linear / linear.max(), np.square(np.array(light) / 255), atol=0.12)


@pytest.mark.parametrize("colour", [(0, 0, 0), (255, 255, 255), (255, 0, 0), (17, 130, 240), (128, 128, 128)])
@pytest.mark.parametrize("highlights", [0.0, 1.0])
def test_a_plain_surface_stays(colour: tuple[int, int, int], highlights: float) -> None:
    frame = np.full((*SIZE, 3), colour, np.uint8)
    result = make_effect("bokeh", highlights=highlights)(frame, Matte(head()))
    assert np.abs(result.astype(int) - frame).max() <= 1


@pytest.mark.parametrize("strength", [0.1, 0.3, 0.5, 1.0])
@pytest.mark.parametrize("soft", [0.1, 6.0])
def test_no_halo(strength: float, soft: float) -> None:
    alpha = head(soft=soft)
    person, room = np.array((255, 0, 0)), np.array((0, 0, 255))
    frame = np.rint(alpha[..., None] * person + (1 - alpha[..., None]) * room).astype(np.uint8)
    outside = make_effect("bokeh", strength=strength)(frame, Matte(alpha))[alpha == 0.0]
    assert outside[:, 0].max() <= 6
    assert outside[:, 2].min() >= 250


def test_strength_zero_changes_nothing() -> None:
    frame = np.random.default_rng(0).integers(0, 256, (50, 60, 3), dtype=np.uint8)
    result = make_effect("bokeh", strength=0.0)(frame, Matte(head((50, 60))))
    np.testing.assert_array_equal(result, frame)


def test_looks_the_same_at_any_size() -> None:
    blocks = np.random.default_rng(3).integers(0, 256, (9, 16, 3), dtype=np.uint8)

    def blurred(scale: int) -> np.ndarray:
        frame = np.kron(blocks, np.ones((30 * scale, 30 * scale, 1), np.uint8))
        return make_effect("bokeh")(frame, Matte(np.zeros(frame.shape[:2], np.float32)))

    large = cv2.resize(blurred(2), (480, 270), interpolation=cv2.INTER_AREA)
    assert np.abs(blurred(1).astype(int) - large).mean() < 3.0
