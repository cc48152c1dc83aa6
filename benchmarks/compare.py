"""Whether anything became slower: the commands of two checkouts in turns, in one run.

    python -m benchmarks.compare BEFORE [--after AFTER] [--rounds 5] [--only photo,batch] [--markdown PAGE]

BEFORE and AFTER are folders of checkouts or revisions of this one; AFTER is this checkout by default. Each command runs
as a process of its own, and its processor time counts, since the machine may have other work. The order changes from
round to round. The figure is the median of the rounds' ratios; more than 1.03 is slower.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from benchmarks import inputs
from benchmarks.table import ROOT, Row, Surroundings, as_section, as_text, write_section
from limner import samples

SLOWER = 1.03
TITLE = "Nothing slower"


@dataclass(frozen=True, slots=True)
class Case:
    """A command to time: what follows ``python``, given the inputs' folder and one for results."""

    name: str
    arguments: Callable[[Path, Path], list[str]]


def _limner(*arguments: str) -> list[str]:
    return ["-m", "limner", *arguments]


def _photos(effect: str, suffix: str) -> Callable[[Path, Path], list[str]]:
    return lambda work, out: _limner(
        "image", str(inputs.photo(work)), "-o", str(out / f"a{suffix}"), "--effect", effect
    )


def _video(effect: str, *more: str) -> Callable[[Path, Path], list[str]]:
    return lambda work, out: _limner(
        "video", str(inputs.clip(work, 2, grain=False)), "-o", str(out / "a.mp4"), "--effect", effect, *more
    )


def _copies(photo: Path, count: int, out: Path) -> list[str]:
    """`limner image` on a folder of as many photos as that."""
    folder = out / "photos"
    folder.mkdir()
    for index in range(count):
        shutil.copy(photo, folder / f"{index}.jpg")
    return _limner("image", str(folder), "-o", str(out / "results"), "--effect", "blur")


BEHIND = str(samples.BACKGROUND)
CASES = (
    Case("import limner", lambda work, out: ["-c", "import limner"]),
    Case("limner --help", lambda work, out: _limner("--help")),
    Case("limner models", lambda work, out: _limner("models")),
    Case("a 1080p photo, blur", _photos("blur", ".jpg")),
    Case("a 1080p photo, replace", _photos(f"replace:{BEHIND}", ".jpg")),
    Case("a 1080p photo, cutout to PNG", _photos("cutout", ".png")),
    Case("a 1080p photo, bokeh", _photos("bokeh", ".jpg")),
    Case("six 12-megapixel photos, blur", lambda work, out: _copies(inputs.large_photo(work), 6, out)),
    Case("40 photos of 720×900, blur", lambda work, out: _copies(samples.PORTRAIT, 40, out)),
    Case("2 s of 1080p video, blur", _video("blur")),
    Case("2 s of 1080p video, blur, preset ultrafast", _video("blur", "--preset", "ultrafast")),
    Case("2 s of 1080p video, replace, preset ultrafast", _video(f"replace:{BEHIND}", "--preset", "ultrafast")),
    Case("2 s of 1080p video, blur, temporal off, preset ultrafast",
         _video("blur", "--temporal", "off", "--preset", "ultrafast")),
    Case("120 frames of a 720p camera, blur",
         lambda work, out: ["-m", "benchmarks.live_limner", str(inputs.camera_clip(work)), "120", "0", "null"]),
)  # fmt: skip


def measure(before: Path, after: Path, work: Path, *, rounds: int, cases: tuple[Case, ...] = CASES) -> list[Row]:
    """One row a case: processor time after by that before, and wall-clock time beside it."""
    work.mkdir(parents=True, exist_ok=True)
    rows = []
    for case in cases:
        print(f"{case.name} ...", end="", file=sys.stderr, flush=True)
        pairs: list[tuple[tuple[float, float], tuple[float, float]]] = []
        for turn in range(rounds + 1):
            trees = (before, after) if turn % 2 else (after, before)
            seconds = {tree: _seconds(case, tree, work) for tree in trees}
            if turn:  # the first round fills caches
                pairs.append((seconds[before], seconds[after]))
        ratio, wall = (median(new[kind] / old[kind] for old, new in pairs) for kind in (0, 1))
        old, new = (median(pair[side][0] for pair in pairs) for side in (0, 1))
        print(f" {ratio:.2f}×", file=sys.stderr)
        rows.append(
            Row(
                what=case.name,
                target=f"≤ {SLOWER}×",
                figure=f"{ratio:.2f}× ({new:.2f} s, before {old:.2f} s)",
                passed=ratio <= SLOWER,
                detail=f"wall-clock time {wall:.2f}×",
                values={"ratio": ratio, "before": old, "after": new, "wall_ratio": wall},
            )
        )
    return rows


def _seconds(case: Case, tree: Path, work: Path) -> tuple[float, float]:
    """Processor time of a command and all its threads, and wall-clock time."""
    with tempfile.TemporaryDirectory() as name:
        command = [sys.executable, *case.arguments(work, Path(name))]
        paths = os.pathsep.join((str(tree / "src"), str(tree)))
        began = time.perf_counter()
        process = subprocess.Popen(
            command, cwd=name, env=os.environ | {"PYTHONPATH": paths}, stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        assert process.stderr is not None
        told = process.stderr.read()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            raise RuntimeError(f"{case.name} failed in {tree}: {(told.strip().splitlines() or ['no message'])[-1]}")
        return usage.ru_utime + usage.ru_stime, time.perf_counter() - began


@contextmanager
def checkout(of: str) -> Iterator[Path]:
    """A folder as it is, or a revision of this repository checked out for a while."""
    if Path(of).is_dir():
        yield Path(of).resolve()
        return
    with tempfile.TemporaryDirectory() as name:
        tree = Path(name) / "tree"
        _git("worktree", "add", "--detach", str(tree), of)
        try:
            yield tree
        finally:
            _git("worktree", "remove", "--force", str(tree))


def _git(*arguments: str) -> None:
    done = subprocess.run(["git", "-C", str(ROOT), *arguments], capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit((done.stderr.strip().splitlines() or ["git failed"])[-1])


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("before", help="folder or revision")
    parser.add_argument("--after", default=str(ROOT), help="folder or revision; this checkout by default")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", default="", help="cases that have one of these words in their names")
    parser.add_argument("--work", type=Path, default=ROOT / "build" / "bench", help="where inputs go")
    parser.add_argument("--markdown", type=Path, help="also write the section of this page")
    options = parser.parse_args()
    words = [word for word in options.only.split(",") if word]
    cases = tuple(case for case in CASES if not words or any(word in case.name for word in words))
    if not cases or options.rounds < 1:
        parser.error("--only and --rounds leave nothing to measure")
    place = Surroundings.here()
    with ExitStack() as stack:
        trees = [stack.enter_context(checkout(of)) for of in (options.before, options.after)]
        rows = measure(trees[0], trees[1], options.work, rounds=options.rounds, cases=cases)
    print(as_text(rows, place))
    if options.markdown:
        command = f"python -m benchmarks.compare {options.before}"
        write_section(options.markdown, TITLE, as_section(TITLE, command, rows, place))
    return 0 if all(row.passed for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
