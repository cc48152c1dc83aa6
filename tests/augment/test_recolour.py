"""Recolourings are drawn from a seed, plausible, and do what their name says."""

from __future__ import annotations

from dataclasses import fields

import numpy as np
import pytest

from limner.augment.recolour import Changes, colour_statistics, draw_recolouring
from limner.errors import DataError

NAMES = [option.name for option in fields(Changes)]
GREY = np.full((40, 40, 3), 120, np.uint8)


def only(name: str) -> Changes:
    return Changes(**{other: float(other == name) for other in NAMES})


def draws(name: str, image: np.ndarray, count: int = 60) -> list[np.ndarray]:
    return [draw_recolouring(np.random.default_rng(seed), only(name)).apply(image) for seed in range(count)]


def test_the_same_seed_gives_the_same_change() -> None:
    image = np.random.default_rng(0).integers(0, 256, (30, 40, 3), dtype=np.uint8)
    first, again, other = (draw_recolouring(np.random.default_rng(s), Changes()).apply(image) for s in (5, 5, 6))
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()
    assert first.shape == image.shape
    assert first.dtype == np.uint8


@pytest.mark.parametrize("name", ["exposure", "tone", "veil"])
def test_changes_of_light_keep_greys_nearly_grey(name: str) -> None:
    results = draws(name, GREY)
    assert max(int(np.ptp(result[0, 0].astype(int))) for result in results) <= (60 if name == "veil" else 1)
    assert len({int(result[0, 0, 1]) for result in results}) > 10


def test_white_balance_moves_red_against_blue_and_keeps_brightness() -> None:
    results = np.array([result[0, 0].astype(int) for result in draws("balance", GREY)])
    assert np.corrcoef(results[:, 0], results[:, 2])[0, 1] < -0.8
    assert np.abs(results @ [0.299, 0.587, 0.114] - 120).max() < 30


def test_saturation_keeps_greys() -> None:
    assert all(np.abs(result.astype(int) - 120).max() <= 1 for result in draws("saturation", GREY))


def test_a_gradient_is_darker_on_one_side() -> None:
    spreads = [
        float(np.ptp(result[..., 1].mean(0))) + float(np.ptp(result[..., 1].mean(1)))
        for result in draws("gradient", GREY)
    ]
    assert np.median(spreads) > 20


def test_transfer_moves_toward_the_other() -> None:
    person = np.random.default_rng(0).normal((180, 140, 110), 15, (48, 48, 3)).clip(0, 255).astype(np.uint8)
    other = np.random.default_rng(1).normal((60, 70, 100), 15, (48, 48, 3)).clip(0, 255).astype(np.uint8)
    everywhere = np.full((48, 48), 255, np.uint8)
    own, theirs = colour_statistics(person, everywhere), colour_statistics(other, everywhere)
    change = draw_recolouring(np.random.default_rng(3), only("transfer"), person=own, other=lambda: theirs)
    moved = change.apply(person).mean((0, 1))
    away = [np.abs(mean - other.mean((0, 1))).sum() for mean in (person.mean((0, 1)), moved)]
    assert away[1] < 0.75 * away[0]


def test_nobody_has_no_statistics() -> None:
    assert colour_statistics(GREY, np.zeros((40, 40), np.uint8)) is None


def test_one_change_at_least_is_made() -> None:
    none = Changes(**dict.fromkeys(NAMES, 0.0))
    results = [draw_recolouring(np.random.default_rng(seed), none).apply(GREY) for seed in range(20)]
    assert sum((result != GREY).any() for result in results) >= 18


def test_a_wrong_chance_is_named() -> None:
    with pytest.raises(DataError, match=r"recipe: data\.changes\.veil must lie in \[0, 1\]"):
        Changes(veil=2)
