"""Which tests are run on a mutant, in which order, and what is made of how they end."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from tools.mutation_tests import MOST_SECONDS, MOST_TESTS, Reach

ROOT = Path(__file__).resolve().parents[2]
MIRROR, OTHER = "tests/media/test_exif.py", "tests/media/test_images.py"


def reach(lines: dict[str, list[str]], seconds: dict[str, float]) -> Reach:
    return Reach({"media/exif.py": lines}, seconds, {MIRROR: "a", OTHER: "b"})


def test_the_mirrors_tests_come_first_then_the_fastest() -> None:
    seconds = {f"{OTHER}::fast": 0.1, f"{OTHER}::slow": 2.0, f"{MIRROR}::some": 1.0, f"{MIRROR}::never": 0.1}
    made = reach({"7": [f"{OTHER}::slow", f"{MIRROR}::some"], "8": [f"{OTHER}::fast"]}, seconds)
    assert made.tests("media/exif.py", 7, 8) == [f"{MIRROR}::some", f"{OTHER}::fast", f"{OTHER}::slow"]
    assert made.tests("media/exif.py", 8, 8) == [f"{OTHER}::fast"]
    assert made.seconds([f"{OTHER}::fast", f"{OTHER}::slow"]) == pytest.approx(2.1)
    assert made.fingerprint([f"{OTHER}::fast"]) == "b"


def test_a_line_that_no_test_reaches_gets_the_mirror_and_all_of_the_file() -> None:
    made = reach({"7": [f"{OTHER}::some"]}, {f"{OTHER}::some": 1.0, f"{MIRROR}::whole": 2.0, "tests/x.py::no": 0.1})
    assert made.tests("media/exif.py", 99, 99) == [f"{MIRROR}::whole", f"{OTHER}::some"]


def test_many_tests_are_cut_short_with_three_of_each_function_first() -> None:
    seconds = {f"{OTHER}::many[{index:02}]": 0.01 for index in range(50)} | {f"{OTHER}::one": 0.5}
    made = reach({"7": list(seconds)}, seconds)
    chosen = made.tests("media/exif.py", 7, 7)
    assert len(chosen) == MOST_TESTS
    assert chosen[:4] == [*(f"{OTHER}::many[{index:02}]" for index in range(3)), f"{OTHER}::one"]
    assert len(made.tests("media/exif.py", 7, 7, all_of_them=True)) == 51
    slow = {f"{OTHER}::{name}": 0.7 * MOST_SECONDS for name in "ab"}
    assert reach({"7": list(slow)}, slow).tests("media/exif.py", 7, 7) == [f"{OTHER}::a"]


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A package of one file, with one test that reaches one of its lines."""
    home = tmp_path / "tree"
    (home / "src/limner").mkdir(parents=True)
    (home / "tests").mkdir()
    (home / "src/limner/__init__.py").write_text("")
    (home / "src/limner/sums.py").write_text("def double(x):\n    return 2 * x\n\n\ndef half(x):\n    return x / 2\n")
    (home / "tests/test_sums.py").write_text(
        "from limner.sums import double\n\ndef test_double():\n    assert double(3) == 6\n"
    )
    (home / "pyproject.toml").write_text("[tool.pytest.ini_options]\nmarkers = ['slow: slow']\n")
    return home


def in_a_process_of_its_own(tree: Path, code: str) -> subprocess.CompletedProcess[str]:
    """Runs the code as `make mutation` does: no test runner, thread or coverage of ours lives in what it forks."""
    head = "from pathlib import Path\nfrom tools.mutation_tests import measure_reach, run_tests\n"
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "COV_"))}
    return subprocess.run(
        [sys.executable, "-c", f"{head}tree = Path({str(tree)!r})\n{textwrap.dedent(code)}"],
        cwd=ROOT,
        env=environment | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=300,
    )


def test_reach_is_measured_and_mutants_are_noticed(tree: Path) -> None:
    code = """
        found = measure_reach(tree, ["tests"], tree / "reach.json")
        test, code = "tests/test_sums.py::test_double", tree / "src/limner/sums.py"
        print(found.tests("sums.py", 2, 2))
        print(run_tests(tree, [test], seconds=60))
        code.write_text(code.read_text().replace("2 * x", "2 + x"))
        print(run_tests(tree, [test], seconds=60))
        code.write_text("def double(x):\\n    while True:\\n        pass\\n")
        print(run_tests(tree, [test], seconds=3))
        code.write_text("import os\\nos._exit(7)\\n")
        print(run_tests(tree, [test], seconds=60))
    """
    done = in_a_process_of_its_own(tree, code)
    log = tree / "reach.log"
    assert done.returncode == 0, done.stderr + (log.read_text() if log.is_file() else "")
    test = "tests/test_sums.py::test_double"
    assert done.stdout.splitlines() == [
        f"['{test}']",
        "('survived', '')",
        f"('killed', '{test}')",
        "('timeout', '')",
        "('killed', 'exit 7')",
    ]


def test_tests_that_fail_as_they_are_are_told(tree: Path) -> None:
    (tree / "src/limner/sums.py").write_text("def double(x):\n    return x\n")
    done = in_a_process_of_its_own(tree, 'measure_reach(tree, ["tests"], tree / "reach.json")')
    assert done.returncode == 1
    assert re.search(r"the tests do not pass in .*; see .*reach\.log", done.stderr)
    assert "assert 3 == 6" in (tree / "reach.log").read_text()
