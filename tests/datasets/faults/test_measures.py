"""What is measured of masks and photos, against masks whose measures are known."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from drawn_people import draw_person
from limner.datasets.faults.measures import measure_look, measure_mask, small_parts


def test_a_rectangle() -> None:
    mask = np.zeros((100, 80), np.uint8)
    mask[20:, 10:50] = 255
    measured = measure_mask(mask)
    assert measured.area == pytest.approx(0.4)
    assert measured.box == (10, 20, 50, 100)
    assert measured.touches == (False, False, False, True)
    assert (measured.top, measured.largest, measured.softness, measured.residue) == (0, 255, 0, 0)
    assert (measured.holes, measured.specks, measured.inverted) == (0, 0, False)
    assert measure_mask(255 - mask).inverted


@pytest.mark.parametrize("seed", range(6))
def test_people_are_not_inverted_and_their_negatives_are(seed: int) -> None:
    _, mask = draw_person(seed)
    assert not measure_mask(mask).inverted
    assert measure_mask(255 - mask).inverted


def test_softness_counts_for_each_pixel_of_the_outline() -> None:
    _, mask = draw_person(0)
    values = [
        measure_mask(np.asarray(cv2.GaussianBlur(mask, (0, 0), sigma), np.uint8)).softness for sigma in (0.6, 2, 6)
    ]
    assert values == sorted(values)
    assert values[0] < 2 < 4 < values[2]


def test_holes_are_inside_and_specks_are_not_the_person() -> None:
    mask = np.zeros((100, 100), np.uint8)
    mask[30:90, 30:70] = 255
    mask[50:52, 50] = 0
    mask[60:70, 40:50] = 0  # a large hole, as between an arm and a body
    mask[0, 0] = mask[5, 90] = 255
    measured = measure_mask(mask)
    assert (measured.holes, measured.specks) == (1, 2)
    lone = np.zeros((100, 100), bool)
    lone[50, 50] = True
    assert small_parts(lone, inner=False)[1] == []  # the largest part is nobody's speck


def test_how_a_photo_looks() -> None:
    rgb = np.zeros((90, 90, 3), np.uint8)
    rgb[..., 0], rgb[..., 2] = 120, 20
    mask = np.zeros((90, 90), np.uint8)
    mask[30:, 30:60] = 255
    plain = measure_look(rgb, mask)
    assert plain.warmth == pytest.approx(100)
    assert plain.spread == pytest.approx(0)
    assert plain.contrast == pytest.approx(0, abs=1e-3)
    rgb[mask > 0] += 60
    assert measure_look(rgb, mask).contrast == pytest.approx(60, abs=1)
    assert measure_look(rgb, None).contrast is None
    assert measure_look(rgb, np.zeros((90, 90), np.uint8)).contrast is None
