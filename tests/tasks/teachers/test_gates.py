"""A mask counts where the models agree in kind, in place and in number, and the reason against it is said."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from limner.errors import OptionError
from limner.tasks.teachers.gates import Gates, Scores, score, why_not
from limner.tasks.teachers.passes import Map, View

GOOD = Scores(agreement=0.7, people=0.9, kinds=0.95, blob=0.01, area=0.2)


def _square(top: int, left: int, side: int) -> Map:
    plane = np.zeros((200, 200), np.float32)
    plane[top : top + side, left : left + side] = 1
    return plane


def test_a_bag_is_a_region_in_dispute() -> None:
    person, bag = _square(40, 40, 100), _square(100, 140, 30)
    scores = score(View(person, [person], person, np.maximum(person, bag), 1.0))
    assert scores.blob == pytest.approx(900 / 10000, abs=1e-3)
    assert scores.kinds == pytest.approx(10000 / 10900, abs=1e-3)
    assert scores.area == 0.25
    assert why_not(scores, Gates()) == "a region is in dispute (0.09 > 0.06)"
    assert why_not(scores, Gates(blob=0.1)) == ""


def test_an_edge_one_pixel_off_is_no_region() -> None:
    person, wider = _square(40, 40, 100), _square(39, 39, 102)
    assert score(View(person, [person], person, wider, 1.0)).blob == 0


def test_each_two_models_that_find_people_are_compared() -> None:
    one, other = _square(0, 0, 100), _square(0, 0, 50)
    assert score(View(one, [one, one, other], one, None, 1.0)).people == 0.25
    assert score(View(one, [one], one, None, 0.95)) == Scores(0.95, 1.0, None, None, 0.25)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({}, ""),
        ({"kinds": None, "blob": None}, "the passes disagree (0.70 < 0.9)"),
        ({"kinds": 0.8}, "what stands out is not who is found (0.80 < 0.85)"),
        ({"people": 0.6}, "the models that find people disagree (0.60 < 0.7)"),
        ({"area": 0.0}, "finds nobody"),
    ],
)
def test_the_reason_is_said(change: dict[str, float | None], why: str) -> None:
    assert why_not(replace(GOOD, **change), Gates()) == why  # type: ignore[arg-type]


@pytest.mark.parametrize("field", ["agree", "kinds", "blob", "people"])
def test_gates_lie_between_0_and_1(field: str) -> None:
    with pytest.raises(OptionError, match=f"{field}: must lie in"):
        Gates(**{field: 1.2})
