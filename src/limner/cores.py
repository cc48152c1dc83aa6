"""The processor cores that this process may use, and how many threads or processes somebody may ask for on them."""

from __future__ import annotations

import os
from pathlib import Path

from limner.errors import OptionError

_PER_CORE, _ALWAYS = 4, 16


def usable_cores() -> int:
    """Logical cores that this process may run on: taskset and containers may leave it fewer than the machine has."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def physical_cores() -> int:
    """The same with the hyper-threads of one core counted once, where the system tells them apart."""
    if not hasattr(os, "sched_getaffinity"):  # not on Linux
        return usable_cores()
    siblings = set()
    for cpu in os.sched_getaffinity(0):
        try:
            siblings.add(Path(f"/sys/devices/system/cpu/cpu{cpu}/topology/thread_siblings_list").read_text())
        except OSError:
            return usable_cores()
    return max(1, len(siblings))


def most_parallel() -> int:
    """The most threads or processes that may be asked for here: four for each usable core, or 16 if that is more.

    Small machines take what a script written for a larger one asks for. Beyond that a run only gets slower: with a
    hundred thousand threads it takes minutes and gigabytes to begin.
    """
    return max(_ALWAYS, _PER_CORE * usable_cores())


def check_parallel(count: int, what: str) -> int:
    """``count`` as given.

    Args:
        what: how the error names it: "threads", "workers", …

    Raises:
        OptionError: it is no whole number from 1 to ``most_parallel()``.
    """
    if isinstance(count, bool) or not isinstance(count, int) or count < 1:
        raise OptionError(f"{what} must be a whole number of at least 1, not {count!r}")
    most = most_parallel()
    if count > most:
        cores = usable_cores()
        raise OptionError(
            f"{what} must be at most {most} on this machine, where {cores} core{'s' if cores > 1 else ''} can be used, "
            f"not {count}"
        )
    return count
