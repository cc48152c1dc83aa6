"""The benchmark of the data commands runs all of them, and tells of one that fails."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.data_factory import Rate, measure
from benchmarks.data_import import Cost
from cast_folders import write_cast
from limner.errors import DataError


@pytest.mark.slow
def test_every_command_runs(tmp_path: Path) -> None:
    rates = measure(write_cast(tmp_path / "data"), composites=3, clips=1)
    assert [rate.what.partition(",")[0] for rate in rates] == [
        "decoding every photo and mask", "check", "composite", "composite", "video", "pack", "pack",
        "prepare from the pack",
    ]  # fmt: skip
    assert all(rate.cost.seconds > 0 and rate.cost.processor > 0 for rate in rates)


def test_rates_and_failures(tmp_path: Path) -> None:
    row = Rate("check", 30, "photos", Cost(1.5, 3.0, 99.6)).row
    assert row == "| check | 1.5 | 3.0 | 20.0 | 10.0 photos | 100 |"
    with pytest.raises(DataError, match="no such file"):
        measure(tmp_path / "nowhere")
