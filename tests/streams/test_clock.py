"""The clock of a source: steady where arrivals jitter, quick where a burst comes, and never running backwards."""

from __future__ import annotations

import itertools

import pytest

from limner.streams.clock import SourceClock


def test_jitter_of_arrivals_does_not_reach_the_times() -> None:
    clock = SourceClock(paced=False)
    late = [0.0, 0.03, 0.01, 0.05, 0.0, 0.02]
    moments = [clock.moment(5 + 0.04 * i, 100 + 0.04 * i + late[i]) for i in range(6)]
    assert moments == pytest.approx([100 + 0.04 * i for i in range(6)])


def test_a_burst_moves_the_clock_to_its_newest_picture() -> None:
    clock = SourceClock(paced=False)
    burst = [clock.moment(0.04 * i, 100 + 0.001 * i) for i in range(50)]
    assert all(after > before for before, after in itertools.pairwise(burst))
    assert clock.moment(0.04 * 50, 100.049 + 0.04) == pytest.approx(100.089)


def test_whoever_waits_for_the_moment_may_be_early() -> None:
    clock = SourceClock(paced=True)
    assert clock.moment(1.0, 50.0) == 50.0
    assert clock.moment(3.0, 50.1) == 52.0


@pytest.mark.parametrize("jump", [-100.0, 100.0])
def test_times_that_jump_begin_anew(jump: float) -> None:
    clock = SourceClock(paced=False)
    clock.moment(200.0, 10.0)
    assert clock.moment(200.0 + jump, 10.5) == 10.5
    assert clock.moment(200.1 + jump, 10.7) == pytest.approx(10.6)


def test_a_source_that_fell_behind_begins_anew() -> None:
    clock = SourceClock(paced=False)
    clock.moment(0.0, 10.0)
    assert clock.moment(0.1, 12.0) == 12.0


def test_sound_follows_the_clock_of_the_picture() -> None:
    clock = SourceClock(paced=False)
    clock.moment(0.0, 10.0)
    assert clock.moment(0.5, 10.1, leads=False) == 10.5
    assert clock.moment(0.1, 10.1) == pytest.approx(10.1)
