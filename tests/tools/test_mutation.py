"""The run over all files: which come first, what is kept of a mutant, and the score."""

from __future__ import annotations

from pathlib import Path

import pytest

from tools import mutation
from tools.mutants import Mutant
from tools.mutation_tests import Reach


def test_what_hides_people_comes_first() -> None:
    files = mutation.chosen(["segment", "media", "processing"])
    assert files[:3] == ["processing/pipeline.py", "segment/privacy/__init__.py", "segment/privacy/guard.py"]
    assert "media/images.py" in files
    assert "effects/blur.py" not in files
    assert mutation.chosen(["segment/edge"]) == ["segment/edge.py"]


@pytest.mark.parametrize(("tests", "outcome"), [(["t"], "killed"), ([], "survived")])
def test_a_file_is_put_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tests: list[str], outcome: str) -> None:
    path = tmp_path / "src/limner/a.py"
    path.parent.mkdir(parents=True)
    path.write_text("right")
    seen = []

    def run_tests(tree: Path, tests: list[str], *, seconds: float) -> tuple[str, str]:
        seen.append((path.read_text(), tests, seconds))
        return "killed", "t"

    monkeypatch.setattr(mutation, "run_tests", run_tests)
    result = mutation.attempt(
        tmp_path, "a.py", "right", Mutant(3, 4, "- a\n+ b", "wrong"), tests, Reach({}, {"t": 2.0}, {})
    )
    assert path.read_text() == "right"
    assert seen == ([("wrong", ["t"], 36.0)] if tests else [])
    assert (result.file, result.line, result.outcome, result.tests) == ("a.py", 3, outcome, len(tests))


def found(file: str, outcome: str, change: str = "c") -> dict[str, object]:
    return {"file": file, "line": 1, "change": change, "outcome": outcome}


def test_the_score_counts_the_last_result_of_each() -> None:
    results = [
        found("b.py", "survived"),
        found("b.py", "survived", "d"),
        found("a.py", "timeout"),
        found("b.py", "killed"),
    ]
    results += [found("c.py", "survived"), found("c.py", "gone")]
    assert mutation.table(mutation.last(results)).splitlines()[2:] == [
        "| a.py | 1 | 1 | 0 | 100% |",
        "| b.py | 2 | 1 | 1 | 50% |",
        "| all | 3 | 2 | 1 | 67% |",
    ]


def test_the_copy_has_what_tests_need_and_no_caches(tmp_path: Path) -> None:
    tree = mutation.copy_tree(tmp_path / "tree")
    assert (tree / "src/limner/segment/edge.py").read_text() == (
        mutation.ROOT / "src/limner/segment/edge.py"
    ).read_text()
    assert (tree / "pyproject.toml").is_file()
    assert list(tree.rglob("__pycache__")) == []
