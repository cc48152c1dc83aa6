"""A hidden frame shows nothing of the frame, whatever the effect and its strength."""

from __future__ import annotations

from fractions import Fraction

import cv2
import numpy as np
import pytest

from limner.effects import EFFECTS, make_effect
from limner.effects.base import Effect
from limner.effects.fail_closed import FailClosed
from limner.frame import Frame
from limner.matte import Matte, hidden_matte
from staged_people import SIZE, stage

OPTIONS = {"replace": {"background": "navy"}, "blur": {"strength": 0.0}, "frame_in_frame": {"presentation": "green"}}


def fine_detail(picture: Frame) -> float:
    """Energy of what is finer than a tenth of the shorter side."""
    grey = cv2.cvtColor(picture[..., :3], cv2.COLOR_RGB2GRAY).astype(np.float32)
    return float((grey - cv2.GaussianBlur(grey, (0, 0), min(grey.shape) / 20)).std())


@pytest.mark.parametrize("name", list(EFFECTS))
def test_nothing_of_a_hidden_frame_is_left(name: str) -> None:
    frame, _, _ = stage(at=[(0.5, 0.95)])
    guarded = FailClosed(make_effect(name, **OPTIONS.get(name, {})))
    kept = frame.copy()
    shown = guarded(frame, hidden_matte(SIZE))
    np.testing.assert_array_equal(frame, kept)
    np.testing.assert_array_equal(shown, guarded.hide(frame))
    assert shown.shape[2] == (4 if guarded.has_alpha else 3)
    assert fine_detail(shown) < 0.15 * fine_detail(frame)
    if not guarded.keeps_background:  # not even blurred: two different frames look the same
        np.testing.assert_array_equal(shown, guarded.hide(stage(at=[(0.2, 0.5)], seed=3)[0]))


def test_two_people_cannot_be_told_apart() -> None:
    """The same head with another face: what is left of the difference is less than what eyes tell."""
    frame, _, _ = stage(at=[(0.5, 0.95)], noise=0)
    turned = frame.copy()
    face = (slice(34, 68), slice(117, 137))
    turned[face] = frame[face][::-1, ::-1]  # eyes below, mouth above
    hide = FailClosed(make_effect("blur", strength=0.0)).hide
    assert np.abs(frame.astype(int) - turned).max() > 60
    assert np.abs(hide(frame).astype(int) - hide(turned)).max() < 16


@pytest.mark.parametrize("size", [(1, 1), (2, 300), (300, 2), (8, 8), (719, 1281)])
def test_any_size(size: tuple[int, int]) -> None:
    frame = np.full((*size, 3), 200, np.uint8)
    np.testing.assert_array_equal(FailClosed(make_effect("blur")).hide(frame), frame)


def test_a_trusted_frame_is_the_effects_own() -> None:
    frame, truth, _ = stage(at=[(0.5, 0.9)])
    blur = make_effect("blur")
    np.testing.assert_array_equal(FailClosed(blur)(frame, Matte(truth)), blur(frame, Matte(truth)))


def test_an_effect_that_shows_the_frame_all_the_same_gets_only_a_blurred_one() -> None:
    class Leaks(Effect):
        name = "leaks"
        time = Fraction(0)

        def at(self, time: Fraction) -> None:
            self.time = time

        def __call__(self, frame: Frame, matte: Matte) -> Frame:
            return frame

    frame, _, _ = stage(at=[(0.5, 0.9)])
    leaks = Leaks()
    guarded = FailClosed(leaks)
    guarded.at(Fraction(3, 2))
    assert leaks.time == Fraction(3, 2)
    assert fine_detail(guarded(frame, hidden_matte(SIZE))) < 0.15 * fine_detail(frame)
