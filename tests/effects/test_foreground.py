"""Foreground colours against composites whose true colours are known."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from limner.effects import make_effect
from limner.effects.foreground import estimate_foreground
from limner.matte import Matte

GREEN = np.array((20, 220, 40), np.float32)


def hair(size: tuple[int, int], seed: int = 0) -> np.ndarray:
    """Alpha of a head with strands: a disc and hundreds of thin curves around it, anti-aliased."""
    rng = np.random.default_rng(seed)
    big = np.zeros((size[0] * 2, size[1] * 2), np.uint8)
    middle, radius = (size[1], size[0]), int(min(size) * 0.5)
    cv2.circle(big, middle, radius, 255, -1)
    for angle in rng.uniform(0, 2 * np.pi, 400):
        length, bend = rng.uniform(1.05, 1.4), rng.uniform(-0.3, 0.3)
        steps = np.linspace(0.8, length, 12)
        turn = angle + bend * (steps - 0.8)
        points = np.stack([middle[0] + radius * steps * np.cos(turn), middle[1] + radius * steps * np.sin(turn)], 1)
        cv2.polylines(big, [points.round().astype(np.int32)], False, 255, 2, cv2.LINE_AA)
    big = cv2.GaussianBlur(big, (0, 0), 2.0)
    return (cv2.resize(big, size[::-1], interpolation=cv2.INTER_AREA) / 255).astype(np.float32)


def texture(size: tuple[int, int], colour: tuple[int, int, int], seed: int) -> np.ndarray:
    coarse = np.random.default_rng(seed).normal(0, 18, (size[0] // 8 + 1, size[1] // 8 + 1, 3)).astype(np.float32)
    return (cv2.resize(coarse, size[::-1], interpolation=cv2.INTER_CUBIC) + colour).clip(0, 255)


def composite(front: np.ndarray, back: np.ndarray, alpha: np.ndarray) -> np.ndarray:
    return np.rint(front * alpha[..., None] + back * (1 - alpha[..., None])).astype(np.uint8)


@pytest.mark.parametrize("size", [(120, 160), (480, 360), (1080, 900)])
@pytest.mark.parametrize("behind", ["green", "textured"])
def test_the_old_background_leaves_the_hair(size: tuple[int, int], behind: str) -> None:
    alpha, front = hair(size), texture(size, (110, 70, 45), 1)
    old = np.broadcast_to(GREEN, front.shape) if behind == "green" else texture(size, (60, 130, 200), 2)
    frame = composite(front, old, alpha)
    estimate = estimate_foreground(frame, alpha)
    edge = (alpha > 0.02) & (alpha < 0.98)
    part = alpha[edge][:, None]
    naive = (np.abs(frame[edge] - front[edge]) * part).mean()
    ours = (np.abs(estimate[edge] - front[edge]) * part).mean()
    assert naive > 8.0
    assert ours < naive / 3


@pytest.mark.parametrize("name", ["color", "replace", "cutout"])
def test_effects_put_the_clean_colours_over_the_new_background(name: str) -> None:
    size = (300, 300)
    alpha, front = hair(size), texture(size, (110, 70, 45), 1)
    frame = composite(front, np.broadcast_to(GREEN, front.shape), alpha)
    new = np.full_like(front, 255.0)
    option = {"color": {"color": "white"}, "replace": {"background": "white"}, "cutout": {}}[name]
    result = make_effect(name, **option)(frame, Matte(alpha)).astype(np.float32)
    if name == "cutout":
        result = composite(result[..., :3], new, result[..., 3] / 255).astype(np.float32)
    edge = (alpha > 0.02) & (alpha < 0.98)
    truth = composite(front, new, alpha)[edge]
    naive = np.abs(composite(frame, new, alpha)[edge].astype(float) - truth).mean()
    assert np.abs(result[edge] - truth).mean() < naive / 3


def test_sure_pixels_stay_and_inputs_too() -> None:
    alpha = hair((90, 90))
    frame = np.random.default_rng(0).integers(0, 256, (90, 90, 3), dtype=np.uint8)
    before = frame.copy()
    estimate = estimate_foreground(frame, alpha)
    sure = (alpha == 0) | (alpha == 1)
    np.testing.assert_array_equal(estimate[sure], frame[sure])
    np.testing.assert_array_equal(frame, before)
    assert estimate is not frame


def test_a_picture_of_one_colour_keeps_it() -> None:
    frame = np.full((70, 90, 3), (30, 140, 250), np.uint8)
    alpha = np.random.default_rng(0).random((70, 90), dtype=np.float32)
    assert np.abs(estimate_foreground(frame, alpha).astype(int) - frame).max() <= 1


@pytest.mark.parametrize("size", [(1, 1), (1, 50), (50, 1), (2, 3)])
def test_tiny_frames(size: tuple[int, int]) -> None:
    frame = np.full((*size, 3), 99, np.uint8)
    assert (estimate_foreground(frame, np.full(size, 0.5, np.float32)) == 99).all()
