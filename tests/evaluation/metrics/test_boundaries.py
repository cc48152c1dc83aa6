"""Boundary IoU and boundary F agree with slower ways to the same numbers and with hand-worked cases."""

from __future__ import annotations

import doctest

import numpy as np
import pytest
from scipy import ndimage

from limner.evaluation import metrics
from limner.evaluation.metrics import boundaries
from random_mattes import masks


def test_doctests() -> None:
    assert doctest.testmod(boundaries, extraglobs={"np": np}).failed == 0


def _boundary_iou_by_distance(a: np.ndarray, b: np.ndarray, band: int) -> float:
    """Another way to the same number: chessboard distance to the outside instead of erosion."""

    def ring(mask: np.ndarray) -> np.ndarray:
        distance = ndimage.distance_transform_cdt(np.pad(mask, 1), metric="chessboard")[1:-1, 1:-1]
        return mask & (distance <= band)

    x, y = ring(a), ring(b)
    return (x & y).sum() / (x | y).sum()


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("width", [0.02, 0.05])
def test_boundary_iou_against_distances(seed: int, width: float) -> None:
    a, b = masks(seed)
    band = max(1, round(width * np.hypot(*a.shape)))
    assert metrics.boundary_iou(a, b, width=width) == pytest.approx(_boundary_iou_by_distance(a, b, band))


def test_a_boundary_by_hand() -> None:
    mask = np.zeros((10, 10), bool)
    mask[2:8, 2:8] = True
    ring = metrics.boundary(mask, width=0.01)
    assert ring.sum() == 36 - 16
    assert not ring[4, 4]


def _boundary_f_by_pairs(a: np.ndarray, b: np.ndarray, tolerance: float) -> float:
    """From the definition: every contour pixel looks for the nearest one of the other contour."""

    def line(mask: np.ndarray) -> list[tuple[int, int]]:
        height, width = mask.shape
        return [
            (y, x)
            for y in range(height)
            for x in range(width)
            if any(
                y + dy < height and x + dx < width and mask[y + dy, x + dx] != mask[y, x]
                for dy, dx in ((0, 1), (1, 0), (1, 1))
            )
        ]

    def right(of: list[tuple[int, int]], by: list[tuple[int, int]]) -> float:
        reach = np.ceil(tolerance * np.hypot(*a.shape))
        return float(np.mean([min(np.hypot(y - v, x - u) for v, u in by) <= reach for y, x in of]))

    precision, recall = right(line(a), line(b)), right(line(b), line(a))
    return 2 * precision * recall / (precision + recall)


@pytest.mark.parametrize(("seed", "tolerance"), [(0, 0.008), (1, 0.02), (2, 0.04)])
def test_boundary_f_against_all_pairs(seed: int, tolerance: float) -> None:
    a, b = masks(seed, 31, 37)
    assert metrics.boundary_f(a, b, tolerance=tolerance) == pytest.approx(_boundary_f_by_pairs(a, b, tolerance))


def test_pictures_without_a_contour() -> None:
    empty, full, some = np.zeros((9, 9), bool), np.ones((9, 9), bool), np.eye(9, dtype=bool)
    assert metrics.boundary_iou(empty, empty) == 1.0
    assert metrics.boundary_f(empty, full) == 1.0  # no outline in either: the picture's border is none
    assert metrics.boundary_f(empty, some) == metrics.boundary_f(some, empty) == 0.0
    assert metrics.boundary_f(some, some, np.zeros((9, 9), bool)) == 1.0


def test_void_pixels_do_not_count() -> None:
    truth = np.zeros((60, 60), bool)
    truth[20:40, 20:40] = True
    spoiled = truth.copy()
    spoiled[:8, :8] = True
    valid = np.ones_like(truth)
    valid[:12, :12] = False
    for metric in (metrics.boundary_iou, metrics.boundary_f):
        assert metric(spoiled, truth) < 1
        assert metric(spoiled, truth, valid) == 1


def test_shapes_must_agree() -> None:
    for metric in (metrics.boundary_iou, metrics.boundary_f):
        with pytest.raises(ValueError, match=r"must be \(H, W\) of one size"):
            metric(np.zeros((4, 4), bool), np.zeros((4, 5), bool))
