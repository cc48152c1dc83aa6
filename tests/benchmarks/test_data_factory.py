"""The benchmark of the data commands runs all of them, and tells of one that fails."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.data_factory import Rate, command, measure
from cast_folders import write_cast


@pytest.mark.slow
def test_every_command_runs(tmp_path: Path) -> None:
    rates = measure(write_cast(tmp_path / "data"), composites=3, clips=1)
    assert [rate.what.partition(",")[0] for rate in rates] == [
        "decoding every photo and mask", "check", "composite", "composite", "video", "pack", "pack",
        "prepare from the pack",
    ]  # fmt: skip
    assert all(rate.seconds > 0 for rate in rates)


def test_rates_and_failures(tmp_path: Path) -> None:
    assert Rate("x", 30, "photos", 1.5).per_second == 20
    with pytest.raises(RuntimeError, match=r"limner data check: .*no such folder"):
        command("check", tmp_path / "nowhere")
