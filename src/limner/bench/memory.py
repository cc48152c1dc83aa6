"""Memory a model takes, runtime library and all, measured in a process of its own that loads it and runs it thrice."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np

from limner.bench.cases import Case
from limner.runtimes.checks import completed

_PROGRAM = "import sys; from limner.bench.memory import report; report(*sys.argv[1:])"


def peak_megabytes(case: Case) -> float | None:
    """Megabytes by which the process grew at most, over an interpreter with numpy; None where nobody can tell.

    Only Linux says what a process's own peak is.
    """
    if not Path("/proc/self/status").is_file():
        return None
    told = [str(case.model.path), case.runtime, case.device, str(case.threads)]
    shape = case.model.card.input.shape
    sizes = ",".join(map(str, (case.batch, *shape[1:]) if case.model.card.input.layout[0] == "N" else shape))
    command = [sys.executable, "-c", _PROGRAM, *told, case.model.card.input.name, sizes]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env={**os.environ})
    found = re.search(r"^peak (\d+)$", done.stdout, re.MULTILINE)
    return int(found[1]) / 1e6 if found else None


def report(path: str, runtime: str, device: str, threads: str, name: str, sizes: str) -> None:
    """In the process of its own: load, run, print the growth in bytes."""
    before = _status("VmRSS")
    from limner.runtimes.loading import load_runtime

    loaded = load_runtime(path, runtime=runtime, device=device, threads=int(threads))
    dtype = next(info.dtype for info in loaded.inputs if info.name == name)
    inputs = completed({name: np.zeros(tuple(map(int, sizes.split(","))), dtype)}, loaded.inputs)
    for _ in range(3):
        loaded.run(inputs)
    print(f"peak {max(0, _status('VmHWM') - before)}")


def _status(field: str) -> int:
    found = re.search(rf"^{field}:\s+(\d+) kB", Path("/proc/self/status").read_text(encoding="utf-8"), re.MULTILINE)
    return 1024 * int(found[1]) if found else 0
