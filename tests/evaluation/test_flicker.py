"""The protocol tells a restless maker from a calm one, and a stubborn prior from one that is outgrown."""

from __future__ import annotations

import numpy as np
import pytest

from drawn_people import draw_person
from limner.errors import DataError
from limner.evaluation.flicker import WRONG_PRIORS, measure_flicker, measure_recovery, play

PICTURES = [(rgb, (mask / np.float32(255)).astype(np.float32)) for rgb, mask in map(draw_person, range(3))]


def _soft(rgb: np.ndarray, previous: np.ndarray | None = None) -> np.ndarray:
    """Alpha that follows brightness, and so the noise."""
    return np.clip((rgb.astype(np.float32).mean(2) - 30) / 200, 0, 1)


class _Memory:
    """As ``_soft``, mixed with what it is told of the frame before."""

    def __init__(self, share: float) -> None:
        self.share = np.float32(share)

    def __call__(self, rgb: np.ndarray, previous: np.ndarray | None = None) -> np.ndarray:
        now = _soft(rgb)
        return now if previous is None else self.share * previous + (1 - self.share) * now


def test_feeding_back_calms() -> None:
    found = measure_flicker({"soft": _soft, "memory": _Memory(0.7)}, PICTURES, frames=6)
    assert found["memory"].flicker < 0.5 * found["soft"].flicker
    assert found["soft"].flicker > 5
    assert found["soft"].clips == 3
    assert found["soft"].miou > 85


def test_a_blind_maker_is_calm_but_wrong() -> None:
    found = measure_flicker(
        {"blind": lambda rgb, previous=None: np.zeros(rgb.shape[:2], np.float32)}, PICTURES, frames=5
    )
    assert found["blind"].flicker == 0
    assert found["blind"].dtssd > 0  # the truth moved, it did not
    assert found["blind"].miou < 50


def test_equal_seeds_measure_equal() -> None:
    done: list[int] = []
    one, two, other = (
        measure_flicker({"m": _soft}, PICTURES[:1], frames=5, seed=seed, progress=done.append)["m"]
        for seed in (1, 1, 2)
    )
    assert one == two != other
    assert done == [1, 1, 1]


def test_play_hands_each_matte_on() -> None:
    told: list[float | None] = []

    def count(rgb: np.ndarray, previous: np.ndarray | None = None) -> np.ndarray:
        told.append(None if previous is None else float(previous[0, 0]))
        return np.full(rgb.shape[:2], len(told) / 8, np.float32)

    frames = np.zeros((3, 4, 4, 3), np.uint8)
    assert play(count, frames)[:, 0, 0].tolist() == [1 / 8, 2 / 8, 3 / 8]
    play(count, frames[:1], prior=np.ones((4, 4), np.float32))
    assert told == [None, 1 / 8, 2 / 8, 1.0]


def test_a_wrong_prior_is_outgrown_at_the_speed_of_the_memory() -> None:
    def table(share: float) -> dict[str, tuple[float, float]]:
        return {r.prior: (r.frames, r.in_time) for r in measure_recovery(_Memory(share), PICTURES)}

    blind, quick, slow, stuck = table(0.0), table(0.55), table(0.8), table(1.0)
    assert set(blind) == set(WRONG_PRIORS)
    assert set(blind.values()) == {(1, 100)}
    assert 1 < quick["full"][0] <= 3
    assert slow["full"][0] > quick["full"][0]
    assert stuck["full"] == (6, 0)
    assert measure_recovery(_Memory(1.0), PICTURES)[0].loss > 50


def test_no_pictures_is_an_error() -> None:
    with pytest.raises(DataError, match="no photos to make clips from"):
        measure_flicker({"m": _soft}, [])
    with pytest.raises(DataError, match="no photos to make clips from"):
        measure_recovery(_soft, [])
