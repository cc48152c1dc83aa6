"""Where people stand: cut borders at the picture's borders, heads by distance, and the layer is where it was said."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from cast_folders import bust
from drawn_bodies import body
from limner.datasets.compositing.figure import Figure, outline_of
from limner.datasets.compositing.staging import Place, beside, layer, leading
from limner.errors import DataError

ASPECTS = (16 / 9, 1.0, 9 / 16)
BUST = outline_of(bust(0)[1])


@pytest.mark.parametrize("touches", [(False, False, False, True), (True, False, False, True), (False, True, True, True),
                                     (True, False, True, True), (True, True, True, True)])  # fmt: skip
def test_cut_borders_lie_at_or_beyond_the_canvas(touches: tuple[bool, bool, bool, bool]) -> None:
    person = replace(BUST, touches=touches)
    for seed in range(40):
        place, (width, height) = leading(person, 300, ASPECTS, np.random.default_rng(seed))
        x0, y0 = place.at(0, 0)
        x1, y1 = place.at(*person.size)
        left, top, right, bottom = touches
        assert not left or x0 <= 0.51
        assert not top or y0 <= 0.51
        assert not right or x1 >= width - 0.51
        assert not bottom or y1 >= height - 0.51
        assert max(width, height) <= 300
        assert place.scale <= 1.6


def test_the_standing_are_seen_whole_or_as_portraits() -> None:
    person = outline_of(body(480, 240, 60, 120, 16))
    whole = close = 0
    for seed in range(40):
        place, (_, height) = leading(person, 400, ASPECTS, np.random.default_rng(seed))
        feet = place.at(0, person.box[3])[1]
        whole += 0.85 * height < feet < height
        close += feet > 1.2 * height
    assert whole > 5
    assert close > 5


def test_small_people_are_refused() -> None:
    with pytest.raises(DataError, match="the composite would have only"):
        leading(replace(BUST, size=(40, 40), box=(5, 5, 30, 40), head=None), 512, (16 / 9,), np.random.default_rng(0))


def test_heads_are_as_large_as_the_distance_makes_them() -> None:
    found = 0
    for seed in range(200):
        rng = np.random.default_rng(seed)
        place, canvas = leading(BUST, 400, (16 / 9,), rng)
        other = beside(BUST, BUST, place, canvas, rng)
        if other is None:
            continue
        found += 1
        assert other.scale * other.depth == pytest.approx(place.scale, rel=0.1)
        assert other.at(0, BUST.box[3])[1] >= canvas[1] - 1, "a cut body floats"
    assert found > 20
    assert beside(replace(BUST, head=None), BUST, Place(1, 0, 0), (300, 200), np.random.default_rng(0)) is None


@pytest.mark.parametrize("scale", [0.2, 0.5, 1.0, 1.5])
def test_a_layer_lies_where_its_place_says(scale: float) -> None:
    rgb, mask = bust(0)
    place = Place(scale, 30.0, 10.0)
    canvas = layer(Figure(replace(BUST, touches=(False,) * 4), rgb, mask), place, (400, 300))[1]
    rows, columns = np.nonzero(canvas > 127)
    x0, y0 = place.at(*BUST.box[:2])
    x1, y1 = place.at(*BUST.box[2:])
    assert (
        np.abs(np.array([columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]) - [x0, y0, x1, y1]).max() < 1.6
    )
