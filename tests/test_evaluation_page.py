"""docs/evaluation.md keeps up: its Python runs, and it names every option of `limner eval` and every metric."""

from __future__ import annotations

import inspect
import re
import subprocess
import sys
from pathlib import Path

import pytest

from limner.cli import eval as command
from limner.evaluation.evaluate import METRICS, MORE_METRICS
from limner.evaluation.tables import COLUMNS

PAGE = (Path(__file__).resolve().parents[1] / "docs" / "evaluation.md").read_text(encoding="utf-8")
PYTHON = re.findall(r"^```python\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("code", PYTHON, ids=("metrics", "photos"))
def test_its_python_runs_and_says_what_is_promised(code: str, data_folder: Path, tmp_path: Path) -> None:
    (tmp_path / "photos").symlink_to(data_folder)
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    promised = re.findall(r"# ([\d.]+)", code)
    told = done.stdout.split()
    assert [number[: len(start)] for number, start in zip(told, promised, strict=False)] == promised
    assert float(told[-1]) >= 0


def test_it_names_every_metric() -> None:
    table = PAGE[PAGE.index("| metric |") : PAGE.index("Sums grow")]
    wanted = [COLUMNS[name].head for name in (*METRICS, *MORE_METRICS, "false_area", "flicker", "dtssd", "messddt")]
    assert [head for head in wanted if f"\n| {head} |" not in table] == []


def test_it_names_every_option() -> None:
    names = [name.strip("_").replace("_", "-") for name in inspect.signature(command.command).parameters]
    names = ["set" if name == "sets" else name for name in names if name != "models"]
    assert [name for name in names if f"--{name}" not in PAGE] == []
