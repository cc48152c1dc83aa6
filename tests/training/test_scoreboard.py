"""The scoreboard knows the best validation, lowers the learning rate on a plateau and ends a run in time."""

from __future__ import annotations

from typing import Any

import pytest

from limner.errors import OptionError
from limner.tasks.recipes.recipe import Recipe, from_dict
from limner.training.scoreboard import Scoreboard


def _recipe(**fields: Any) -> Recipe:
    raw: dict[str, Any] = {
        "net": {"name": "fast"},
        "input_size": 32,
        "data": {"sets": {"no_people": 1.0}},
        "samples": 40,
        "batch": 4,
        "phases": [{"size": 32, "share": 1.0}],
        "optimizer": {"lr": 0.001},
        "validate_every": 4,
    }
    return from_dict({**raw, **fields}, source="test")


def test_a_plateau_lowers_the_rate_once_its_patience_is_over() -> None:
    board = Scoreboard(_recipe(schedule={"kind": "plateau", "warmup": 0.0, "drop": 0.5, "patience": 2}))
    factors = []
    for score in (70.0, 71.0, 71.0, 70.0, 70.5, 69.0, 72.0, 71.0):
        board.record(score)
        factors.append(board.factor(0.5))
    assert factors == [1.0, 1.0, 1.0, 0.5, 0.5, 0.25, 0.25, 0.25]
    assert board.best == 72.0


def test_early_stopping_counts_from_the_best() -> None:
    board = Scoreboard(_recipe(early_stop={"patience": 2}))
    told = [(board.record(score), board.over) for score in (70.0, 69.0, 70.1, 70.1, 70.0)]
    assert told == [(True, False), (False, False), (True, False), (False, False), (False, True)]


def test_it_goes_on_from_its_state() -> None:
    recipe = _recipe(schedule={"kind": "plateau", "patience": 2}, early_stop={"patience": 3})
    whole, first = Scoreboard(recipe), Scoreboard(recipe)
    for score in (70.0, 69.0):
        whole.record(score)
        first.record(score)
    second = Scoreboard(recipe, first.state)
    for score in (68.0, 67.0):
        whole.record(score)
        second.record(score)
    assert second.state == whole.state
    assert (second.drops, second.over) == (1, True)


def test_the_score_is_the_mean_of_what_the_recipe_names() -> None:
    values = {"faces mIoU": 90.0, "faces bIoU": 60.0, "animals mIoU": 30.0}
    assert Scoreboard(_recipe()).score(values) == 60.0
    assert Scoreboard(_recipe(score="faces")).score(values) == 75.0
    with pytest.raises(OptionError, match="score: no validation value starts with 'hands'; there are faces mIoU"):
        Scoreboard(_recipe(score="hands")).score(values)
