"""The pipeline: order, bounded memory, the first error wins, and nothing runs on after it."""

from __future__ import annotations

import threading
import time
import weakref
from collections.abc import Callable, Iterator
from fractions import Fraction

import numpy as np
import pytest

from limner.effects.base import Effect
from limner.errors import OptionError
from limner.frame import Frame, TimedFrame
from limner.matte import Matte
from limner.processing.pipeline import PipelineStats, run_pipeline
from limner.segment.base import MatteStream


def source(count: int) -> Iterator[TimedFrame]:
    for index in range(count):
        yield TimedFrame(np.full((4, 6, 3), index % 256, np.uint8), Fraction(index, 25))


def everybody(frame: Frame) -> Matte:
    return Matte(np.ones(frame.shape[:2], np.float32))


class Clock(Effect):
    """Writes the time it was told into the picture."""

    name = "clock"

    def __init__(self) -> None:
        self.time = Fraction(-1)

    def at(self, time: Fraction) -> None:
        self.time = time

    def __call__(self, frame: Frame, matte: Matte) -> Frame:
        made = frame.copy()
        made[..., 1] = int(self.time * 25) % 256
        return made


def own_threads() -> list[str]:
    return [t.name for t in threading.enumerate() if t.name.startswith("limner-")]


@pytest.mark.parametrize("depth", [1, 2, 7])
def test_every_frame_arrives_in_order_with_its_own_time(depth: int) -> None:
    out: list[TimedFrame] = []
    seen: list[TimedFrame] = []
    stats = run_pipeline(
        source(300), segment=everybody, effect=Clock(), sink=out.append, depth=depth, on_frame=seen.append
    )
    assert [f.time for f in out] == [Fraction(i, 25) for i in range(300)]
    assert all(f.pixels[0, 0, 0] == f.pixels[0, 0, 1] == i % 256 for i, f in enumerate(out))
    assert len(seen) == stats.frames == 300
    assert all(one is other for one, other in zip(seen, out, strict=True))
    assert set(stats.milliseconds) == {"decode", "segment", "effect", "encode"}
    assert all(value > 0 for value in stats.milliseconds.values())
    assert own_threads() == []


@pytest.mark.parametrize("in_flight", [1, 4])
def test_frames_that_moved_on_are_let_go(in_flight: int) -> None:
    decoded: list[weakref.ref[np.ndarray]] = []
    mattes: list[weakref.ref[np.ndarray]] = []

    def frames() -> Iterator[TimedFrame]:
        for index in range(40):
            pixels = np.zeros((4, 6, 3), np.uint8)
            decoded.append(weakref.ref(pixels))
            yield TimedFrame(pixels, Fraction(index, 25))
            del pixels

    def segment(frame: Frame) -> Matte:
        matte = everybody(frame)
        mattes.append(weakref.ref(matte.alpha))
        return matte

    def sink(frame: TimedFrame) -> None:
        time.sleep(0.01)  # the others run into it
        for kind, counts in ((decoded, alive[0]), (mattes, alive[1])):
            counts.append(sum(reference() is not None for reference in list(kind)))

    alive: tuple[list[int], list[int]] = [], []
    run_pipeline(frames(), segment=segment, effect=Clock(), sink=sink, depth=1, in_flight=in_flight)
    # Those that became this frame are gone, whatever came after is under way, and the source holds its last one.
    assert max(alive[0]) <= in_flight
    assert max(alive[1]) <= in_flight - 1


class Slow(Effect):
    """Takes a while."""

    name = "slow"

    def __call__(self, frame: Frame, matte: Matte) -> Frame:
        time.sleep(0.004)
        return frame.copy()


class SlowAhead:
    """A stream that works ahead, and at its own time."""

    delay = 0

    def ahead(self, frame: Frame) -> None:
        time.sleep(0.002)

    def push(self, frame: Frame, tag: object = None) -> list[tuple[object, Frame, Matte]]:
        time.sleep(0.003)
        return [(tag, frame, everybody(frame))]

    def flush(self) -> list[tuple[object, Frame, Matte]]:
        return []

    def reset(self) -> None:
        return None


def test_the_time_of_each_stage_adds_up() -> None:
    def slow_source() -> Iterator[TimedFrame]:
        for frame in source(10):
            time.sleep(0.001)
            yield frame

    stats = run_pipeline(slow_source(), segment=SlowAhead(), effect=Slow(), sink=lambda _: time.sleep(0.005))
    least = {"decode": 0.010, "segment": 0.030, "effect": 0.040, "encode": 0.050}
    assert {stage for stage, seconds in least.items() if not seconds <= stats.busy[stage] <= stats.seconds} == set()
    assert 0.020 <= stats.ahead <= stats.busy["decode"] + stats.seconds
    assert stats.spent == stats.busy | {"segment": stats.busy["segment"] + stats.ahead}
    assert stats.milliseconds["encode"] == pytest.approx(stats.busy["encode"] * 1000 / 10)
    assert stats.fps == pytest.approx(10 / stats.seconds)
    assert PipelineStats().fps == 0
    assert PipelineStats().milliseconds == dict.fromkeys(least, 0.0)


def test_the_clips_own_transparency_counts_with_the_matte() -> None:
    """What is transparent is nobody: an effect that keeps people gets a matte without it."""
    given: list[Matte] = []

    class Watching(Slow):
        def __call__(self, frame: Frame, matte: Matte) -> Frame:
            given.append(matte)
            return frame

    alpha = np.full((4, 6), 255, np.uint8)
    alpha[:, :3] = 0
    frames = [TimedFrame(np.zeros((4, 6, 3), np.uint8), Fraction(0), None, alpha)]
    run_pipeline(frames, segment=everybody, effect=Watching(), sink=lambda _: None)
    np.testing.assert_array_equal(given[0].alpha, alpha / np.float32(255))


def test_without_an_effect_frames_pass_untouched() -> None:
    frames, out = list(source(5)), []
    run_pipeline(frames, segment=None, effect=None, sink=out.append)
    assert all(a is b for a, b in zip(frames, out, strict=True))


def test_no_frame_is_no_error() -> None:
    assert run_pipeline([], segment=everybody, effect=Clock(), sink=lambda _: None).frames == 0


def run_counted(segment: Callable[[Frame], Matte] | MatteStream, **bounds: int) -> tuple[int, int]:
    """Frames that reached a slow sink out of 200, and the most that existed at once."""
    made = taken = most = 0

    def counted() -> Iterator[TimedFrame]:
        nonlocal made, most
        for frame in source(200):
            made += 1
            most = max(most, made - taken)
            yield frame

    def slow(frame: TimedFrame) -> None:
        nonlocal taken
        threading.Event().wait(0.001)
        taken += 1

    run_pipeline(counted(), segment=segment, effect=Clock(), sink=slow, **bounds)
    return taken, most


@pytest.mark.parametrize("depth", [1, 3])
def test_only_a_bounded_number_of_frames_exists_at_once(depth: int) -> None:
    taken, most = run_counted(everybody, depth=depth)
    assert taken == 200
    assert most <= 3 * depth + 4


@pytest.mark.parametrize("depth", [1, 3])
def test_work_ahead_keeps_the_order_and_the_bound(depth: int) -> None:
    shown: list[int] = []
    pushed: list[int] = []

    class Early:
        delay = 0

        def ahead(self, frame: Frame) -> None:
            shown.append(int(frame[0, 0, 0]))

        def push(self, frame: Frame, tag: object = None) -> list[tuple[object, Frame, Matte]]:
            pushed.append(int(frame[0, 0, 0]))
            assert shown[: len(pushed)] == pushed
            return [(tag, frame, everybody(frame))]

        def flush(self) -> list[tuple[object, Frame, Matte]]:
            return []

        def reset(self) -> None:
            return None

    taken, most = run_counted(Early(), depth=depth)
    assert taken == len(shown) == len(pushed) == 200
    assert most <= 3 * depth + 4


class TwoLater:
    """A stream that holds two frames back; each matte is as bright as its frame."""

    delay = 2

    def __init__(self) -> None:
        self.waiting: list[tuple[object, Frame, Matte]] = []

    def push(self, frame: Frame, tag: object = None) -> list[tuple[object, Frame, Matte]]:
        self.waiting.append((tag, frame, Matte(np.full(frame.shape[:2], frame[0, 0, 0] / 255, np.float32))))
        return [self.waiting.pop(0)] if len(self.waiting) > self.delay else []

    def flush(self) -> list[tuple[object, Frame, Matte]]:
        done, self.waiting = self.waiting, []
        return done

    def reset(self) -> None:
        self.waiting = []


@pytest.mark.parametrize("count", [0, 1, 2, 90])
def test_a_stream_may_hold_frames_back_and_none_is_lost(count: int) -> None:
    class Both(Clock):
        def __call__(self, frame: Frame, matte: Matte) -> Frame:
            made = super().__call__(frame, matte)
            made[..., 2] = np.rint(255 * matte.alpha)
            return made

    out: list[TimedFrame] = []
    stats = run_pipeline(source(count), segment=TwoLater(), effect=Both(), sink=out.append)
    assert stats.frames == count
    assert [f.time for f in out] == [Fraction(i, 25) for i in range(count)]
    assert [f.pixels[0, 0].tolist() for f in out] == [[i, i, i] for i in range(count)]


class BrokenError(Exception):
    pass


@pytest.mark.parametrize("stage", ["decode", "segment", "effect", "encode"])
@pytest.mark.parametrize("kind", [BrokenError, KeyboardInterrupt, SystemExit])
def test_an_error_in_any_stage_stops_all_and_is_raised(stage: str, kind: type[BaseException]) -> None:
    def broken_source() -> Iterator[TimedFrame]:
        for index, frame in enumerate(source(10_000_000)):
            if stage == "decode" and index == 9:
                raise kind(stage)
            yield frame

    calls = {"segment": 0, "effect": 0, "encode": 0}

    def count(name: str) -> None:
        calls[name] += 1
        if stage == name and calls[name] == 5:
            raise kind(stage)

    def segment(frame: Frame) -> Matte:
        count("segment")
        return everybody(frame)

    class Breaks(Clock):
        def __call__(self, frame: Frame, matte: Matte) -> Frame:
            count("effect")
            return frame

    with pytest.raises(kind, match=stage):
        run_pipeline(broken_source(), segment=segment, effect=Breaks(), sink=lambda _: count("encode"))
    assert own_threads() == []


@pytest.mark.parametrize("in_flight", [1, 2])
def test_live_use_asks_for_a_frame_only_when_few_are_under_way(in_flight: int) -> None:
    taken, most = run_counted(everybody, in_flight=in_flight)
    assert taken == 200
    assert most <= in_flight


def test_idle_is_called_while_nothing_comes_and_in_the_sinks_thread() -> None:
    go, calls, threads = threading.Event(), 0, set()

    def waiting() -> Iterator[TimedFrame]:
        for index, frame in enumerate(source(6)):
            if index == 3:
                go.wait(30)
            yield frame

    def idle() -> None:
        nonlocal calls
        calls += 1
        threads.add(threading.current_thread())
        if calls == 5:
            go.set()

    stats = PipelineStats()
    run_pipeline(
        waiting(), segment=everybody, effect=Clock(), sink=lambda _: None, idle=idle, idle_every=0.005, stats=stats
    )
    assert stats.frames == 6
    assert calls >= 5
    assert threads == {threading.current_thread()}


def test_a_stage_that_hangs_is_left_behind_where_that_was_asked_for() -> None:
    stuck = threading.Event()

    def hangs(frame: Frame) -> Matte:
        stuck.wait(30)
        return everybody(frame)

    def enough() -> None:
        raise BrokenError("enough")

    with pytest.raises(BrokenError):
        run_pipeline(
            source(9), segment=hangs, effect=Clock(), sink=lambda _: None, idle=enough, idle_every=0.01, patience=0.05
        )
    assert "limner-segment" in own_threads()
    stuck.set()


def test_a_segmenter_without_an_effect_is_a_bug() -> None:
    with pytest.raises(OptionError, match="effect needs segment, and segment an effect"):
        run_pipeline([], segment=everybody, effect=None, sink=lambda _: None)
    with pytest.raises(OptionError, match="at least 1"):
        run_pipeline([], segment=None, effect=None, sink=lambda _: None, depth=0)
