"""Our parsers stand bytes that nobody thought of, and the tool notices one that does not."""

from __future__ import annotations

import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from tools.fuzz import ROOT, TARGETS, main, survives

# Not imported: the fuzzer's library would then be in every process that collects tests.
pytestmark = pytest.mark.skipif(find_spec("atheris") is None, reason="needs atheris")

PLANTED = """
from pathlib import Path
from tools.fuzz import Target, fuzz

def load():
    def parse(data):
        if data[:2] == b"ab":
            {fault}
    return parse

fuzz(Target(load, lambda: [b"ac", b"ab"]), Path({out!r}), 20)
"""


@pytest.mark.slow
@pytest.mark.parametrize("name", TARGETS)
def test_a_parser_survives(name: str, tmp_path: Path) -> None:
    assert survives(name, tmp_path, 6), (tmp_path / name / "said.txt").read_text("utf-8", "replace")[-3000:]
    runs = (tmp_path / name / "said.txt").read_text("utf-8", "replace")
    assert int(runs.rpartition("Done ")[2].split()[0]) > 100


@pytest.mark.slow
@pytest.mark.parametrize(
    ("fault", "code", "kept"),
    [
        ('raise KeyError("planted")', 77, ["crash"]),
        ("from limner.errors import ModelError; raise ModelError('one line')", 0, []),
        ("from limner.errors import ModelError; raise ModelError('one line\\nand another')", 77, ["crash"]),
    ],
)
def test_only_errors_of_one_line_are_allowed(fault: str, code: int, kept: list[str], tmp_path: Path) -> None:
    script = PLANTED.format(fault=fault.replace("{", "{{"), out=str(tmp_path))
    script = script.replace(", 20)", ", 4)") if code == 0 else script
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, check=False, timeout=120)
    assert done.returncode == code, done.stderr[-2000:]
    assert [path.name.partition("-")[0] for path in tmp_path.iterdir()] == kept


def test_a_target_that_is_none(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["picture"])
    assert ended.value.code == 2
    assert "there is no target 'picture'; the targets are image, exif" in capsys.readouterr().err
