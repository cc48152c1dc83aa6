"""Errors of soft mattes agree with loops written from their definitions."""

from __future__ import annotations

import doctest
from collections import deque

import cv2
import numpy as np
import pytest
from scipy import ndimage

from limner.evaluation import metrics
from limner.evaluation.metrics import mattes as module
from random_mattes import mattes

ALL = (metrics.mad, metrics.mse, metrics.sad, metrics.gradient_error, metrics.connectivity_error)


def test_doctests() -> None:
    assert doctest.testmod(module, extraglobs={"np": np, "cv2": cv2}).failed == 0


@pytest.mark.parametrize("seed", range(3))
def test_differences_against_numpy_in_double(seed: int) -> None:
    a, b = (matte.astype(np.float64) for matte in mattes(seed))
    assert metrics.mad(*mattes(seed)) == pytest.approx(np.abs(a - b).mean(), rel=1e-5)
    assert metrics.mse(*mattes(seed)) == pytest.approx(((a - b) ** 2).mean(), rel=1e-5)
    assert metrics.sad(*mattes(seed)) == pytest.approx(np.abs(a - b).sum() / 1000, rel=1e-5)


def _gradient_error_by_convolution(a: np.ndarray, b: np.ndarray) -> float:
    """Two-dimensional filters made from the derivative's formula, applied by scipy in double precision."""
    sigma, half = 1.4, 4
    y, x = np.mgrid[-half : half + 1, -half : half + 1].astype(np.float64)
    kernel = -x / sigma**2 * np.exp(-(x**2 + y**2) / (2 * sigma**2))
    kernel /= np.sqrt((kernel**2).sum())

    def magnitude(matte: np.ndarray) -> np.ndarray:
        across, down = (ndimage.correlate(matte.astype(np.float64), k, mode="nearest") for k in (kernel, kernel.T))
        return np.hypot(across, down)

    return ((magnitude(a) - magnitude(b)) ** 2).sum() / 1000


@pytest.mark.parametrize("seed", range(3))
def test_gradient_error_against_plain_convolution(seed: int) -> None:
    a, b = mattes(seed)
    assert metrics.gradient_error(a, b) == pytest.approx(_gradient_error_by_convolution(a, b), rel=1e-4)


def _largest_region(mask: np.ndarray) -> np.ndarray:
    """The largest 4-connected region, by flooding."""
    best: list[tuple[int, int]] = []
    left = {(int(y), int(x)) for y, x in zip(*np.nonzero(mask), strict=True)}
    while left:
        queue, region = deque([left.pop()]), []
        while queue:
            y, x = queue.popleft()
            region.append((y, x))
            for place in ((y + 1, x), (y - 1, x), (y, x + 1), (y, x - 1)):
                if place in left:
                    left.remove(place)
                    queue.append(place)
        best = max(best, region, key=len)
    found = np.zeros(mask.shape, bool)
    for y, x in best:
        found[y, x] = True
    return found


def _connectivity_error_by_loops(a: np.ndarray, b: np.ndarray) -> float:
    sources = [_largest_region(np.minimum(a, b) >= np.float32(k * 0.1)) for k in range(1, 11)]
    total = 0.0
    for y, x in np.ndindex(a.shape):
        level = 0.0
        for k, source in enumerate(sources, start=1):
            if not source[y, x]:
                break
            level = k * 0.1
        degrees = [1 - (m[y, x] - level if m[y, x] - level >= 0.15 else 0.0) for m in (a, b)]
        total += abs(float(degrees[0]) - float(degrees[1]))
    return total / 1000


@pytest.mark.parametrize("seed", range(3))
def test_connectivity_error_against_loops(seed: int) -> None:
    a, b = mattes(seed)
    assert metrics.connectivity_error(a, b) == pytest.approx(_connectivity_error_by_loops(a, b), rel=1e-4)
    assert metrics.connectivity_error(a, b) > 0


def test_an_empty_matte_has_no_source_region() -> None:
    empty, half = np.zeros((10, 10), np.float32), np.full((10, 10), 0.5, np.float32)
    assert metrics.connectivity_error(half, empty) == pytest.approx(100 * 0.5 / 1000)


@pytest.mark.parametrize("metric", ALL)
def test_void_pixels_do_not_count(metric) -> None:  # type: ignore[no-untyped-def]
    a, b = mattes(3)
    valid = np.zeros(a.shape, bool)
    assert metric(a, b, valid) == 0.0
    assert metric(a, b, ~valid) == pytest.approx(metric(a, b))
    assert metric(a, b) > 0
    assert metric(b, b) == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize("metric", ALL)
def test_shapes_must_agree(metric) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(ValueError, match=r"must be \(H, W\) of one size"):
        metric(np.zeros((4, 4), np.float32), np.zeros((4, 5), np.float32))
