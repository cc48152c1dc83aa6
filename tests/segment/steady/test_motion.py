"""The watch measures the noise, evens out the light, and sees cuts and nothing else as cuts."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from limner.segment.steady.motion import MotionWatch, Noise, compare, light, small_picture

RNG = np.random.default_rng(0)
SCENE = cv2.GaussianBlur(RNG.uniform(20, 220, (360, 640, 3)).astype(np.float32), (0, 0), 12)
SCENE = np.clip((SCENE - SCENE.mean()) * 8 + 110, 10, 235)


def seen(picture: np.ndarray, noise: float = 0.0) -> np.ndarray:
    return np.clip(np.rint(picture + RNG.normal(0, noise, picture.shape)), 0, 255).astype(np.uint8)


@pytest.mark.parametrize(("size", "small"), [((720, 1280), (90, 160)), ((1080, 1920), (135, 240)), ((5, 7), (5, 7))])
def test_the_small_picture(size: tuple[int, int], small: tuple[int, int]) -> None:
    made = small_picture(np.full((*size, 3), 77, np.uint8))
    assert made.shape == (*small, 3)
    assert (made.dtype, made.min(), made.max()) == (np.float32, 77, 77)


@pytest.mark.parametrize("noise", [4.0, 8.0])
def test_noise_is_measured_though_a_quarter_moves(noise: float) -> None:
    watch = MotionWatch()
    for step in range(9):
        picture = SCENE.copy()
        picture[:, :160] = np.roll(SCENE[:, :160], 9 * step, 0)
        look = watch.look(seen(picture, noise))
    assert float(np.median(look.sigma)) == pytest.approx(noise / 4, rel=0.2)  # cells of 4×4 pixels


def test_black_bars_do_not_hide_the_noise() -> None:
    watch = MotionWatch()
    for _ in range(6):
        frame = seen(SCENE, 6.0)
        frame[:130] = frame[-130:] = 0
        look = watch.look(frame)
    assert float(np.median(look.sigma)) > 1.0


def test_light_is_found_beside_motion_and_saturation() -> None:
    before = small_picture(seen(SCENE))
    lit = SCENE * np.array([1.2, 1.25, 1.1], np.float32)
    lit[:, :200] = SCENE[::-1, 200:400] * 1.25
    factor = light(small_picture(seen(lit)), before)
    assert factor == pytest.approx([1.2, 1.25, 1.1], rel=0.02)
    still = compare(small_picture(seen(SCENE * 1.25)), before, Noise().at(before)).noises
    assert float(np.percentile(still, 99)) < 2.4


def cuts(*frames: np.ndarray) -> list[bool]:
    watch = MotionWatch()
    return [watch.look(frame).cut for frame in frames]


def test_cuts_are_seen_and_other_things_are_not() -> None:
    other = np.ascontiguousarray(SCENE[::-1, ::-1])
    assert cuts(*[seen(SCENE, 3)] * 3, seen(other, 3), seen(other, 3)) == [False, False, False, True, False]
    assert not any(cuts(*[seen(SCENE * gain, 3) for gain in (1, 1, 0.7, 0.7, 1.1)]))
    assert not any(cuts(*[seen(np.roll(SCENE, 6 * step, 1), 3) for step in range(6)]))
    assert cuts(*[seen(SCENE * 0 + 2, 1)] * 2, seen(SCENE, 3))[-1]
    black = [seen(SCENE * 0 + level, 1) for level in (2, 2, 30, 2)]
    assert not any(cuts(*black))


def test_another_size_begins_a_clip_and_is_no_cut() -> None:
    watch = MotionWatch()
    looks = [watch.look(seen(SCENE[:rows])) for rows in (360, 360, 180, 180)]
    assert [look.begins for look in looks] == [True, False, True, False]
    assert not any(look.cut for look in looks)
