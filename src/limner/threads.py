"""Threads: how many a runtime or a stage gets, of the cores that this process may use."""

from __future__ import annotations

from limner.cores import check_parallel, physical_cores, usable_cores

MOST = 4
"""Small nets gain nothing from more threads; decoding and effects want the other cores."""


def default_threads() -> int:
    """Physical cores this process may use, at most four."""
    return min(MOST, physical_cores())


def check_threads(threads: int | None) -> int:
    """``threads`` as given, or the default for None; OptionError where ``check_parallel`` refuses them."""
    return default_threads() if threads is None else check_parallel(threads, "threads")


def stage_threads() -> int:
    """Threads that one stage should use for itself: the stages and the codecs already share the processor.

    On 2 cores, 1 thread each took 5 % less processor time than 2 each.
    """
    return max(1, usable_cores() // 4)


def share_cores() -> None:
    """Has OpenCV use `stage_threads` in each stage: its idle threads ask for work all the time, 6 % of a 720p frame."""
    import cv2

    cv2.setNumThreads(stage_threads())
