"""Memory a model takes, runtime library and all, measured in a process of its own that loads it and runs it thrice."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import numpy as np

from limner.bench.cases import Case
from limner.models.catalogue import find_model
from limner.runtimes.loading import load_runtime
from limner.segment.example import example_inputs

_PROGRAM = "import sys; from limner.bench.memory import report; report(*sys.argv[1:])"


def peak_megabytes(case: Case) -> float | None:
    """Megabytes by which a process with its imaging libraries loaded grew at most; None where nobody can tell.

    Only Linux says what a process's own peak is.
    """
    if not Path("/proc/self/status").is_file():
        return None
    told = (str(case.model.path), case.runtime, case.device, str(case.threads), str(case.batch))
    command = [sys.executable, "-c", _PROGRAM, *told]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    found = re.search(r"^peak (\d+)$", done.stdout, re.MULTILINE)
    return int(found[1]) / 1e6 if found else None


def report(path: str, runtime: str, device: str, threads: str, batch: str) -> None:
    """In the process of its own: load, run, print the growth in bytes."""
    example = example_inputs(find_model(path, verify=False).card)
    before = _status("VmRSS")
    loaded = load_runtime(path, runtime=runtime, device=device, threads=int(threads))
    inputs = {name: np.repeat(array, int(batch), axis=0) for name, array in example(loaded).items()}
    for _ in range(3):
        loaded.run(inputs)
    print(f"peak {max(0, _status('VmHWM') - before)}")


def _status(field: str) -> int:
    found = re.search(rf"^{field}:\s+(\d+) kB", Path("/proc/self/status").read_text(encoding="utf-8"), re.MULTILINE)
    return 1024 * int(found[1]) if found else 0
