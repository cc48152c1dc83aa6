"""Splines pass through their control points, and displacing moves edges by the pixels asked for."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from limner.augment.warps import GRID, displace, random_spline, spline_field


def test_a_plane_of_displacements_stays_a_plane() -> None:
    side = np.linspace(0, 1, 4)
    plane = np.stack(np.meshgrid(3 + 2 * side, -side), axis=-1)
    field = spline_field(plane)
    centres = (np.arange(GRID) + 0.5) / GRID
    np.testing.assert_allclose(field, np.stack(np.meshgrid(3 + 2 * centres, -centres), axis=-1), atol=1e-5)


def test_one_moved_point_moves_its_surroundings_most() -> None:
    moves = np.zeros((4, 4, 2))
    moves[1, 2] = (5, 0)
    field = spline_field(moves)[..., 0]
    row, column = np.unravel_index(field.argmax(), field.shape)
    assert abs((row + 0.5) / GRID - 1 / 3) < 0.08
    assert abs((column + 0.5) / GRID - 2 / 3) < 0.08
    assert field.max() == pytest.approx(5, abs=0.5)
    assert abs(field[-1, 0]) < 0.6


def test_edges_move_by_the_pixels_asked_for() -> None:
    step = np.zeros((64, 64), np.uint8)
    step[:, 32:] = 255
    field = np.zeros((GRID, GRID, 2), np.float32)
    field[..., 0] = 6
    moved = displace(step, field, border=cv2.BORDER_REPLICATE)
    assert moved.dtype == np.uint8
    assert (moved[:, :26] == 0).all()
    assert (moved[:, 26:] == 255).all()
    kept = displace(np.dstack([step] * 3), np.zeros_like(field), border=cv2.BORDER_REFLECT_101)
    np.testing.assert_array_equal(kept, np.dstack([step] * 3))


def test_random_splines_reach_as_far_as_asked() -> None:
    rng = np.random.default_rng(0)
    spread = np.std([random_spline(rng, 4.0) for _ in range(200)])
    assert 2 < spread < 4.5
