"""Faint islands go, false holes close; sure second people and true gaps stay, and nothing jumps."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from limner.segment.clean import clean
from limner.segment.edge import DEFAULT_SOFTNESS
from limner.segment.refine import soften

Float32 = NDArray[np.float32]
SIDE = 128
ROOM, COAT = (60, 140, 70), (180, 60, 50)


def noisy(mask: NDArray[np.bool_], seed: int = 0) -> NDArray[np.uint8]:
    """Coat where the mask is true, room elsewhere, at twice the map's size."""
    colors = np.where(mask[..., None], np.array(COAT), np.array(ROOM)).astype(np.float32)
    large = cv2.resize(colors, None, fx=2, fy=2, interpolation=cv2.INTER_NEAREST)
    grain = np.random.default_rng(seed).normal(0, 6, large.shape)
    return np.clip(large + grain, 0, 255).astype(np.uint8)


def body() -> NDArray[np.bool_]:
    mask = np.zeros((SIDE, SIDE), np.uint8)
    cv2.ellipse(mask, (50, 90), (28, 50), 0, 0, 360, 1, -1)
    return mask > 0


def soft(mask: NDArray[np.bool_], level: float = 0.99) -> Float32:
    return cv2.GaussianBlur(mask.astype(np.float32) * np.float32(level), (3, 3), 0).astype(np.float32)


def disc(x: int, y: int, radius: int) -> NDArray[np.bool_]:
    rows, columns = np.mgrid[:SIDE, :SIDE]
    return (rows - y) ** 2 + (columns - x) ** 2 <= radius**2


SIGN, HOLE = disc(105, 30, 8), disc(50, 90, 5)


def test_nothing_to_do_is_the_same_map() -> None:
    probability = soft(body())
    assert clean(probability, noisy(body())) is probability


@pytest.mark.parametrize(("peak", "left"), [(0.3, 0.0), (0.55, 0.0), (0.7, 0.387), (0.8, 0.8), (0.98, 0.98)])
def test_an_island_fades_by_its_peak(peak: float, left: float) -> None:
    probability = np.maximum(soft(body()), np.where(SIGN, np.float32(peak), 0))
    before = probability.copy()
    result = clean(probability, noisy(body()))
    np.testing.assert_array_equal(probability, before)
    assert result[SIGN].max() == pytest.approx(left, abs=0.02)
    np.testing.assert_array_equal(result[~SIGN], before[~SIGN])


def test_somebody_faint_who_is_alone_stays() -> None:
    probability = soft(body(), 0.45)
    assert clean(probability, noisy(body())) is probability


@pytest.mark.parametrize("depth", [0.02, 0.1, 0.3, 0.5])
def test_a_gap_that_shows_the_room_stays_open(depth: float) -> None:
    probability = soft(body())
    probability[HOLE] = depth
    result = clean(probability, noisy(body() & ~HOLE))
    np.testing.assert_array_equal(result[HOLE], probability[HOLE])


@pytest.mark.parametrize("depth", [0.15, 0.3, 0.5, 0.58])
def test_a_hole_in_the_coat_closes(depth: float) -> None:
    probability = soft(body())
    probability[HOLE] = depth
    result = clean(probability, noisy(body()))
    assert result[HOLE].min() > 0.95
    outside = ~disc(50, 90, 8)
    np.testing.assert_array_equal(result[outside], probability[outside])


def test_a_bay_at_the_border_is_no_hole() -> None:
    mask = body()
    probability = soft(mask)
    probability[118:, 44:56] = 0.3
    np.testing.assert_array_equal(clean(probability, noisy(mask)), probability)


def test_a_window_in_a_crowd_is_too_large_to_be_a_hole() -> None:
    crowd = ~disc(64, 64, 25)
    crowd[:2] = False
    probability = np.where(crowd, np.float32(0.99), np.float32(0.3))
    np.testing.assert_array_equal(clean(probability, noisy(np.ones_like(crowd))), probability)


def test_small_changes_of_the_map_are_small_changes_of_the_result() -> None:
    """No threshold makes a video flicker: an island and a hole pass from one state to the other by degrees."""
    results = []
    picture = noisy(body())
    for step in range(201):
        level = np.float32(step / 200)
        probability = np.maximum(soft(body()), np.where(SIGN, level, 0))
        probability[HOLE] = 1 - level
        results.append(soften(clean(probability, picture), DEFAULT_SOFTNESS))
    jumps = np.abs(np.diff(np.stack(results), axis=0))
    assert jumps[:, SIGN].max() < 0.1
    assert jumps[:, HOLE].max() < 0.2
    assert np.ptp(np.stack(results)[:, SIGN]) > 0.9


def test_equal_in_equal_out() -> None:
    probability = np.maximum(soft(body()), np.where(SIGN, np.float32(0.7), 0))
    probability[HOLE] = 0.5
    first = clean(probability, noisy(body()))
    assert first[HOLE].min() > 0.95
    for _ in range(3):
        np.testing.assert_array_equal(first, clean(probability.copy(), noisy(body())))


@pytest.mark.parametrize("shape", [(1, 1), (1, 40), (3, 2), (224, 224), (60, 900)])
@pytest.mark.parametrize("level", [0.0, 0.5, 1.0])
def test_flat_maps_of_any_shape(shape: tuple[int, int], level: float) -> None:
    probability = np.full(shape, level, np.float32)
    np.testing.assert_array_equal(clean(probability, np.zeros((7, 5, 3), np.uint8)), probability)
