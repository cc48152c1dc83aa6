"""What blurs the picture blurs its mask alike; every step does something; no step changes nothing."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import pytest

from limner.datasets.compositing.exposure import Exposure, draw_exposure, expose


def _picture() -> tuple[np.ndarray, np.ndarray]:
    alpha = np.zeros((96, 128), np.uint8)
    cv2.circle(alpha, (60, 50), 30, 255, -1, cv2.LINE_AA)
    return cv2.merge([alpha] * 3), alpha  # a white person before black: the picture is the mask


@pytest.mark.parametrize("step", [{"defocus": 2.5}, {"motion": 9, "direction": 30.0}, {"resolution": 0.5}])
def test_blur_moves_the_mask_as_the_picture(step: dict[str, Any]) -> None:
    image, alpha = _picture()
    seen, mask = expose(image, alpha, Exposure(**step))
    assert np.abs(seen[..., 0].astype(int) - mask).max() <= 2
    assert ((mask > 20) & (mask < 235)).sum() > 1.5 * ((alpha > 20) & (alpha < 235)).sum()


@pytest.mark.parametrize(
    "step",
    [{"gamma": 1.3}, {"contrast": 0.8}, {"brightness": 0.1}, {"balance": (1.1, 1.0, 0.9)}, {"saturation": 0.4},
     {"shot": 2.0}, {"read": 4.0}, {"blotch": 5.0}, {"denoise": 0.6}, {"jpeg": 40}, {"video": 30}],
)  # fmt: skip
def test_other_steps_change_the_picture_alone(step: dict[str, Any]) -> None:
    image, alpha = _picture()
    image = cv2.add(image // 2, np.array([60, 30, 90, 0], np.float64)).astype(np.uint8)
    image[::7] //= 2
    seen, mask = expose(image, alpha, Exposure(**step))
    np.testing.assert_array_equal(mask, alpha)
    assert (seen != image).any()


def test_nothing_changes_nothing() -> None:
    image, alpha = _picture()
    for made, was in zip(expose(image, alpha, Exposure()), (image, alpha), strict=True):
        assert np.abs(made.astype(int) - was).max() <= 1
    assert draw_exposure(np.random.default_rng(0), 0.0, 96).noise_seed != 0
    off = draw_exposure(np.random.default_rng(0), 0.0, 96)
    assert off == Exposure(noise_seed=off.noise_seed)


def test_chances_are_kept() -> None:
    drawn = [draw_exposure(np.random.default_rng(n), 0.5, 256) for n in range(300)]
    assert 0.35 < np.mean([each.gamma != 1 for each in drawn]) < 0.65
    assert 0.35 < np.mean([each.read != 0 for each in drawn]) < 0.65
    assert 0.3 < np.mean([bool(each.jpeg or each.video) for each in drawn]) < 0.65
    assert not any(each.jpeg and each.video for each in drawn)
