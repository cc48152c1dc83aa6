"""What a command takes."""

from __future__ import annotations

import pytest

from benchmarks.measured import measured


def test_memory_and_time_are_those_of_the_command_whatever_its_parent_has() -> None:
    mine = bytearray(200 * 2**20)
    mine[::4096] = b"x" * len(mine[::4096])
    small = measured(["-c", "pass"])
    large = measured(["-c", "a = bytearray(100 * 2**20); a[::4096] = b'x' * len(a[::4096]); sum(range(5_000_000))"])
    assert small["peak"] < 60
    assert large["peak"] > small["peak"] + 90
    assert large["cpu"] > small["cpu"] > 0
    assert large["wall"] > 0


def test_a_failure_is_told() -> None:
    with pytest.raises(RuntimeError, match="no such thing"):
        measured(["-c", "raise SystemExit('no such thing')"])
