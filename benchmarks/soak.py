"""Memory of a command that runs for long: `limner` and every process it starts, at even times.

    python -m benchmarks.soak [--minutes 60] [--every 30] [--json build/soak.json] -- stream clip.mp4 --loop --to udp://127.0.0.1:5004

Memory is what is the processes' own (Pss_Anon): libraries, which other programs may share, come and go with those.
Linux only. The figures that matter are those after the start: the median of the first tenth that follows two minutes,
and of the last tenth. The command gets Ctrl-C at the end, and what it said last is shown.
"""

from __future__ import annotations

import argparse
import json
import signal
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil

from limner.whole_file import whole_text

SETTLED = 120.0
"""Seconds after which nets are loaded and buffers are filled."""


@dataclass(frozen=True, slots=True)
class Sample:
    """The command at one moment.

    Attributes:
        at: seconds since its start.
        memory: MiB of all of its processes, without what they map of files; shared pages count once.
        each: the same of each process, the command first.
        processes: how many they are.
        threads: of all of them.
        files: open files and sockets of all of them.
    """

    at: float
    memory: float
    processes: int
    threads: int
    files: int
    each: list[float]


def soak(command: Sequence[str], *, seconds: float, every: float) -> tuple[list[Sample], int, str]:
    """Runs `limner` with these arguments for so long, then interrupts it.

    Returns:
        samples; its exit code; the last line that it said.
    """
    run = subprocess.Popen(
        [sys.executable, "-m", "limner", *command], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    )
    samples: list[Sample] = []
    began = time.monotonic()
    try:
        while run.poll() is None and time.monotonic() - began < seconds:
            with suppress(subprocess.TimeoutExpired):
                run.wait(every)
            if run.poll() is None:
                samples.append(_sample(run.pid, time.monotonic() - began))
    finally:
        if run.poll() is None:
            run.send_signal(signal.SIGINT)
        said = run.communicate(timeout=120)[1]
    return samples, run.returncode, said.strip().rpartition("\n")[2]


def _sample(pid: int, at: float) -> Sample:
    each: list[float] = []
    threads, files = 0, 0
    main = psutil.Process(pid)
    for process in [main, *main.children(recursive=True)]:
        with suppress(psutil.NoSuchProcess):
            each.append(round(_own(process.pid), 1))
            threads += process.num_threads()
            files += process.num_fds()
    return Sample(round(at, 1), round(sum(each), 1), len(each), threads, files, each)


def _own(pid: int) -> float:
    """MiB; 0 of a process that is gone."""
    with suppress(OSError):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii").splitlines():
            if line.startswith("Pss_Anon:"):
                return int(line.split()[1]) / 1024
    return 0.0


def summary(samples: Sequence[Sample]) -> dict[str, float]:
    """MiB at the start of the settled time and at its end, their difference, and the peak."""
    settled = [sample for sample in samples if sample.at >= SETTLED] or list(samples)
    tenth = max(1, len(settled) // 10)
    first = statistics.median(sample.memory for sample in settled[:tenth])
    last = statistics.median(sample.memory for sample in settled[-tenth:])
    return {
        "minutes": round(samples[-1].at / 60, 1),
        "first": round(first, 1),
        "last": round(last, 1),
        "grown": round(last - first, 1),
        "peak": max(sample.memory for sample in samples),
        "files": samples[-1].files - settled[0].files,
        "threads": samples[-1].threads - settled[0].threads,
    }


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--every", type=float, default=30, help="seconds between two samples")
    parser.add_argument("--json", type=Path, help="keeps every sample")
    parser.add_argument("command", nargs="+", help="what follows `limner`")
    args = parser.parse_args(argv)
    samples, code, said = soak(args.command, seconds=60 * args.minutes, every=args.every)
    if not samples:
        raise SystemExit(f"it ended at once, with {code}: {said}")
    told = {**summary(samples), "code": code, "said": said}
    if args.json:
        args.json.parent.mkdir(parents=True, exist_ok=True)
        whole_text(args.json, json.dumps({**told, "samples": [asdict(sample) for sample in samples]}, indent=1))
    print(json.dumps(told))


if __name__ == "__main__":
    main()
