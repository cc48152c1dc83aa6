"""Who stays: people told apart, followed through touching, loss and crossing, on rendered people with exact truth."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from limner.errors import OptionError
from limner.matte import Matte, hidden_matte
from limner.segment.people.subject import SubjectFilter
from limner.segment.people.tracks import ENTER, LEAVE
from limner.segment.segmenter import Segmenter
from staged_people import SIZE, Alpha, Frame, iou, stage

Scene = tuple[Frame, Alpha, list[Alpha]]
BIG, SMALL = (0.62, 0.95), (0.2, 0.5)
TOUCHING, BEHIND = (0.3, 0.6), (0.9, 0.85)


def both(*at: tuple[float, float]) -> Scene:
    return stage(at=list(at))


def kept(chosen: SubjectFilter, scene: Scene, alpha: Alpha | None = None) -> Alpha:
    frame, everybody, _ = scene
    return chosen.apply(Matte(everybody if alpha is None else alpha), frame).alpha


def test_everyone_is_the_same_matte() -> None:
    frame, everybody, _ = both(SMALL, BIG)
    matte = Matte(everybody, 0.8)
    chosen = SubjectFilter()
    assert chosen.apply(matte, frame) is matte
    assert [one.number for one in chosen.subjects] == [1, 2]
    assert chosen.chosen == (1, 2)
    left, right = chosen.subjects
    assert left.box[2] < right.box[0] + 0.1
    assert left.area < right.area


@pytest.mark.parametrize("other", [SMALL, TOUCHING, BEHIND], ids=["apart", "touching", "behind a shoulder"])
def test_the_main_person_stays_and_a_bystander_goes(other: tuple[float, float]) -> None:
    scene = both(other, BIG)
    _, _, (bystander, main) = scene
    alone = kept(SubjectFilter("main"), scene)
    assert iou(alone, main) > 0.9
    assert (alone * bystander).sum() < 0.12 * bystander.sum()


def test_soft_touch_is_cut_where_the_matte_has_its_valley() -> None:
    blob = np.zeros(SIZE, np.float32)
    blob[40:, 40:120] = blob[50:, 130:200] = 1.0
    blob[60:, 120:130] = 0.7
    alone = SubjectFilter("main").apply(Matte(blob), np.zeros((*SIZE, 3), np.uint8)).alpha
    assert alone[100, 60] == 1.0
    assert alone[100, 150:].max() == 0.0


@pytest.mark.parametrize("tall", [0.5, 0.95, 1.4, 2.0])
@pytest.mark.parametrize("middle", [0.15, 0.5, 0.9])
def test_one_person_is_never_cut_in_two(tall: float, middle: float) -> None:
    scene = both((middle, tall))
    np.testing.assert_array_equal(kept(SubjectFilter("main"), scene), scene[1])


@pytest.mark.parametrize("model", ["fast", "quality"])
def test_with_the_nets_own_mattes(model: str) -> None:
    frame, _, (_, main) = both(TOUCHING, BIG)
    matte = Segmenter(model).matte(frame)
    assert iou(SubjectFilter("main").apply(matte, frame).alpha, main) > iou(matte.alpha, main) + 0.1


def test_an_outstretched_hand_stays() -> None:
    _, body, _ = scene = both((0.5, 0.9))
    apart = body.copy()
    cv2.circle(apart, (196, 100), 8, 1.0, -1)
    chosen = SubjectFilter("main")
    kept(chosen, scene)
    assert kept(chosen, scene, apart)[100, 196] == 1.0


@pytest.mark.parametrize("number", [1, 2])
def test_by_number_from_left_to_right(number: int) -> None:
    scene = both(SMALL, BIG)
    alone = kept(SubjectFilter(number), scene)
    assert iou(alone, scene[2][number - 1]) > 0.93


def test_a_number_that_nobody_has_keeps_nobody() -> None:
    assert kept(SubjectFilter(3), both(SMALL, BIG)).max() == 0.0


@pytest.mark.parametrize("by", ["option", "click"])
def test_picked_by_a_point(by: str) -> None:
    scene = both(SMALL, BIG)
    x, y = 0.2 * SIZE[1], 0.7 * SIZE[0]
    chosen = SubjectFilter(point=(x, y)) if by == "option" else SubjectFilter("main")
    if by == "click":
        assert iou(kept(chosen, scene), scene[2][1]) > 0.93
        chosen.pick(x, y)
    assert iou(kept(chosen, scene), scene[2][0]) > 0.93
    chosen.release()
    assert kept(chosen, scene)[-10, 160] == pytest.approx(1.0)


def test_who_was_picked_is_followed_past_others() -> None:
    """The smaller one walks behind the larger, from left to right, touching on the way."""
    chosen = SubjectFilter(point=(0.12 * SIZE[1], 0.8 * SIZE[0]))
    for step in range(41):
        scene = stage(at=[(0.12 + 0.019 * step, 0.6), (0.5, 0.9)], seed=step)
        alone = kept(chosen, scene)
        visible, other = scene[2]
        if visible.sum() > 0.5 * scene[2][0].size * 0.05:
            assert (alone * other).sum() < 0.35 * other.sum(), step
    assert iou(alone, visible) > 0.85
    assert chosen.chosen == (1,)


def test_nobody_blinks_when_two_merge_for_a_moment() -> None:
    chosen = SubjectFilter("main")
    path = [0.22 + 0.01 * min(i, 20 - i) for i in range(21)]
    for step, middle in enumerate(path):
        scene = stage(at=[(middle, 0.6), BIG], seed=step)
        assert iou(kept(chosen, scene), scene[2][1]) > 0.85, step
    assert [one.number for one in chosen.subjects] == [1, 2]


def test_a_lost_main_person_is_waited_for_and_nobody_takes_their_place() -> None:
    scene = both(SMALL, BIG)
    _, _, (bystander, main) = scene
    chosen = SubjectFilter("main")
    for _ in range(5):
        kept(chosen, scene)
    for _ in range(LEAVE - 5):
        assert kept(chosen, scene, bystander).max() == 0.0
    assert iou(kept(chosen, scene), main) > 0.93
    for _ in range(LEAVE + 2):
        last = kept(chosen, scene, bystander)
    assert iou(last, bystander) > 0.93  # who is gone for good is not waited for


def test_who_enters_counts_after_a_few_frames_and_a_flash_never() -> None:
    scene = both(SMALL, BIG)
    _, everybody, (small, main) = scene
    chosen = SubjectFilter()
    kept(chosen, scene, main)
    for _ in range(ENTER - 1):
        assert (kept(chosen, scene) * small).sum() < 0.05 * small.sum()
    np.testing.assert_array_equal(kept(chosen, scene), everybody)
    for _ in range(3):  # gone for three frames only: back at once
        kept(chosen, scene, main)
    np.testing.assert_array_equal(kept(chosen, scene), everybody)


def test_a_rival_takes_over_only_after_a_while() -> None:
    chosen = SubjectFilter("main")
    first = both((0.25, 0.5), (0.75, 0.6))
    assert iou(kept(chosen, first), first[2][1]) > 0.9
    grown = both((0.3, 0.9), (0.85, 0.4))
    seen = [iou(kept(chosen, grown), grown[2][0]) > 0.9 for _ in range(30)]
    assert not any(seen[:10])
    assert all(seen[-5:])


def test_hidden_and_empty_mattes_and_other_sizes_pass() -> None:
    chosen = SubjectFilter("main")
    frame, everybody, _ = both(SMALL, BIG)
    hidden = hidden_matte(SIZE)
    assert chosen.apply(hidden, frame) is hidden
    assert chosen.apply(Matte(np.zeros(SIZE, np.float32)), frame).alpha.max() == 0.0
    chosen.apply(Matte(everybody), frame)
    for size in ((1, 1), (2, 300), (50, 41)):
        assert chosen.apply(Matte(np.ones(size, np.float32)), np.zeros((*size, 3), np.uint8)).size == size


@pytest.mark.parametrize("keep", ["nobody", 0, -1, ""])
def test_unknown_subjects(keep: object) -> None:
    with pytest.raises(OptionError, match="everyone, main, or a number"):
        SubjectFilter(keep)  # type: ignore[arg-type]
    with pytest.raises(OptionError, match="keep must be 'everyone' or 'main' or a whole number, not True"):
        SubjectFilter(True)


def test_a_point_outside_says_where_the_picture_ends() -> None:
    frame, everybody, _ = both(BIG)
    with pytest.raises(OptionError, match="outside the picture of 256x144"):
        SubjectFilter(point=(256, 10)).apply(Matte(everybody), frame)
