"""Resident memory of a process, which has nothing else to do meanwhile."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]

SCRIPT = """
import numpy as np
from benchmarks.peak import peak_mib, reset_peak, resident_mib

reset_peak()
before = peak_mib()
filled = np.ones(64 * 2**20, np.uint8)
told = [peak_mib() - before]
del filled
told.append(peak_mib() - before)
reset_peak()
told.append(peak_mib() - before)
print(*told, peak_mib() - resident_mib())
"""


def test_the_peak_stays_until_it_is_reset() -> None:
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT], cwd=ROOT, capture_output=True, text=True, check=True, timeout=120
    )
    filled, freed, reset, above = map(float, done.stdout.split())
    assert filled > 60
    assert freed > 60
    assert reset < 32
    assert above >= -1
