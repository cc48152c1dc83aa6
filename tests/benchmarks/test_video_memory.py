"""The memory of a video beside PyAV's."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks import video_memory
from limner import samples


def test_both_peaks_are_of_whole_processes(tmp_path: Path) -> None:
    row = video_memory.measure(samples.CLIP, tmp_path, rounds=1)
    assert row.values["ratio"] == pytest.approx(row.values["mib"] / row.values["pyav_mib"])
    assert row.values["mib"] > row.values["pyav_mib"] > 20


def test_a_failure_is_told(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match=r"none\.mp4"):
        video_memory.measure(tmp_path / "none.mp4", tmp_path, rounds=1)
