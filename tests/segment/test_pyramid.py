"""A frame at two sizes."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from limner.segment.pyramid import build_pyramid, crop

SIZES = [(1, 1), (47, 63), (640, 640), (641, 641), (1080, 1920), (719, 1281), (1283, 722), (2001, 1999), (97, 3001)]


@pytest.mark.parametrize("size", SIZES)
def test_the_small_frame_is_the_mean_of_the_continued_one(size: tuple[int, int]) -> None:
    frame = np.random.default_rng(0).integers(0, 256, (*size, 3), dtype=np.uint8)
    pyramid = build_pyramid(frame)
    small = full = pyramid.full
    assert full.shape[:2] == pyramid.whole
    assert all(side % (2 * pyramid.step) == 0 for side in pyramid.whole)
    assert np.array_equal(full[: size[0], : size[1]], frame)
    assert (full[size[0] :, : size[1]] == frame[-1:]).all()
    assert (full[: size[0], size[1] :] == frame[:, -1:]).all()
    for _ in range(pyramid.step.bit_length() - 1):
        small = cv2.resize(small, (small.shape[1] // 2, small.shape[0] // 2), interpolation=cv2.INTER_AREA)
    assert np.array_equal(pyramid.small, small)


def test_a_frame_of_a_fitting_size_is_not_copied() -> None:
    frame = np.zeros((1024, 2048, 3), np.uint8)
    assert build_pyramid(frame).full is frame


def test_a_part_shows_the_same_place_at_both_sizes() -> None:
    frame = np.random.default_rng(0).integers(0, 256, (1283, 1722, 3), dtype=np.uint8)
    whole = build_pyramid(frame)
    rows, columns = slice(100, whole.small.shape[0]), slice(50, 90)
    part = crop(whole, (rows, columns))
    assert np.array_equal(part.small, whole.small[rows, columns])
    step = whole.step
    assert np.array_equal(part.full, whole.full[rows.start * step :, columns.start * step : columns.stop * step])
