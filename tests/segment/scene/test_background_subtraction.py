"""Subtraction against exact truth: a rendered person over a still, noisy room, with faults of light and camera."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import pytest

from limner.errors import OptionError
from limner.matte import Matte, hidden_matte
from limner.segment.base import MatteSource
from limner.segment.scene.background_subtraction import (
    BackgroundSubtraction,
    EmptyScene,
    MixtureSubtraction,
    Subtractor,
)
from limner.segment.scene.masks import clean_mask, match_exposure
from limner.segment.segmenter import Segmenter
from staged_people import SIZE, Alpha, Frame, iou, room, stage

KINDS: dict[str, tuple[Callable[..., Subtractor], float]] = {
    "grey": (BackgroundSubtraction, 0.84),
    "mean": (lambda **more: BackgroundSubtraction(average="mean", **more), 0.84),
    "colour": (lambda **more: BackgroundSubtraction(color=True, **more), 0.96),
    "mog2": (MixtureSubtraction, 0.88),
    "knn": (lambda **more: MixtureSubtraction(kind="knn", **more), 0.84),
}


@cache
def empty(seed: int, noise: float = 3.0, gain: float = 1.0) -> Frame:
    return stage(at=[], seed=500 + seed, noise=noise, gain=gain)[0]


@cache
def walking(index: int, noise: float = 3.0, gain: float = 1.0) -> tuple[Frame, Alpha]:
    middle = 0.5 + 0.2 * np.sin(index / 2)
    return stage(at=[(middle, 0.85)], seed=index, noise=noise, gain=gain)[:2]


def learned(made: Subtractor, *, noise: float = 3.0) -> Subtractor:
    while made.learning:
        assert made.matte(empty(made.learned, noise)).hidden
    return made


def accuracy(source: Any, **light: float) -> float:
    return float(
        np.mean([iou(source.matte(frame).alpha, truth) for frame, truth in (walking(i, **light) for i in range(6))])
    )


@pytest.mark.parametrize("kind", list(KINDS))
@pytest.mark.parametrize("light", [{}, {"noise": 8.0}, {"gain": 1.2}, {"gain": 0.8}], ids=str)
def test_accuracy(kind: str, light: dict[str, float]) -> None:
    make, least = KINDS[kind]
    source = learned(make(learn=15), noise=light.get("noise", 3.0))
    assert accuracy(source, **light) > least


def test_the_soft_edge_is_near_the_truth() -> None:
    frame, truth = walking(0)
    matte = learned(BackgroundSubtraction(color=True, learn=15)).matte(frame)
    assert np.abs(matte.alpha - truth).mean() < 0.015
    assert ((matte.alpha > 0.1) & (matte.alpha < 0.9)).any()
    hard = learned(BackgroundSubtraction(color=True, learn=15, edge=0)).matte(frame).alpha
    assert set(np.unique(hard)) == {0.0, 1.0}


def test_it_is_a_source_and_tells_when_it_learns() -> None:
    source: MatteSource = BackgroundSubtraction(learn=3)
    assert isinstance(source, BackgroundSubtraction)
    assert source.learning
    learned(source)
    assert source.matte(empty(40), previous=None).coverage < 0.01
    source.reset()
    assert source.matte(empty(0)).hidden
    learned(source)
    smaller = np.ascontiguousarray(empty(0)[:100])
    assert source.matte(smaller).hidden  # another size is another scene
    assert source.learned == 1


def test_who_walks_through_the_lesson_is_not_learned() -> None:
    source = BackgroundSubtraction(color=True, learn=15)
    for index in range(15):
        source.matte(stage(at=[(0.07 * index, 0.8)], seed=index)[0])
    assert not source.learning
    assert accuracy(source) > 0.9


def test_a_shot_of_the_empty_room_is_all_it_needs() -> None:
    source = BackgroundSubtraction(color=True, scene=empty(0))
    assert not source.learning
    assert accuracy(source) > 0.96


@pytest.mark.parametrize("kind", ["grey", "mog2"])
def test_who_sits_still_does_not_dissolve_and_slow_light_is_followed(kind: str) -> None:
    make, least = KINDS[kind]
    source = learned(make(learn=15))
    for index in range(150):
        frame, truth = stage(at=[(0.5, 0.85)], seed=index % 7, gain=1 + 0.001 * index)[:2]
        matte = source.matte(frame)
    assert iou(matte.alpha, truth) > least - 0.05


@pytest.mark.parametrize("kind", ["grey", "mog2"])
def test_a_camera_that_moved_is_no_confident_matte(kind: str) -> None:
    source = learned(KINDS[kind][0](learn=15))
    tiles = np.random.default_rng(1).choice([10.0, 240.0], (9, 16, 3))
    other = np.kron(tiles, np.ones((16, 16, 1))).astype(np.uint8)
    assert source.matte(other).confidence < 0.35


def test_largest_or_all() -> None:
    frame, everybody, (one, other) = stage(at=[(0.2, 0.6), (0.75, 0.9)])
    largest = learned(BackgroundSubtraction(color=True, learn=5)).matte(frame).alpha
    every = learned(BackgroundSubtraction(color=True, learn=5, largest=False)).matte(frame).alpha
    assert iou(largest, other) > 0.95
    assert (largest * one).sum() == 0
    assert iou(every, everybody) > 0.95


def test_cleaning_closes_gaps_fills_holes_and_drops_specks() -> None:
    raw = np.zeros((100, 160), np.uint8)
    raw[30:100, 40:110] = 1
    raw[50:60, 60:80] = 0  # a hole
    raw[30:100, 74:76] = 0  # a gap down to the edge
    raw[10, 10] = 1
    mask = clean_mask(raw, closing=4, fill_holes=True, largest=True)
    assert mask[32:, 42:108].all()
    assert mask[:25].sum() == 0
    kept = clean_mask(raw, closing=0, fill_holes=False, largest=False)
    assert kept[55, 70] == 0
    assert kept[80, 75] == 0


def test_exposure_is_matched_in_spite_of_a_person() -> None:
    scene = np.random.default_rng(0).uniform(20, 180, (90, 160, 3)).astype(np.float32)
    picture = scene * np.float32([1.2, 1.0, 0.8])
    picture[20:, 40:110] = 10
    np.testing.assert_allclose(match_exposure(scene, picture)[0], picture[0], rtol=0.05)


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: BackgroundSubtraction(threshold=0), "difference"),
        (lambda: BackgroundSubtraction(learn=0), "learn"),
        (lambda: BackgroundSubtraction(average="mode"), "median or mean"),
        (lambda: MixtureSubtraction(kind="mog"), "mog2 or knn"),
        (lambda: MixtureSubtraction(closing=50), "closing"),
        (lambda: MixtureSubtraction(adapt=float("nan")), "adapt"),
        (lambda: EmptyScene(BackgroundSubtraction(), None, low=30, high=9), "rise"),
    ],
)
def test_values_out_of_range(make: Callable[[], object], says: str) -> None:
    with pytest.raises(OptionError, match=says):
        make()


# ------------------------------------------------------------------ a shot of the empty scene beside a net


class Net:
    """Gives what the test says."""

    def __init__(self, alpha: Alpha | None = None) -> None:
        self.alpha = alpha

    def matte(self, frame: Frame, *, previous: Matte | None = None) -> Matte:
        return hidden_matte(SIZE) if self.alpha is None else Matte(self.alpha, 0.9)


def corrected(alpha: Alpha, frame: Frame, shot: Frame | None = None) -> Alpha:
    return EmptyScene(Net(alpha), empty(0) if shot is None else shot).matte(frame).alpha


@pytest.mark.parametrize("gain", [1.0, 1.15, 0.85])
def test_a_chair_that_the_net_took_for_a_person_goes(gain: float) -> None:
    frame, truth = walking(0, gain=gain)
    wrong = truth.copy()
    wrong[90:, 200:240] = 1.0
    fixed = corrected(wrong, frame)
    assert fixed[100:, 205:235].mean() < 0.02
    assert iou(fixed, truth) > 0.97


def test_an_arm_that_the_net_lost_comes_back() -> None:
    frame, truth = walking(0)
    wrong = truth.copy()
    wrong[110:, 95:115] = 0.0
    fixed = corrected(wrong, frame)
    assert iou(wrong, truth) < 0.92
    assert iou(fixed, truth) > 0.97


def test_a_shadow_beside_the_person_does_not_come_in() -> None:
    frame, truth = walking(0)
    shade = np.ones((*SIZE, 1), np.float32)
    shade[100:, 175:200] = 0.75
    shaded = (frame * shade + 0.5).astype(np.uint8)
    assert corrected(truth, shaded)[105:, 185:198].mean() < 0.05


def test_it_helps_the_net_that_ships() -> None:
    net = Segmenter("fast")
    assert 1 - accuracy(EmptyScene(net, empty(0))) < 0.5 * (1 - accuracy(net))  # it halves what the net gets wrong


def test_without_a_shot_or_with_one_that_does_not_fit_the_net_is_believed() -> None:
    frame, truth = walking(0)
    scene = EmptyScene(Net(truth), None)
    np.testing.assert_array_equal(scene.matte(frame).alpha, truth)
    scene.picture = (255 - room(seed=9)).astype(np.uint8)
    np.testing.assert_array_equal(scene.matte(frame).alpha, truth)
    assert not scene.usable
    scene.picture = empty(0)
    scene.matte(frame)
    assert scene.usable
    assert EmptyScene(Net(), empty(0)).matte(frame).hidden


def test_a_shot_of_other_proportions_is_refused_and_of_another_size_not() -> None:
    frame, truth = walking(0)
    assert iou(corrected(truth, frame, np.ascontiguousarray(empty(0)[::2, ::2])), truth) > 0.95
    with pytest.raises(OptionError, match=r"empty_scene: the shot is 144x144 and the frame 256x144"):
        corrected(truth, frame, np.ascontiguousarray(empty(0)[:, :144]))
