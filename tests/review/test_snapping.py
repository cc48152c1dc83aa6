"""A rough mask snaps to the edge that the photo has, in the region that was named and nowhere else."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from limner.review.snapping import snapped
from review_parts import SIZE, scene


def iou(one: np.ndarray, other: np.ndarray) -> float:
    a, b = one > 127, other > 127
    return float((a & b).sum() / (a | b).sum())


@pytest.mark.parametrize("pull", [-5, 5])
@pytest.mark.parametrize("enlarged", [1, 4])
def test_an_outline_finds_the_edge(pull: int, enlarged: int) -> None:
    rgb, truth = (np.kron(a, np.ones((enlarged, enlarged, 1)[: a.ndim], np.uint8)) for a in scene())
    kernel = np.ones((abs(pull) * enlarged * 2 + 1,) * 2, np.uint8)
    rough = cv2.dilate(truth, kernel) if pull > 0 else cv2.erode(truth, kernel)
    band = np.asarray(cv2.dilate(truth, kernel) - cv2.erode(truth, kernel), np.uint8)
    found = snapped(rgb, np.asarray(rough, np.uint8), np.asarray(cv2.dilate(band, kernel), np.uint8))
    assert iou(rough, truth) < 0.8
    assert iou(found, truth) > 0.95


def test_without_a_region_a_band_along_the_outline_may_change() -> None:
    rgb, truth = scene()
    rough = np.asarray(cv2.dilate(truth, np.ones((5, 5), np.uint8)), np.uint8)
    found = snapped(rgb, rough)
    assert iou(found, truth) > iou(rough, truth) + 0.03
    far = cv2.dilate(rough, np.ones((21, 21), np.uint8)) == 0
    assert not found[far].any()


def test_nothing_else_changes() -> None:
    rgb, truth = scene()
    rough = np.asarray(cv2.erode(truth, np.ones((9, 9), np.uint8)), np.uint8)
    region = np.zeros(SIZE, np.uint8)
    region[:60] = 255
    found = snapped(rgb, rough, region)
    np.testing.assert_array_equal(found[60:], rough[60:])
    assert iou(found[:60], truth[:60]) > 0.93
    empty = np.zeros(SIZE, np.uint8)
    np.testing.assert_array_equal(snapped(rgb, empty), empty)
    assert iou(snapped(rgb, rough, np.full(SIZE, 255, np.uint8)), truth) > 0.95, "the core stays"
