"""Batches that are killed twice, with few photos."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.batch import make_photos
from benchmarks.batch_kills import digests, endure


@pytest.mark.slow
def test_a_batch_that_is_killed_twice_loses_nothing(tmp_path: Path) -> None:
    make_photos(tmp_path / "in", 160)
    found = endure(str(tmp_path / "in"), tmp_path / "out", 160, "local", {})
    assert (found.results, found.again, found.failed) == (160, 0, 0)
    assert 0 < found.kept[0] <= found.kept[1] == found.already < 160
    assert len(digests(tmp_path / "out")) == 160
