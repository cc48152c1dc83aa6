"""The benchmark as a command: wrong options are refused, and a group runs and prints."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [(["--only", "speed"], "speed"), (["--data", "nowhere"], "manifest.csv")],
)
def test_wrong_options_are_refused(arguments: list[str], told: str) -> None:
    done = subprocess.run(
        [sys.executable, "benchmarks/run.py", *arguments], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert told in done.stderr


@pytest.mark.slow
def test_a_group_runs_and_prints(tmp_path: Path) -> None:
    arguments = ["--only", "start", "--json", "--work", str(tmp_path), "--markdown", str(tmp_path / "page.md")]
    done = subprocess.run(
        [sys.executable, "benchmarks/run.py", *arguments], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode in (0, 1), done.stderr
    rows = json.loads(done.stdout)["rows"]
    assert [row["figure"] for row in rows if "s" not in row["figure"]] == []
    assert len(rows) == 3
    assert "| what |" in (tmp_path / "page.md").read_text(encoding="utf-8")
