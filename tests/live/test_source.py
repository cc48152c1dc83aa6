"""The newest frame of a camera: dropped ones counted, lost cameras opened again, none given that is stale."""

from __future__ import annotations

import time
from collections.abc import Callable
from itertools import islice

import numpy as np
import pytest

from limner.errors import MediaError
from limner.live.source import LatestFrames
from live_parts import Scripted, lost, scene, scenes


def until(condition: Callable[[], bool], seconds: float = 20.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def test_every_frame_comes_where_that_is_asked_for() -> None:
    frames = LatestFrames(lambda: Scripted(scenes(30), rate=2000), every_frame=True)
    got = list(frames)
    assert [np.array_equal(frame.pixels, scene(i)) for i, frame in enumerate(got)] == [True] * 30
    assert (frames.frames, frames.dropped, frames.state) == (30, 0, "ended")
    assert sorted(frame.time for frame in got) == [frame.time for frame in got]


def test_only_the_newest_waits_and_the_others_are_counted() -> None:
    frames = LatestFrames(lambda: Scripted(scenes(40)))
    until(lambda: frames.state == "ended")
    got = list(frames)
    assert len(got) == 1
    assert np.array_equal(got[0].pixels, scene(39))
    assert frames.dropped == 39


def test_a_lost_camera_is_opened_again_and_again_and_nothing_stale_is_given() -> None:
    tries: list[int] = []
    told: list[str] = []

    def connect() -> Scripted:
        tries.append(1)
        if len(tries) in (2, 3):
            raise MediaError("scripted: no such camera")
        return Scripted([*scenes(10), lost()] if len(tries) == 1 else scenes(10))

    frames = LatestFrames(connect, retry=(0.01, 0.02), on_change=lambda state, fault: told.append(state))
    got = list(frames)
    assert len(tries) == 4
    assert frames.losses == 1
    assert told[0] == "lost"
    assert told[-2:] == ["running", "ended"]
    assert len(got) >= 2


def test_a_driver_error_is_a_loss_not_a_crash() -> None:
    cameras = iter([Scripted([*scenes(3), RuntimeError("ioctl")]), Scripted(scenes(3))])
    frames = LatestFrames(lambda: next(cameras), retry=(0.01, 0.02))
    list(frames)
    assert (frames.losses, frames.state) == (1, "ended")


def test_the_first_error_reaches_the_caller() -> None:
    def none() -> Scripted:
        raise MediaError("there is no camera")

    with pytest.raises(MediaError, match="no camera"):
        LatestFrames(none)


def test_pausing_gives_nothing_and_counts_nothing() -> None:
    frames = LatestFrames(lambda: Scripted(scenes(10_000)))
    list(islice(frames, 2))
    frames.pause(True)
    dropped = frames.dropped
    time.sleep(0.1)
    assert frames.dropped == dropped
    frames.pause(False)
    assert len(list(islice(frames, 1))) == 1
    frames.stop()
    assert list(frames) == []


def test_suspending_lets_the_camera_go() -> None:
    cameras: list[Scripted] = []

    def connect() -> Scripted:
        cameras.append(Scripted(scenes(100_000)))
        return cameras[-1]

    frames = LatestFrames(connect)
    list(islice(frames, 1))
    frames.suspend(True)
    until(lambda: frames.state == "suspended")
    assert cameras[0].closed
    frames.suspend(False)
    assert len(list(islice(frames, 2))) == 2
    assert (len(cameras), frames.losses) == (2, 0)
    frames.stop()
    assert cameras[1].closed
