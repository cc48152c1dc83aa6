"""Loose hair: thin, outside the mask, out of its upper outline, in the colours of where it starts."""

from __future__ import annotations

import cv2
import numpy as np

from limner.augment.strands import add_strands


def head(size: int = 160) -> tuple[np.ndarray, np.ndarray]:
    alpha = np.zeros((size, size), np.uint8)
    cv2.ellipse(alpha, (size // 2, size * 2 // 3), (size // 4, size // 3), 0, 0, 360, 255, -1)
    image = np.zeros((size, size, 3), np.uint8)
    image[...] = (120, 60, 20)
    return image, alpha


def test_hair_is_added_outside_the_mask_and_nothing_is_lost() -> None:
    image, alpha = head()
    added = 0
    for seed in range(12):
        colours, hairy = add_strands(image, alpha, np.random.default_rng(seed))
        assert hairy.dtype == np.uint8
        assert hairy.shape == alpha.shape
        assert colours.shape == image.shape
        assert (hairy.astype(int) >= alpha.astype(int) - 1).all()
        new = (hairy > 20) & (alpha == 0)
        added += new.sum()
        assert not new[150:].any()  # from the upper part alone
        there = hairy > 128
        assert np.abs(colours[there].astype(int) - (120, 60, 20)).max() < 70
    assert added > 300


def test_strands_are_thin() -> None:
    image, alpha = head()
    thick = 0
    for seed in range(8):
        _, hairy = add_strands(image, alpha, np.random.default_rng(seed))
        new = ((hairy > 128) & (cv2.dilate(alpha, np.ones((5, 5), np.uint8)) == 0)).astype(np.uint8)
        thick += cv2.erode(new, np.ones((7, 7), np.uint8)).sum()
    assert thick < 200


def test_the_same_generator_draws_the_same_hair_and_inputs_stay() -> None:
    image, alpha = head()
    before = image.copy(), alpha.copy()
    first, again = (add_strands(image, alpha, np.random.default_rng(5)) for _ in range(2))
    np.testing.assert_array_equal(first[0], again[0])
    np.testing.assert_array_equal(first[1], again[1])
    np.testing.assert_array_equal(image, before[0])
    np.testing.assert_array_equal(alpha, before[1])


def test_who_has_no_outline_in_the_picture_gets_none() -> None:
    for alpha in (np.zeros((40, 40), np.uint8), np.full((40, 40), 255, np.uint8)):
        image = np.zeros((40, 40, 3), np.uint8)
        assert (add_strands(image, alpha, np.random.default_rng(0))[1] == alpha).all()
