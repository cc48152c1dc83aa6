"""Two checkouts beside each other: what is timed, and what is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks import compare
from benchmarks.table import ROOT


def test_a_checkout_is_as_fast_as_itself(tmp_path: Path) -> None:
    case = compare.Case("nothing", lambda work, out: ["-c", "sum(range(3_000_000))"])
    (row,) = compare.measure(ROOT, ROOT, tmp_path, rounds=1, cases=(case,))
    assert row.values["before"] > 0
    assert row.values["ratio"] == pytest.approx(row.values["after"] / row.values["before"])
    assert row.passed is (row.values["ratio"] <= compare.SLOWER)


def test_each_side_runs_its_own_code(tmp_path: Path) -> None:
    for name, work in (("before", "pass"), ("after", "sum(range(20_000_000))")):
        (tmp_path / name / "src").mkdir(parents=True)
        (tmp_path / name / "src" / "subject.py").write_text(work)
    case = compare.Case("a module", lambda work, out: ["-c", "import subject"])
    (row,) = compare.measure(tmp_path / "before", tmp_path / "after", tmp_path, rounds=1, cases=(case,))
    assert row.values["ratio"] > compare.SLOWER
    assert row.passed is False


def test_a_command_that_fails_is_told(tmp_path: Path) -> None:
    case = compare.Case("broken", lambda work, out: ["-c", "raise SystemExit('no such thing')"])
    with pytest.raises(RuntimeError, match=r"broken failed .* no such thing"):
        compare.measure(ROOT, ROOT, tmp_path, rounds=1, cases=(case,))


def test_what_is_neither_folder_nor_revision_is_one_line() -> None:
    with pytest.raises(SystemExit, match="nowhere"), compare.checkout("nowhere"):
        pass


def test_every_case_is_a_command_of_this_checkout(tmp_path: Path) -> None:
    words = [case.arguments(tmp_path, _made(tmp_path / str(index))) for index, case in enumerate(compare.CASES[:3])]
    assert words == [["-c", "import limner"], ["-m", "limner", "--help"], ["-m", "limner", "models"]]
    assert len({case.name for case in compare.CASES}) == len(compare.CASES)


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder
