"""Runs a command and prints, as JSON, the peak of its resident memory, its processor time and its wall-clock time.

    python -m benchmarks.measured COMMAND ARGUMENT …

In a process of its own, because a child's peak counts from what its parent had when it was started.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def measured(arguments: Sequence[str]) -> dict[str, float]:
    """ "peak" in MiB, "cpu" of all threads and "wall" in seconds, of Python with these arguments.

    Raises:
        RuntimeError: it failed; with its last line.
    """
    command = [sys.executable, "-m", "benchmarks.measured", sys.executable, *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError((done.stderr.strip().splitlines() or ["no message"])[-1])
    found: dict[str, float] = json.loads(done.stdout)
    return found


def main() -> int:
    began = time.perf_counter()
    process = subprocess.Popen(sys.argv[1:], stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    wall = time.perf_counter() - began
    cpu = usage.ru_utime + usage.ru_stime
    print(json.dumps({"peak": usage.ru_maxrss / 1024, "cpu": cpu, "wall": wall}))
    return process.returncode


if __name__ == "__main__":
    sys.exit(main())
