"""Which tests reach which lines, and running some of them in a process that has its libraries loaded already."""

from __future__ import annotations

import contextlib
import hashlib
import importlib
import json
import os
import signal
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import coverage
import pytest

ROOT = Path(__file__).resolve().parents[1]
LIBRARIES = (
    "numpy",
    "cv2",
    "av",
    "onnxruntime",
    "PIL.Image",
    "onnx",
    "scipy.ndimage",
    "typer",
    "rich.progress",
    "pytest",
)
"""Loaded once, before a process is forked for each mutant; none of ours, so that each sees its mutant."""
MOST_TESTS, MOST_SECONDS = 30, 12.0
"""Of those that reach a mutant: so many, and no more than took so long, are run on it."""


class Reach:
    """What a run of all tests under coverage told.

    Args:
        lines: file below src/limner -> line -> tests that reach it.
        seconds: test -> how long it took.
        sources: file of tests -> hash of its text.
    """

    def __init__(
        self, lines: dict[str, dict[str, list[str]]], seconds: dict[str, float], sources: dict[str, str]
    ) -> None:
        self._lines, self._seconds, self._sources = lines, seconds, sources

    def tests(self, file: str, first: int, last: int, *, all_of_them: bool = False) -> list[str]:
        """The tests to run for a change in these lines: the mirror's first, then the fastest, three of a function.

        Where no test reaches the lines (they run at import, or in another process): the mirror, and all of the file.
        """
        mirror = "tests/" + str(Path(file).with_name(f"test_{Path(file).name}"))
        lines = self._lines.get(file, {})
        found = {test for line in range(first, last + 1) for test in lines.get(str(line), [])}
        if not found:
            found = {test for tests in lines.values() for test in tests}
            found |= {test for test in self._seconds if test.startswith(mirror + "::")}
        turns: dict[str, int] = {}
        ranked = []
        for test in sorted(found, key=lambda name: (self._seconds[name], name)):
            function = test.partition("[")[0]
            turns[function] = turns.get(function, 0) + 1
            ranked.append((not test.startswith(mirror), turns[function] > 3, self._seconds[test], test))
        chosen: list[str] = []
        for *_, test in sorted(ranked)[: None if all_of_them else MOST_TESTS]:
            if all_of_them or not chosen or self.seconds([*chosen, test]) < MOST_SECONDS:
                chosen.append(test)
        return chosen

    def seconds(self, tests: Sequence[str]) -> float:
        return sum(self._seconds[test] for test in tests)

    def fingerprint(self, tests: Sequence[str]) -> str:
        """Changes where one of the tests' files does."""
        return "".join(self._sources[file] for file in sorted({test.partition("::")[0] for test in tests}))


class _Watch:
    """Plugin of pytest: tells coverage which test runs, and keeps the time of each."""

    def __init__(self, watched: coverage.Coverage) -> None:
        self.watched, self.seconds = watched, dict[str, float]()

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        began = time.perf_counter()
        self.watched.switch_context(item.nodeid)
        try:
            return (yield)
        finally:
            self.watched.switch_context("")
            self.seconds[item.nodeid] = time.perf_counter() - began


def measure_reach(tree: Path, rooms: Sequence[str], kept: Path) -> Reach:
    """Runs all tests of the rooms that are not slow once, unless the answer for just this tree is kept."""
    sources = {
        str(path.relative_to(tree)): hashlib.sha256(path.read_bytes()).hexdigest()[:16]
        for path in sorted([*(tree / "src").rglob("*.py"), *(tree / "tests").rglob("*.py")])
    }
    if kept.is_file():
        told = json.loads(kept.read_text(encoding="utf-8"))
        if told["sources"] == sources:
            return Reach(told["lines"], told["seconds"], sources)
    log = kept.with_suffix(".log")
    with _forked(tree, log) as child:
        if child is None:
            lines, seconds = _watch(tree, rooms)
            kept.write_text(json.dumps({"sources": sources, "lines": lines, "seconds": seconds}), encoding="utf-8")
        elif _wait(child, seconds=3600) != 0:
            raise SystemExit(f"mutation: the tests do not pass in {tree} as they are; see {log}")
    told = json.loads(kept.read_text(encoding="utf-8"))
    return Reach(told["lines"], told["seconds"], sources)


def _watch(tree: Path, rooms: Sequence[str]) -> tuple[dict[str, dict[str, list[str]]], dict[str, float]]:
    watched = coverage.Coverage(data_file=None, source=[str(tree / "src/limner")])
    plugin = _Watch(watched)
    watched.start()
    code = pytest.main(["-q", "-m", "not slow", "-p", "no:cacheprovider", *rooms], plugins=[plugin])
    watched.stop()
    if code:
        raise SystemExit(int(code))
    data, home = watched.get_data(), tree / "src/limner"
    lines = {
        str(Path(file).relative_to(home)): {
            str(line): [name for name in names if name] for line, names in data.contexts_by_lineno(file).items()
        }
        for file in data.measured_files()
    }
    return lines, plugin.seconds


def run_tests(tree: Path, tests: Sequence[str], *, seconds: float) -> tuple[str, str]:
    """Runs the tests until one fails: (``killed``, its name), (``timeout``, "") or (``survived``, "")."""
    report = tree / "failed"
    report.unlink(missing_ok=True)
    with _forked(tree) as child:
        if child is None:
            os._exit(int(pytest.main(["-x", "-q", "-p", "no:cacheprovider", *tests], plugins=[_First(report)])))
        code = _wait(child, seconds=seconds)
    if code is None:
        return "timeout", ""
    return ("survived", "") if code == 0 else ("killed", report.read_text() if report.is_file() else f"exit {code}")


class _First:
    """Plugin of pytest: writes down which test failed first."""

    def __init__(self, report: Path) -> None:
        self._report = report

    def pytest_runtest_logreport(self, report: Any) -> None:
        if report.failed and not self._report.exists():
            self._report.write_text(report.nodeid, encoding="utf-8")


@contextlib.contextmanager
def _forked(tree: Path, log: Path = Path(os.devnull)) -> Iterator[int | None]:
    """In a child of its own session, with the tree as folder: None; in the parent: the child."""
    for name in LIBRARIES:
        importlib.import_module(name)
    child = os.fork()
    if child:
        yield child
        return
    code = 1
    try:
        os.setsid()
        os.chdir(tree)
        said = os.open(log, os.O_RDWR | os.O_CREAT | os.O_TRUNC)
        for stream in (0, 1, 2):
            os.dup2(said, stream)
        os.environ.update(PYTHONPATH=str(tree / "src"), PYTHONDONTWRITEBYTECODE="1")
        sys.stdout, sys.stderr = sys.__stdout__, sys.__stderr__
        sys.dont_write_bytecode = True
        for name, module in list(sys.modules.items()):
            ours = str(getattr(module, "__file__", None) or "").startswith(f"{ROOT}/")
            if ours and name != "__main__" and not name.startswith("tools"):
                del sys.modules[name]
        elsewhere = {str(ROOT), ""}
        sys.path[:] = [str(tree / "src"), *(path for path in sys.path if path not in elsewhere and path[-4:] != "/src")]
        yield None
        code = 0
    finally:
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
        os._exit(code)


def _wait(child: int, *, seconds: float) -> int | None:
    """The child's exit code, or None where it took too long; whatever it started ends with it."""
    until = time.monotonic() + seconds
    try:
        done, status = os.waitpid(child, os.WNOHANG)
        while not done and time.monotonic() < until:
            time.sleep(0.05)
            done, status = os.waitpid(child, os.WNOHANG)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child, signal.SIGKILL)
    if not done:
        os.waitpid(child, 0)
        return None
    return os.waitstatus_to_exitcode(status)
