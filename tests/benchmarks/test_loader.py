"""The loader of samples against its floor."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks import loader
from limner.datasets.mix import Mix
from limner.datasets.photo_map import prepare


def test_the_loader_is_measured_against_its_floor(data_folder: Path, tmp_path: Path) -> None:
    mix = Mix({"faces_close_up": 0.5, "rendered_people": 0.5})
    row = loader.compare("a sample", prepare(data_folder, tmp_path), mix, 32, samples=4, rounds=2)
    assert row.passed is None
    assert row.values["ratio"] == pytest.approx(row.values["milliseconds"] / row.values["floor_milliseconds"])
    assert "the floor" in row.figure
