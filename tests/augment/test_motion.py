"""The frame before: picture and target move together, a little, or not at all."""

from __future__ import annotations

import cv2
import numpy as np

from limner.augment.motion import earlier


def _scene() -> tuple[np.ndarray, np.ndarray]:
    target = np.zeros((96, 96), np.float32)
    cv2.ellipse(target, (48, 70), (22, 40), 0, 0, 360, 1.0, -1)
    image = np.full((96, 96, 3), 60, np.uint8)
    image[target > 0.5] = 200
    return image, target


def test_picture_and_target_move_together() -> None:
    image, target = _scene()
    for seed in range(12):
        before, mask = earlier(image, target, np.random.default_rng(seed))
        assert before.dtype == np.uint8
        assert mask.dtype == np.float32
        np.testing.assert_allclose((before[..., 0] - 60.0) / 140, mask, atol=0.02)


def test_some_frames_stand_still_and_the_others_move_a_little() -> None:
    image, target = _scene()
    moved = [earlier(image, target, np.random.default_rng(seed))[1] for seed in range(100)]
    still = np.mean([np.array_equal(mask, target) for mask in moved])
    assert 0.15 < still < 0.45
    person = target > 0.5
    overlap = [((m > 0.5) & person).sum() / ((m > 0.5) | person).sum() for m in moved]
    assert 0.8 < np.median(overlap) < 1
    assert min(overlap) > 0.6


def test_nobody_still_means_nobody() -> None:
    image, _ = _scene()
    for seed in range(5):
        assert earlier(image, np.zeros((96, 96), np.float32), np.random.default_rng(seed))[1].max() == 0
