"""How many threads a runtime uses."""

from __future__ import annotations

from limner.cores import check_parallel, physical_cores

MOST = 4
"""Small nets gain nothing from more threads; decoding and effects want the other cores."""


def default_threads() -> int:
    """Physical cores this process may use, at most four."""
    return min(MOST, physical_cores())


def check_threads(threads: int | None) -> int:
    """``threads`` as given, or the default for None; OptionError where ``check_parallel`` refuses them."""
    return default_threads() if threads is None else check_parallel(threads, "threads")
