"""What moving data costs: seven small nets and a whole one, computing and copies timed apart, beside a bare memcpy."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.io_nets import Experiment, small_nets, whole_nets
from benchmarks.io_page import chart, section
from benchmarks.io_runners import RUNTIMES, Runner, make_runner
from benchmarks.table import ROOT, Surroundings, write_section
from limner.errors import LimnerError
from limner.whole_file import whole_text

TITLE = "Measured"
PAGE, CHART = ROOT / "docs" / "moving-data.md", ROOT / "docs" / "images" / "moving_data.svg"


@dataclass(frozen=True, slots=True, kw_only=True)
class Times:
    """One net in one runtime: medians in microseconds, and bytes.

    Attributes:
        hand_over: until the input was the runtime's.
        compute: until the output was computed.
        read_back: until the output was an array of the caller's.
        to_mask: until that was a mask of one bool a pixel.
        floor_in, floor_out: a memcpy of as many bytes, in the same rounds.
    """

    runtime: str
    name: str
    hand_over: float
    compute: float
    read_back: float
    to_mask: float
    floor_in: float
    floor_out: float
    bytes_in: int
    bytes_out: int

    @property
    def total(self) -> float:
        return self.hand_over + self.compute + self.read_back + self.to_mask


def study(
    experiments: Sequence[Experiment], runtimes: Sequence[str], folder: Path, *, rounds: int
) -> tuple[list[Times], dict[str, str]]:
    """Times of every net in every runtime, in rounds that take turns; and why some are missing, by what is."""
    rng = np.random.default_rng(0)
    runners: dict[tuple[str, str], Runner] = {}
    missing: dict[str, str] = {}
    for runtime in runtimes:
        for experiment in experiments:
            image = rng.random((1, 3, *experiment.size), np.float32)
            try:
                runners[runtime, experiment.name] = make_runner(experiment, runtime, image, folder)
            except LimnerError as error:
                why = str(error).replace(f"{folder}/", "")
                if experiment is experiments[0]:  # nothing of it runs here
                    missing[runtime] = why
                    break
                missing[f"{runtime}, {experiment.name}"] = why
    laps: dict[tuple[str, str], list[list[float]]] = {key: [] for key in runners}
    for turn in range(rounds + 1):
        for key, runner in runners.items():
            runner.run(runner.image, [])
            times = _once(runner)
            if turn:  # the first round warms up
                laps[key].append(times)
    return [_times(key, runners[key], rows) for key, rows in laps.items()], missing


def _once(runner: Runner) -> list[float]:
    """Seconds of each step, and of a memcpy of input and output."""
    marks = [time.perf_counter()]
    output = runner.run(runner.image, marks)
    before = time.perf_counter()
    runner.to_mask(output)
    after = time.perf_counter()
    steps = [late - early for early, late in pairwise(marks)]
    return [*steps, after - before, _memcpy(runner.image), _memcpy(output)]


def _memcpy(array: NDArray[Any]) -> float:
    source = np.ascontiguousarray(array).copy()
    target = np.empty_like(source)
    target.fill(0)  # its pages are there
    began = time.perf_counter()
    np.copyto(target, source)
    return time.perf_counter() - began


def _times(key: tuple[str, str], runner: Runner, rows: Sequence[Sequence[float]]) -> Times:
    columns = [1e6 * median(column) for column in zip(*rows, strict=True)]
    return Times(
        runtime=key[0],
        name=key[1],
        hand_over=columns[0],
        compute=columns[1],
        read_back=columns[2],
        to_mask=columns[3],
        floor_in=columns[4],
        floor_out=columns[5],
        bytes_in=runner.image.nbytes,
        bytes_out=runner.run(runner.image, []).nbytes,
    )


def main() -> int:
    options = _options()
    place = Surroundings.here()
    experiments = small_nets() + ([] if options.small_only else whole_nets("fast"))
    times, missing = study(experiments, options.runtimes, options.work, rounds=options.rounds)
    for name, why in missing.items():
        print(f"{name}: not measured: {why}", file=sys.stderr)
    if not times:
        print("io_study: no runtime could be measured", file=sys.stderr)
        return 1
    text = section(TITLE, times, missing, place, rounds=options.rounds, chart="images/moving_data.svg")
    print(text)
    if options.write:
        write_section(PAGE, TITLE, text)
        whole_text(CHART, chart([row for row in times if row.name in {item.name for item in small_nets()}]))
        print(f"wrote {PAGE} and {CHART}", file=sys.stderr)
    return 0


def _options(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runtimes", default=",".join(RUNTIMES), help=f"some of {','.join(RUNTIMES)}")
    parser.add_argument("--rounds", type=int, default=200, help="turns that every net takes in every runtime")
    parser.add_argument("--small-only", action="store_true", help="leave out the whole net, which takes longest")
    parser.add_argument("--write", action="store_true", help="write docs/moving-data.md and its chart")
    parser.add_argument("--work", type=Path, default=ROOT / "build" / "io", help="where converted nets go")
    options = parser.parse_args(arguments)
    options.runtimes = tuple(options.runtimes.split(","))
    unknown = [name for name in options.runtimes if name not in RUNTIMES]
    if unknown:
        parser.error(f"--runtimes: {', '.join(unknown)} is not one of {', '.join(RUNTIMES)}")
    if options.rounds < 1:
        parser.error("--rounds: must be 1 or more")
    return options


if __name__ == "__main__":
    sys.exit(main())
