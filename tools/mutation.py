"""How many small faults the tests notice: mutants of the files that decide what is seen, each against its tests.

    make mutation [ARGS="segment/edge media --most 40"]

Works in a copy of the tree (build/mutation/tree), one mutant after the other, at low priority and on one core. First
every test of the rooms runs once under coverage, to know which tests reach which lines. Then a mutant is run against
the tests that reach its lines, those of the file that mirrors it first, until one fails. What was found is kept in
build/mutation/results.jsonl as it comes, and the same command goes on where it was stopped; a file that has changed
since, or whose tests have, is tried anew. ``--again`` tries what survived against all tests that reach it, however
many and slow; ``--table`` prints the score.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import shutil
import signal
import sys
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from tools.mutants import Mutant, mutants  # noqa: E402
from tools.mutation_tests import Reach, measure_reach, run_tests  # noqa: E402

WORK = ROOT / "build" / "mutation"
FILES = ("segment", "media", "processing")
ROOMS = (
    *("tests/segment", "tests/media", "tests/processing", "tests/live"),
    *("tests/cli/test_image.py", "tests/cli/test_video.py", "tests/cli/test_camera.py"),
)
"""Whose tests may reach the files."""
CLOSER = ("segment/privacy/", "processing/pipeline")
"""Files that get three times the mutants: what hides people, and what keeps frames and mattes together."""


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one mutant.

    Attributes:
        file: below src/limner; ``line`` in it; ``change``: the lines before and after.
        tests: how many reach it and were run, at most; ``outcome``: killed, timeout, survived; gone where the code has
            changed since and has no such mutant any more.
        by: the first test that failed.
    """

    file: str
    line: int
    change: str
    outcome: str
    tests: int
    by: str = ""


def main(arguments: Sequence[str] | None = None) -> int:
    options = _options(arguments)
    if options.table:
        print(table(last(_kept().values())))
        return 0
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))  # so that the tests end as well
    os.nice(15)
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0)) if options.core is None else options.core})
    tree = copy_tree(WORK / "tree")
    reach = measure_reach(tree, ROOMS, WORK / "reach.json")
    kept = _kept()
    survivors = {(found["file"], found["change"]) for found in last(kept.values()) if survived(found)}
    met: set[tuple[object, object]] = set()
    with (WORK / "results.jsonl").open("a", encoding="utf-8") as record:
        for file in chosen(options.files):
            code = (tree / "src/limner" / file).read_text(encoding="utf-8")
            most = None if options.again else options.most * (3 if file.startswith(CLOSER) else 1)
            if options.again and not any(file == survivor for survivor, _ in survivors):
                continue
            for mutant in mutants(code, most=most, seed=options.seed)[0]:
                if options.again and (file, mutant.change) not in survivors:
                    continue
                met.add((file, mutant.change))
                tests = reach.tests(file, mutant.first, mutant.last, all_of_them=options.again)
                key = hashlib.sha256(f"{code}{mutant.code}{reach.fingerprint(tests)}{len(tests)}".encode()).hexdigest()
                if key[:16] in kept:
                    continue
                result = attempt(tree, file, code, mutant, tests, reach)
                record.write(json.dumps({"key": key[:16], **asdict(result)}) + "\n")
                record.flush()
                if result.outcome == "survived":
                    print(f"{file}:{result.line} survived {result.tests} tests\n{result.change}", flush=True)
        for file, change in survivors - met if options.again else ():
            if file in chosen(options.files):  # the code is another by now, and so are its mutants
                gone = Result(file, 0, change, "gone", 0)
                record.write(json.dumps({"key": f"gone {file} {change}", **asdict(gone)}) + "\n")
    return 0


def survived(result: Mapping[str, object]) -> bool:
    return result["outcome"] == "survived"


def last(results: Iterable[dict[str, object]]) -> list[dict[str, object]]:
    """The last result of each mutant that can still be made."""
    latest = {(found["file"], found["change"]): found for found in results}
    return [found for found in latest.values() if found["outcome"] != "gone"]


def attempt(tree: Path, file: str, code: str, mutant: Mutant, tests: Sequence[str], reach: Reach) -> Result:
    """Runs the tests on the mutant, and puts the file back."""
    path = tree / "src/limner" / file
    path.write_text(mutant.code, encoding="utf-8")
    try:
        outcome, by = run_tests(tree, tests, seconds=20 + 8 * reach.seconds(tests)) if tests else ("survived", "")
    finally:
        path.write_text(code, encoding="utf-8")
    return Result(file, mutant.first, mutant.change, outcome, len(tests), by)


def copy_tree(target: Path) -> Path:
    """A fresh copy of what the tests need."""
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    for name in ("src", "tests", "benchmarks", "recipes", "docs", "tools"):
        shutil.copytree(ROOT / name, target / name, ignore=shutil.ignore_patterns("__pycache__"))
    for path in [*ROOT.glob("*.toml"), *ROOT.glob("*.md")]:
        shutil.copy(path, target / path.name)
    return target


def chosen(names: Sequence[str]) -> list[str]:
    """Files below src/limner whose path begins with one of the names, the closer ones first."""
    home = ROOT / "src/limner"
    files = sorted(str(path.relative_to(home)) for path in home.rglob("*.py"))
    found = [file for file in files if file.startswith(tuple(names))]
    return sorted(found, key=lambda file: not file.startswith(CLOSER))


def table(results: Iterable[dict[str, object]]) -> str:
    """Markdown: a line a file, with what was tried and what survived, and the sum."""
    counts: dict[str, Counter[str]] = {}
    for result in results:
        counts.setdefault(str(result["file"]), Counter())[str(result["outcome"])] += 1
    lines = ["| file | mutants | noticed | survived | score |", "|---|---|---|---|---|"]
    total: Counter[str] = sum(counts.values(), Counter())
    for name, count in [*sorted(counts.items()), ("all", total)]:
        noticed = count["killed"] + count["timeout"]
        lines.append(
            f"| {name} | {count.total()} | {noticed} | {count['survived']} | {noticed / max(count.total(), 1):.0%} |"
        )
    return "\n".join(lines)


def _kept() -> dict[str, dict[str, object]]:
    path = WORK / "results.jsonl"
    lines = path.read_text(encoding="utf-8").splitlines() if path.is_file() else []
    return {str(found["key"]): found for found in map(json.loads, lines)}


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("files", nargs="*", default=FILES, help="files or folders below src/limner")
    parser.add_argument("--most", type=int, default=14, help="mutants a file; three times as many where it matters")
    parser.add_argument("--seed", type=int, default=0, help="of the draw")
    parser.add_argument("--core", type=int, help="the core to run on; otherwise the last")
    parser.add_argument(
        "--again", action="store_true", help="only what survived so far, against all tests that reach it"
    )
    parser.add_argument("--table", action="store_true", help="print what was found so far, and do nothing")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
