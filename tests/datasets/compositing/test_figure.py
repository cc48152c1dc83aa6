"""Outlines and cut-outs: where a person is, mirrored or not, whose colours they keep, and what does not belong."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from cast_folders import bust
from drawn_bodies import body
from limner.datasets.compositing.figure import figure, outline_of
from limner.errors import DataError

RNG = np.random.default_rng(0)


def test_an_outline_is_the_mirrored_one_of_the_mirrored_mask() -> None:
    mask = bust(0)[1]
    found, other = outline_of(mask), outline_of(np.ascontiguousarray(mask[:, ::-1]))
    assert found.touches == (False, False, False, True)
    assert found.head is not None
    assert other.head is not None
    assert np.abs(np.subtract(found.mirrored().box, other.box)).max() <= 1
    assert np.abs(np.subtract(found.mirrored().head, other.head)).max() <= 2
    assert found.mirrored().mirrored() == found
    assert replace(found, touches=(True, False, False, True)).mirrored().touches == (False, False, True, True)


def test_who_stands() -> None:
    assert outline_of(body(240, 120, 30, 60, 8)).stands
    assert not outline_of(bust(0)[1]).stands
    with pytest.raises(DataError, match="too small"):
        outline_of(np.zeros((90, 90), np.uint8))


@pytest.mark.parametrize("hard", [False, True])
def test_the_old_background_goes_and_the_inside_stays(hard: bool) -> None:
    rgb, mask = bust(0)
    if hard:
        mask = np.where(mask > 127, 255, 0).astype(np.uint8)
    cut = figure(outline_of(mask), rgb, mask, RNG, exact=False)
    seen = cut.alpha > 12
    assert (cut.rgb[seen][:, 1].astype(int) - cut.rgb[seen][:, 0]).max() < 0, "green shows"
    inside = (cut.alpha == 255) & (bust(0)[1] > 252)
    assert np.abs(cut.rgb[inside].astype(int) - rgb[inside]).max() <= 6
    assert ((cut.alpha > 10) & (cut.alpha < 245)).any()


def test_traces_away_from_the_person_go() -> None:
    rgb, mask = bust(0)
    marked = mask.copy()
    marked[2:9, 2:9] = 200
    marked[4:60, 130:158] = 70
    marked[120:150, :20] = np.maximum(marked[120:150, :20], 9)
    cut = figure(outline_of(marked), rgb, marked, RNG, exact=False)
    assert not cut.alpha[2:9, 2:9].any()
    assert not cut.alpha[4:60, 130:158].any(), "large, but faint all over"
    assert not cut.alpha[125:145, :10].any()
    exact = figure(outline_of(mask), rgb, mask, RNG, exact=True)
    np.testing.assert_array_equal(exact.alpha, mask)
    np.testing.assert_array_equal(exact.rgb[mask > 0], rgb[mask > 0])
