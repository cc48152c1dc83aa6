"""Each fault is injected between real pictures and real mattes: the frame must be hidden, and shown again after."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from limner.errors import ModelError, OptionError
from limner.matte import Matte, hidden_matte
from limner.segment.privacy.guard import (
    ERROR,
    LOW,
    SOURCE,
    STALL,
    START,
    PrivacyGuard,
    PrivacyRules,
    Watchdog,
    describe,
)
from limner.segment.privacy.trust import COLLAPSE, JUMP, SWALLOWED
from limner.segment.segmenter import Segmenter
from staged_people import SIZE, Frame, room, stage

Fault = Matte | Exception
NOBODY = Matte(np.zeros(SIZE, np.float32))
EVERYTHING = Matte(np.ones(SIZE, np.float32))


def box(top: int, bottom: int, left: int, right: int) -> Matte:
    """A matte that is 1 in a box and 0 elsewhere."""
    alpha = np.zeros(SIZE, np.float32)
    alpha[top:bottom, left:right] = 1
    return Matte(alpha)


class Script:
    """Gives what it was told for each frame, and raises what is an error."""

    def __init__(self, mattes: Sequence[Any]) -> None:
        self.mattes = list(mattes)

    def matte(self, frame: Frame) -> Any:
        found = self.mattes.pop(0)
        if isinstance(found, Exception):
            raise found
        return found


@cache
def seat(sway: int, gain: float) -> tuple[Frame, Matte]:
    frame, truth, _ = stage(at=[(0.5 + sway / 1000, 0.9)], seed=100 + sway, gain=gain)
    return frame, Matte(truth)


def sitting(count: int, *, seed: int = 0, gain: float = 1.0) -> list[tuple[Frame, Matte]]:
    """Somebody who sits and sways a little, with the true mattes."""
    return [seat(round(6 * np.sin((seed + index) / 5)), gain) for index in range(count)]


def empty(count: int) -> list[tuple[Frame, Matte]]:
    return [(stage(at=[], seed=i)[0], NOBODY) for i in range(count)]


def play(pairs: Sequence[tuple[Frame, Any]], rules: PrivacyRules | None = None) -> tuple[list[bool], PrivacyGuard]:
    """Which frames were hidden."""
    guard = PrivacyGuard(Script([matte for _, matte in pairs]), rules=rules)
    mattes = [guard.matte(frame) for frame, _ in pairs]
    for (frame, asked), given in zip(pairs, mattes, strict=True):
        assert given.hidden or given is asked
        assert given.size == frame.shape[:2]
    assert guard.frames == len(pairs)
    return [matte.hidden for matte in mattes], guard


def test_hidden_until_the_first_confident_mattes_of_somebody() -> None:
    unsure = [(frame, Matte(matte.alpha, 0.2)) for frame, matte in sitting(4)]
    hidden, guard = play([*empty(40), *unsure, *sitting(6)])
    assert hidden == [True] * 46 + [False] * 4
    assert guard.reason is None
    assert guard.hidden[START] == 40
    assert guard.hidden[LOW] == 4


FAULTS: dict[str, tuple[Callable[[], Fault | Any], str]] = {
    "error": (lambda: RuntimeError("out of memory"), ERROR),
    "limner's own error": (lambda: ModelError("the net's output changed"), ERROR),
    "no matte": (lambda: None, ERROR),
    "another size": (lambda: Matte(np.ones((4, 4), np.float32)), ERROR),
    "hidden by the source": (lambda: hidden_matte(SIZE), SOURCE),
    "low confidence": (lambda: Matte(sitting(1)[0][1].alpha, 0.3), LOW),
    "collapse": (lambda: NOBODY, COLLAPSE),
    "almost nothing left": (lambda: box(0, 16, 120, 136), COLLAPSE),
    "everything": (lambda: EVERYTHING, SWALLOWED),
    "nearly everything": (lambda: box(0, 144, 26, 256), SWALLOWED),
    "jump": (lambda: box(0, 144, 0, 60), JUMP),
}


@pytest.mark.parametrize("name", list(FAULTS))
@pytest.mark.parametrize("length", [1, 40])
def test_a_fault_hides_at_once_and_good_frames_end_it(name: str, length: int) -> None:
    make, reason = FAULTS[name]
    pairs: list[tuple[Frame, Any]] = list(sitting(30 + length))
    faulty = make()
    pairs[20 : 20 + length] = [(frame, faulty) for frame, _ in pairs[20 : 20 + length]]
    hidden, guard = play(pairs)
    assert hidden == [True] * 2 + [False] * 18 + [True] * (length + 2) + [False] * 8
    assert guard.hidden[reason] == length
    assert (guard.error is not None) == (reason == ERROR)


@pytest.mark.parametrize(("on_fault", "reason"), [("raise", ERROR), ("hide", SOURCE)])
def test_a_net_that_gives_nan_is_a_fault_and_not_an_empty_room(
    tmp_path: Path, make_onnx: Callable[..., Path], make_card: Callable[..., Path], on_fault: str, reason: str
) -> None:
    path = make_onnx(tmp_path / "own.onnx", weights=((float("inf"), 0.0, 0.0),))  # 0 times infinity is NaN
    make_card(path)
    frame = np.full((40, 60, 3), 90, np.uint8)
    frame[:20] = 0
    broken = Segmenter(path, on_fault=on_fault)
    with pytest.raises(ModelError, match="'own': its output is not finite"):
        PrivacyGuard(broken).matte(frame)
    assert Segmenter(path).matte(np.full_like(frame, 90)).alpha.min() == 1.0
    guard = PrivacyGuard(broken)
    guard.matte(np.full_like(frame, 90))
    assert all(guard.matte(frame).hidden for _ in range(5))
    assert guard.reason == reason


def test_a_lasting_collapse_stays_hidden_while_the_person_sits_there() -> None:
    pairs = sitting(400)
    pairs[20:] = [(frame, NOBODY) for frame, _ in pairs[20:]]
    hidden, _ = play(pairs)
    assert all(hidden[20:])


def test_so_it_does_when_the_light_changes() -> None:
    dimmed = [(frame, NOBODY) for frame, _ in sitting(300, seed=20, gain=0.5)]
    hidden, _ = play([*sitting(20), *dimmed])
    assert all(hidden[20:])


@pytest.mark.parametrize("frames", [5, 25])
def test_somebody_who_walks_out_leaves_a_room_that_is_shown_again(frames: int) -> None:
    pairs = sitting(20)
    for index in range(frames):
        frame, truth, _ = stage(at=[(0.5 + 0.9 * (index + 1) / frames, 0.9)], seed=index)
        pairs.append((frame, Matte(truth)))
    hidden, _ = play([*pairs, *empty(80), *sitting(10)])
    gone = 20 + frames
    assert not any(hidden[gone + 45 : gone + 80])
    assert sum(hidden[gone:]) < 45  # and who comes back is seen
    if frames == 25:  # walking, not vanishing: nothing looks wrong
        assert not any(hidden[3:])


def test_strict_never_shows_a_frame_without_anybody() -> None:
    hidden, _ = play([*sitting(20), *empty(300)], PrivacyRules(strict=True))
    assert all(hidden[20:])


def test_a_coat_that_was_taken_for_a_person_does_not_hide_the_room_for_ever() -> None:
    scene = room()
    coat = box(80, 128, 24, 56)
    pairs = [(stage(at=[], scene=scene, seed=i)[0], coat if i < 10 else NOBODY) for i in range(340)]
    hidden, _ = play(pairs)
    assert hidden[10:300] == [True] * 290
    assert not any(hidden[-10:])


def test_somebody_who_comes_close_is_no_fault() -> None:
    pairs = [stage(at=[(0.5, 0.6 + i * 0.06)], seed=i)[:2] for i in range(28)]
    hidden, _ = play([(frame, Matte(truth)) for frame, truth in pairs])
    assert not any(hidden[3:])


def test_a_cut_to_another_scene_with_somebody_is_shown_through_and_an_empty_one_only_when_it_is_sure() -> None:
    other = room(seed=9)
    frames = [stage(at=[(0.3, 0.7)], scene=other, seed=i)[:2] for i in range(10)]
    hidden, _ = play([*sitting(20), *[(frame, Matte(truth)) for frame, truth in frames]])
    assert not any(hidden[3:])
    blank = [(stage(at=[], scene=other, seed=i)[0], NOBODY) for i in range(60)]
    hidden, _ = play([*sitting(20), *blank])
    assert all(hidden[20:45])
    assert not any(hidden[60:])


def test_a_wrong_option_is_raised_before_anything_was_shown() -> None:
    frame = sitting(1)[0][0]
    with pytest.raises(ModelError):
        PrivacyGuard(Script([ModelError("no such output")])).matte(frame)


class Ahead:
    """Looks one frame ahead, and fails where it was told to."""

    delay = 1

    def __init__(self, fails_at: int) -> None:
        self.held: list[tuple[Any, Frame]] = []
        self.count, self.fails_at, self.resets = 0, fails_at, 0

    def push(self, frame: Frame, tag: Any = None) -> list[tuple[Any, Frame, Matte]]:
        self.count += 1
        if self.count == self.fails_at:
            raise RuntimeError("lost the device")
        self.held.append((tag, frame))
        return self._give(1)

    def flush(self) -> list[tuple[Any, Frame, Matte]]:
        return self._give(0)

    def reset(self) -> None:
        self.resets += 1
        self.held.clear()

    def _give(self, keep: int) -> list[tuple[Any, Frame, Matte]]:
        ready, self.held = self.held[: len(self.held) - keep], self.held[len(self.held) - keep :]
        return [(tag, frame, sitting(1)[0][1]) for tag, frame in ready]


def test_with_look_ahead_no_frame_is_lost_and_those_held_by_a_fault_are_hidden() -> None:
    guard = PrivacyGuard(source := Ahead(fails_at=8))
    assert guard.delay == 1
    frames = [frame for frame, _ in sitting(16)]
    out = [result for index, frame in enumerate(frames) for result in guard.push(frame, index)] + guard.flush()
    assert [tag for tag, _, _ in out] == list(range(16))
    assert all(given is frames[tag] for tag, given, _ in out)
    assert [tag for tag, _, matte in out if matte.hidden] == [0, 1, 6, 7, 8, 9]
    assert source.resets == 1


class Forgetful(Ahead):
    """Holds a frame back and never gives it."""

    def flush(self) -> list[tuple[Any, Frame, Matte]]:
        return []


def test_what_a_source_keeps_for_itself_comes_out_hidden() -> None:
    guard = PrivacyGuard(Forgetful(fails_at=0))
    frame = sitting(1)[0][0]
    assert guard.push(frame, "first") == []
    (tag, given, matte), *more = guard.flush()
    assert (tag, given is frame, matte.hidden, more) == ("first", True, True, [])
    assert (guard.reason, dict(guard.hidden)) == (ERROR, {ERROR: 1})


def test_a_reset_hides_and_so_does_what_the_caller_saw() -> None:
    pairs = sitting(20)
    guard = PrivacyGuard(Script([matte for _, matte in pairs]))
    hidden = []
    for index, (frame, _) in enumerate(pairs):
        if index == 8:
            guard.distrust(STALL)
            assert guard.reason == STALL
        if index == 14:
            guard.reset()
        hidden.append(guard.matte(frame).hidden)
    assert [i for i, one in enumerate(hidden) if one] == [0, 1, 8, 9, 14, 15]
    assert describe(guard.hidden) == "6 (6 waiting for good frames)"


def test_the_watchdog_barks_when_nothing_comes() -> None:
    now = [10.0]
    dog = Watchdog(0.5, clock=lambda: now[0])
    now[0] += 100
    assert not dog.stalled  # nothing went in
    dog.fed()
    now[0] += 0.4
    dog.fed()
    assert not dog.stalled
    now[0] += 0.2
    assert dog.stalled  # counted from the first that is unanswered
    assert dog.waited == pytest.approx(0.6)
    dog.came(more=True)
    assert not dog.stalled
    now[0] += 0.6
    assert dog.stalled
    dog.came()
    assert not dog.stalled
    now[0] += 100
    assert not dog.stalled


@pytest.mark.parametrize(
    "make",
    [
        lambda: PrivacyRules(hide_below=0.6, show_from=0.5),
        lambda: PrivacyRules(show_from=1.5),
        lambda: PrivacyRules(good_frames=0),
        lambda: Watchdog(0.0),
        lambda: Watchdog(float("nan")),
    ],
)
def test_rules_that_make_no_sense(make: Callable[[], object]) -> None:
    with pytest.raises(OptionError, match="privacy"):
        make()


def confident(pairs: list[tuple[Frame, Matte]], *levels: float) -> list[tuple[Frame, Matte]]:
    """The same with other confidences, one after the other; the last for all that are left."""
    each = [*levels, *[levels[-1]] * (len(pairs) - len(levels))]
    return [(frame, Matte(matte.alpha, level)) for (frame, matte), level in zip(pairs, each, strict=True)]


@pytest.mark.parametrize("limits", [(0.0, 0.0), (1.0, 1.0), (0.0, 1.0)])
def test_limits_of_confidence_may_be_any_from_0_to_1(limits: tuple[float, float]) -> None:
    hidden, _ = play(confident(sitting(6), 1.0), PrivacyRules(hide_below=limits[0], show_from=limits[1]))
    assert hidden == [True] * 2 + [False] * 4


def test_one_good_frame_may_be_enough() -> None:
    hidden, _ = play(sitting(3), PrivacyRules(good_frames=1))
    assert hidden == [False] * 3


@pytest.mark.parametrize(("rows", "shown"), [(8, True), (7, False)])
def test_who_covers_just_enough_counts_even_where_it_is_strict(rows: int, shown: bool) -> None:
    frame = sitting(1)[0][0]
    speck = box(0, rows, 0, 18)  # 8 rows of 18 pixels are 1/256 of the frame
    hidden, guard = play([(frame, speck)] * 6, PrivacyRules(strict=True, person=1 / 256))
    assert (not hidden[-1]) is shown
    assert guard.reason == (None if shown else START)


def test_what_keeps_a_picture_does_not_bring_one_back() -> None:
    rules = PrivacyRules(hide_below=0.35, show_from=0.45, good_frames=3)
    # Not enough to begin with ...
    hidden, guard = play(confident(sitting(12), 0.40), rules)
    assert all(hidden)
    assert guard.hidden[LOW] == 12
    # ... enough to go on with, and after a fault not enough again, until it is.
    levels = [*[0.9] * 6, *[0.40] * 6, 0.2, *[0.40] * 8, 0.45, 0.44, 0.46, 0.46, 0.46, 0.40]
    hidden, guard = play(confident(sitting(len(levels)), *levels), rules)
    shown = [not one for one in hidden]
    assert shown == [False] * 2 + [True] * 10 + [False] * 13 + [True] * 2
    assert guard.hidden[LOW] == 1 + 8 + 1


@pytest.mark.parametrize(("show_from", "shown"), [(0.5, True), (0.6, False), (0.35, True)])
def test_the_limit_is_the_one_that_was_asked_for(show_from: float, shown: bool) -> None:
    hidden, _ = play(confident(sitting(10), 0.55), PrivacyRules(show_from=show_from))
    assert (not hidden[-1]) is shown
