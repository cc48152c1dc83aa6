"""Metrics over time agree with loops written from their definitions and with motion that is known."""

from __future__ import annotations

import doctest

import numpy as np
import pytest

from limner.evaluation import metrics
from limner.evaluation.metrics import video
from random_mattes import mattes


def _clip(seed: int, frames: int = 4) -> tuple[np.ndarray, np.ndarray]:
    pairs = [mattes(seed + t, 11, 13) for t in range(frames)]
    return np.stack([a for a, _ in pairs]), np.stack([b for _, b in pairs])


def test_doctests() -> None:
    assert doctest.testmod(video, extraglobs={"np": np}).failed == 0


@pytest.mark.parametrize("seed", [0, 7])
def test_against_loops(seed: int) -> None:
    alphas, truths = _clip(seed)
    frames, height, width = alphas.shape
    dtssd, messddt = [], []
    for t in range(frames - 1):
        squares, changes = 0.0, 0.0
        for y, x in np.ndindex(height, width):
            now, then = float(alphas[t, y, x]), float(alphas[t + 1, y, x])
            true_now, true_then = float(truths[t, y, x]), float(truths[t + 1, y, x])
            squares += ((then - now) - (true_then - true_now)) ** 2
            changes += abs((now - true_now) ** 2 - (then - true_then) ** 2)
        dtssd.append((squares / (height * width)) ** 0.5)
        messddt.append(changes / (height * width))
    assert metrics.dtssd(alphas, truths) == pytest.approx(100 * np.mean(dtssd), rel=1e-5)
    assert metrics.messddt(alphas, truths) == pytest.approx(1000 * np.mean(messddt), rel=1e-5)


def test_an_error_that_moves_with_the_picture_is_steady() -> None:
    alpha, truth = mattes(5, 24, 24)
    alphas, truths = (np.stack([np.roll(m, (2 * t, 3 * t), axis=(0, 1)) for t in range(3)]) for m in (alpha, truth))
    flows = np.broadcast_to(np.float32([3, 2]), (2, 24, 24, 2))
    assert metrics.messddt(alphas, truths, flows) == pytest.approx(0, abs=1e-4)
    assert metrics.messddt(alphas, truths) > 1


def test_half_a_pixel_of_motion_interpolates() -> None:
    alphas = np.zeros((2, 1, 3), np.float32)
    alphas[1, 0] = [0, 1, 0]
    flows = np.broadcast_to(np.float32([0.5, 0]), (1, 1, 3, 2))
    # Pixels 0 and 1 land between a right one and a wrong one; pixel 2 leaves the picture.
    assert metrics.messddt(alphas, np.zeros_like(alphas), flows) == pytest.approx(500)


def test_flicker_looks_at_still_pixels_only() -> None:
    truths = np.zeros((3, 2, 2), np.float32)
    truths[1:, 0, 0] = 1  # moves between the first two frames
    still = metrics.still_pixels(truths)
    assert still.sum() == 7
    alphas = truths.copy()
    assert metrics.flicker(alphas, still) == 0
    alphas[2, 1, 1] = 0.7
    assert metrics.flicker(alphas, still) == pytest.approx(1000 * 0.7 / 7)
    assert metrics.flicker(alphas, np.zeros_like(still)) == 0


@pytest.mark.parametrize("shape", [(1, 4, 4), (2, 4, 5), (4, 4)])
def test_clips_must_agree(shape: tuple[int, ...]) -> None:
    clip = np.zeros(shape, np.float32)
    truth = np.zeros((2, 4, 4) if len(shape) == 3 and shape[0] > 1 else shape, np.float32)
    for metric in (metrics.dtssd, metrics.messddt):
        with pytest.raises(ValueError, match="a clip and its truth must be"):
            metric(clip, truth)


def test_flows_and_still_pixels_must_fit() -> None:
    clip = np.zeros((3, 4, 4), np.float32)
    with pytest.raises(ValueError, match="flows must be"):
        metrics.messddt(clip, clip, np.zeros((3, 4, 4, 2), np.float32))
    with pytest.raises(ValueError, match="must be"):
        metrics.flicker(clip, np.zeros((3, 4, 4), bool))
