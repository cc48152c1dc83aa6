"""The log of a run: a row each time, the head once, and one line where the disk is full."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from limner.errors import MediaError
from limner.training.job import Progress, Validation
from limner.training.reporting import COLUMNS, log


def progress(step: int, validation: Validation | None = None) -> Progress:
    return Progress(step, 100, step * 8, 64, 0.25, 0.003, 12.34, {"bce": 0.2, "edge": 0.05}, validation)


def test_rows_are_added_below_one_head(tmp_path: Path) -> None:
    path = tmp_path / "run" / "log.csv"
    log(path, progress(10))
    log(path, progress(20, Validation({"miou": 91.5}, 91.5, best=True)))
    with path.open(newline="", encoding="utf-8") as file:
        head, first, second = csv.reader(file)
    assert tuple(head) == COLUMNS
    assert first == ["10", "80", "64", "0.25000", "0.003000", "12.3", "bce=0.2000; edge=0.0500", "", ""]
    assert second[-2:] == ["miou=91.5000", "91.5000"]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a device that is always full")
def test_a_full_disk_is_one_line() -> None:
    with pytest.raises(MediaError, match=r"^/dev/full: cannot be written: No space left"):
        log(Path("/dev/full"), progress(10))
