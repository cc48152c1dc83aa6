"""Heads are found in drawn bodies of many sizes and places, and where none can be told that is said."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from drawn_bodies import body
from limner.datasets.head_crop import CropOptions, crop, crop_box, find_head
from limner.errors import DataError, OptionError


@pytest.mark.parametrize(
    ("size", "head", "x", "top"),
    [((800, 600), 80, 300, 60), ((800, 600), 60, 120, 200), ((1600, 1200), 150, 900, 100), ((200, 150), 20, 70, 20)],
)
def test_a_head_is_found(size: tuple[int, int], head: int, x: int, top: int) -> None:
    found = find_head(body(*size, head, x, top))
    assert found is not None
    x0, y0, x1, y1 = found
    assert (x0 + x1) / 2 == pytest.approx(x, abs=0.12 * head)
    assert y0 == pytest.approx(top, abs=0.1 * head)
    assert y1 - y0 == pytest.approx(1.05 * head, abs=0.25 * head)
    assert x1 - x0 == pytest.approx(0.76 * head, abs=0.2 * head)


def test_without_a_neck_the_height_of_who_stands_says_it() -> None:
    found = find_head(body(800, 600, 80, 300, 60, neck=False))
    assert found is not None
    assert found[3] - found[1] == pytest.approx(80, abs=8)


@pytest.mark.parametrize("what", ["nobody", "ball", "all"])
def test_no_head_can_be_told(what: str) -> None:
    mask = np.zeros((200, 200), np.uint8)
    if what == "ball":
        cv2.circle(mask, (100, 100), 60, 255, -1)
    elif what == "all":
        mask[:] = 255
    assert find_head(mask) is None
    with pytest.raises(DataError, match="no head can be told"):
        crop_box(mask, CropOptions())


def test_the_largest_person_counts() -> None:
    mask = np.maximum(body(800, 900, 80, 250, 60), body(800, 900, 40, 700, 300))
    found = find_head(mask)
    assert found is not None
    assert (found[0] + found[2]) / 2 == pytest.approx(250, abs=8)


@pytest.mark.parametrize("aspect", [1.0, 0.75, 4 / 3])
@pytest.mark.parametrize("x", [60, 300, 550])
def test_the_crop_has_its_aspect_and_lies_inside(aspect: float, x: int) -> None:
    mask = body(800, 600, 80, x, 60)
    x0, y0, x1, y1 = crop_box(mask, CropOptions(heads=3, above=0.5, aspect=aspect))
    assert 0 <= x0 < x1 <= 600
    assert 0 <= y0 < y1 <= 800
    assert (x1 - x0) / (y1 - y0) == pytest.approx(aspect, rel=0.02)
    assert y0 < 60 < 60 + 80 < y1
    assert y1 - y0 == pytest.approx(3 * 84, abs=60)


def test_photo_and_mask_are_cut_alike_and_large_crops_shrink_to_the_photo() -> None:
    mask = body(800, 600, 80, 300, 60)
    rgb = np.dstack([mask] * 3)
    image, cut = crop(rgb, mask, CropOptions())
    np.testing.assert_array_equal(image[..., 0], cut)
    image, cut = crop(rgb, mask, CropOptions(heads=20))
    assert cut.shape == (600, 600)


def test_small_heads_are_refused_and_options_checked() -> None:
    with pytest.raises(DataError, match="head and shoulders have only 6"):
        crop_box(body(200, 150, 20, 70, 20), CropOptions())
    for wrong in (
        {"heads": 0.5},
        {"above": 3.0},
        {"above": -1.0},
        {"aspect": 0.0},
        {"least": 0},
        {"heads": float("nan")},
    ):
        with pytest.raises(OptionError):
            CropOptions(**wrong)  # type: ignore[arg-type]
