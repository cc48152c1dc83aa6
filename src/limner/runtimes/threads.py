"""How many threads a runtime uses when nobody says."""

from __future__ import annotations

import os
from pathlib import Path

from limner.errors import OptionError

MOST = 4
"""Small nets gain nothing from more threads; decoding and effects want the other cores."""


def default_threads() -> int:
    """Physical cores this process may use, at most four."""
    return min(MOST, physical_cores())


def check_threads(threads: int | None) -> int:
    """``threads`` as given, or the default for None; OptionError below 1."""
    if threads is None:
        return default_threads()
    if isinstance(threads, bool) or not isinstance(threads, int) or threads < 1:
        raise OptionError(f"threads must be a whole number of at least 1, not {threads!r}")
    return threads


def physical_cores() -> int:
    """Cores this process may run on, hyper-threads of one core counted once where the system tells them apart."""
    try:
        cpus = os.sched_getaffinity(0)
    except AttributeError:  # not on Linux
        return os.cpu_count() or 1
    siblings = set()
    for cpu in cpus:
        try:
            siblings.add(Path(f"/sys/devices/system/cpu/cpu{cpu}/topology/thread_siblings_list").read_text())
        except OSError:
            return len(cpus)
    return max(1, len(siblings))
