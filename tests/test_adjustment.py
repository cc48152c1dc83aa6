"""Adjustments against cases whose answer is known in closed form."""

from __future__ import annotations

import numpy as np
import pytest

from limner.adjustment import COUNT, GRID, KNOTS, Adjustment


def noise(size: tuple[int, int], seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (*size, 3), dtype=np.uint8)


def vector(adjustment: Adjustment) -> np.ndarray:
    parts = (adjustment.curves, adjustment.matrix, adjustment.light.transpose(2, 0, 1))
    return np.concatenate([part.reshape(-1) for part in parts])


def changed(**parts: np.ndarray) -> Adjustment:
    same = Adjustment.identity()
    values = {"curves": same.curves, "matrix": same.matrix, "light": same.light} | parts
    return Adjustment(**{name: np.float32(value) for name, value in values.items()})


@pytest.mark.parametrize("size", [(1, 1), (1, 9), (9, 1), (2, 2), (4, 4), (50, 3), (97, 130)])
def test_identity_changes_nothing(size: tuple[int, int]) -> None:
    frame = noise(size)
    result = Adjustment.identity().apply(frame)
    np.testing.assert_array_equal(result, frame)
    assert not np.shares_memory(result, frame)


def test_curves_then_matrix_then_light() -> None:
    frame = np.full((20, 30, 3), (51, 102, 204), np.uint8)
    knots = np.linspace(0, 1, KNOTS)
    swap = np.array([[0, 1, 0], [1, 0, 0], [0, 0, 1]])
    result = changed(
        curves=np.stack([knots, knots * 0.5, knots + 0.1]), matrix=swap, light=np.log(np.full((4, 4, 3), 2))
    )
    np.testing.assert_array_equal(result.apply(frame)[7, 9], [102, 102, 255])


def test_light_falls_from_where_it_was_put() -> None:
    light = np.zeros((GRID, GRID, 3))
    light[:, 0] = -0.5
    result = changed(light=light).apply(np.full((64, 64, 3), 200, np.uint8)).astype(int)
    assert np.diff(result[10, :, 0]).min() >= -2  # a cubic curve overshoots a little
    assert result[10, 0, 0] < 130
    assert abs(result[10, 60, 0] - 200) <= 2
    assert np.abs(np.diff(result[10, :, 0])).max() <= 6  # no step between cells


def test_a_box_is_that_part_of_the_whole() -> None:
    frame, rng = noise((120, 160)), np.random.default_rng(1)
    adjustment = changed(light=rng.normal(0, 0.3, (GRID, GRID, 3)), matrix=np.eye(3) * 0.9)
    whole, part = adjustment.apply(frame), adjustment.apply(frame, box=(10, 33, 101, 150))
    np.testing.assert_array_equal(part, whole[10:101, 33:150])


def test_from_vector_takes_what_the_net_says() -> None:
    values = np.arange(COUNT, dtype=np.float64)
    adjustment = Adjustment.from_vector(values[None])
    np.testing.assert_array_equal(vector(adjustment), values)
    assert adjustment.light[0, 1, 0] == 3 * KNOTS + 9 + 1
    with pytest.raises(ValueError, match=f"made of {COUNT} numbers, not 5"):
        Adjustment.from_vector(np.zeros(5))


def test_toward_goes_part_of_the_way() -> None:
    goal = changed(light=np.full((GRID, GRID, 3), 0.4), matrix=np.eye(3) * 2)
    half = Adjustment.identity().toward(goal, 0.5)
    np.testing.assert_allclose(half.light, 0.2)
    np.testing.assert_allclose(half.matrix, np.eye(3) * 1.5)
    np.testing.assert_array_equal(vector(Adjustment.identity().toward(goal, 0.0)), vector(Adjustment.identity()))
