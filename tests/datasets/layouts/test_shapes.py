"""Polygons and run lengths become the pixels that they mean, or one line of what is wrong."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import pytest

from layout_folders import packed, runs
from limner.datasets.layouts.shapes import empty_mask, fill_polygon, packed_counts, put, rle_mask, runs_to_mask
from limner.errors import DataError


def test_packed_counts_of_pycocotools() -> None:
    """Strings that pycocotools 2.0.11 made: of a small mask, and of a disc with differences below zero."""
    small = np.zeros((5, 6), np.uint8)
    small[1:4, 2:5] = 255
    small[4, 0] = 255
    np.testing.assert_array_equal(rle_mask({"size": [5, 6], "counts": "4162L0004"}), small)
    rows, columns = np.mgrid[:200, :200]
    disc = np.where((columns - 100) ** 2 + (rows - 90) ** 2 < 70**2, np.uint8(255), np.uint8(0))
    text = (
        r"WT6g0\5:G8I6K4K6K4L4L4L4M2M4M2N2M4M2N2N2N2N2N2N2N2N2N2N2N2O0O2N2N2O0O2N2O0O2O0O2O0O2O0O2O000O2O0O2O000O2O00000"
        r"O2O0000000O2O00000000000000000000000000000000000000000001N100000001N1000001N10001N101N10001N101N101N101N101N2N101"
        r"N2N2N101N2N2N2N2N2N2N2N2N2N2N2N3L3N2N3L3N3L4L4L4L5J5L5J7H9FVi5"
    )
    np.testing.assert_array_equal(rle_mask({"size": [200, 200], "counts": text}), disc)
    assert packed(packed_counts(text)) == text


@pytest.mark.parametrize("seed", range(8))
def test_runs_there_and_back(seed: int) -> None:
    rng = np.random.default_rng(seed)
    size = int(rng.integers(1, 60)), int(rng.integers(1, 60))
    mask = np.where(rng.random(size) < seed / 7, np.uint8(255), np.uint8(0))
    for by_column in (False, True):
        counts = runs(mask, by_column=by_column)
        np.testing.assert_array_equal(runs_to_mask(counts, size, by_column=by_column), mask)
    counts = runs(mask, by_column=True)
    for coded in (counts, packed(counts)):
        np.testing.assert_array_equal(rle_mask({"size": list(size), "counts": coded}), mask)


def test_a_polygon_is_the_pixels_whose_centres_are_inside() -> None:
    rng = np.random.default_rng(3)
    angles = np.sort(rng.uniform(0, 2 * np.pi, 17))
    radii = rng.uniform(12, 45, 17)
    points = np.stack([40 + radii * np.cos(angles), 50 + radii * np.sin(angles)], 1)
    mask = empty_mask((96, 72))
    fill_polygon(mask, [points.reshape(-1)])
    outline = points.astype(np.float32)[:, None]
    expected = [[cv2.pointPolygonTest(outline, (x + 0.5, y + 0.5), False) > 0 for x in range(72)] for y in range(96)]
    np.testing.assert_array_equal(mask > 0, expected)


def test_a_ring_in_a_ring_is_a_hole_and_what_is_outside_is_cut_off() -> None:
    mask = empty_mask((10, 10))
    fill_polygon(mask, [[-5, 2, 30, 2, 30, 8, -5, 8], [4, 4, 6, 4, 6, 6, 4, 6]])
    expected = np.zeros((10, 10), np.uint8)
    expected[2:8] = 255
    expected[4:6, 4:6] = 0
    np.testing.assert_array_equal(mask, expected)
    fill_polygon(mask, [[20, 20, 30, 20, 30, 30]])
    np.testing.assert_array_equal(mask, expected)


def test_put_lays_over_and_cuts_off() -> None:
    mask = np.full((4, 4), 100, np.uint8)
    put(mask, np.full((3, 3), 255, np.uint8), -2, 2)
    put(mask, np.full((9, 9), 50, np.uint8), -2, -2)
    put(mask, np.full((2, 2), 255, np.uint8), 9, 9)
    expected = np.full((4, 4), 100, np.uint8)
    expected[2:, 0] = 255
    np.testing.assert_array_equal(mask, expected)


@pytest.mark.parametrize(
    ("rle", "told"),
    [
        (None, "no run lengths"),
        ({"size": [5, 6]}, "no run lengths"),
        ({"counts": "4162L0004"}, "no size"),
        ({"size": [5, "6"], "counts": [30]}, "no size"),
        ({"size": [5, 7], "counts": "4162L0004"}, "add up to 30, but it has 7×5"),
        ({"size": [5, 6], "counts": [10, -10, 30]}, "add up"),
        ({"size": [5, 6], "counts": ["a"]}, "no whole numbers"),
        ({"size": [5, 6], "counts": "41\x07"}, "characters that have no meaning"),
        ({"size": [5, 6], "counts": "o"}, "end in the middle"),
        ({"size": [0, 6], "counts": []}, "has 6×0 pixels"),
        ({"size": [1 << 20, 1 << 20], "counts": [1 << 40]}, "pixels"),
    ],
)
def test_wrong_run_lengths(rle: Any, told: str) -> None:
    with pytest.raises(DataError, match=told):
        rle_mask(rle)


@pytest.mark.parametrize("ring", [[1, 2], [1, 2, 3], [0, 0, 1, 1, float("nan"), 2], ["a"] * 6, [[0, 1], [2]]])
def test_wrong_polygons(ring: Any) -> None:
    with pytest.raises(DataError, match="a polygon"):
        fill_polygon(empty_mask((9, 9)), [ring])
