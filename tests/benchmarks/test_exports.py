"""The table of exports comes from what was made."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.slow
def test_the_table_of_exports_comes_from_what_was_made(data_folder: Path) -> None:
    page = (ROOT / "docs/exports.md").read_text(encoding="utf-8")
    arguments = ["--data", str(data_folder), "--to", "openvino", "--photos", "2"]
    done = subprocess.run(
        [sys.executable, "benchmarks/exports.py", *arguments], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode in (0, 1), done.stderr
    rows = {line.split("|")[1].strip(): line for line in done.stdout.splitlines() if line.startswith("| ")}
    assert {"PyTorch", "fast.xml", "fast.fp16.xml"} <= rows.keys()
    assert rows["fast.xml"].rstrip("| ").endswith("openvino")
    assert "🔴" not in rows["fast.xml"] + rows["fast.fp16.xml"]
    assert (ROOT / "docs/exports.md").read_text(encoding="utf-8") == page
