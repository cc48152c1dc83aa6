"""Metrics agree with hand-worked cases and with independent implementations."""

from __future__ import annotations

import doctest

import numpy as np
import pytest
from scipy import ndimage

from limner.evaluation import metrics


def _masks(seed: int, height: int = 61, width: int = 83) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    field = ndimage.gaussian_filter(rng.normal(size=(height, width)), 5)
    other = ndimage.gaussian_filter(rng.normal(size=(height, width)), 5)
    return field > 0, field + 0.5 * other > 0


def _boundary_iou_by_distance(a: np.ndarray, b: np.ndarray, band: int) -> float:
    """Another way to the same number: chessboard distance to the outside instead of erosion."""

    def ring(mask: np.ndarray) -> np.ndarray:
        distance = ndimage.distance_transform_cdt(np.pad(mask, 1), metric="chessboard")[1:-1, 1:-1]
        return mask & (distance <= band)

    x, y = ring(a), ring(b)
    return (x & y).sum() / (x | y).sum()


def test_doctests() -> None:
    assert doctest.testmod(metrics, extraglobs={"np": np}).failed == 0


@pytest.mark.parametrize("seed", range(4))
def test_iou_and_accuracy_from_the_confusion_matrix(seed: int) -> None:
    a, b = _masks(seed)
    counts = np.bincount((a.astype(int) * 2 + b).ravel(), minlength=4)
    tn, fn, fp, tp = counts
    assert metrics.iou(a, b) == pytest.approx(tp / (tp + fp + fn))
    assert metrics.mean_iou(a, b) == pytest.approx((tp / (tp + fp + fn) + tn / (tn + fp + fn)) / 2)
    assert metrics.accuracy(a, b) == pytest.approx((tp + tn) / a.size)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("width", [0.02, 0.05])
def test_boundary_iou_against_distances(seed: int, width: float) -> None:
    a, b = _masks(seed)
    band = max(1, round(width * np.hypot(*a.shape)))
    assert metrics.boundary_iou(a, b, width=width) == pytest.approx(_boundary_iou_by_distance(a, b, band))


def test_a_boundary_by_hand() -> None:
    mask = np.zeros((10, 10), bool)
    mask[2:8, 2:8] = True
    ring = metrics.boundary(mask, width=0.01)
    assert ring.sum() == 36 - 16
    assert not ring[4, 4]


def test_void_pixels_do_not_count() -> None:
    a, b = _masks(1)
    valid = np.ones_like(a)
    valid[:20] = False
    spoiled = a.copy()
    spoiled[:20] = ~spoiled[:20]
    for metric in (metrics.iou, metrics.mean_iou, metrics.accuracy):
        assert metric(spoiled, b, valid) == metric(a, b, valid) == pytest.approx(metric(a[20:], b[20:]))
    soft = a.astype(np.float32)
    assert metrics.mad(soft, b.astype(np.float32), valid) == pytest.approx(float((a != b)[20:].mean()))


def test_empty_masks() -> None:
    empty, full = np.zeros((4, 4), bool), np.ones((4, 4), bool)
    assert metrics.iou(empty, empty) == 1.0
    assert metrics.iou(empty, full) == 0.0
    assert metrics.boundary_iou(empty, empty) == 1.0
    assert metrics.mad(np.zeros((2, 2), np.float32), np.ones((2, 2), np.float32), np.zeros((2, 2), bool)) == 0.0


@pytest.mark.parametrize("shape", [(4, 5), (4, 4, 1)])
def test_shapes_must_agree(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match=r"must be \(H, W\) of one size"):
        metrics.iou(np.zeros((4, 4), bool), np.zeros(shape, bool))
