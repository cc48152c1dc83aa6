"""Threads: how many a runtime or a stage gets, of the cores that this process may use."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from limner.cores import check_parallel, physical_cores, usable_cores

MOST = 4
"""Small nets gain nothing from more threads; decoding and effects want the other cores."""


def default_threads() -> int:
    """Physical cores this process may use, at most four."""
    return min(MOST, physical_cores())


def check_threads(threads: int | None) -> int:
    """``threads`` as given, or the default for None; OptionError where ``check_parallel`` refuses them."""
    return default_threads() if threads is None else check_parallel(threads, "threads")


def stage_threads(runs: int = 1) -> int:
    """Threads that one stage of a run should use for itself, its net too, where ``runs`` go on at once.

    The stages and the codecs already share the processor: on 2 cores, 1 thread each took 5 % less processor time than
    2 each.
    """
    return max(1, usable_cores() // (4 * runs))


def decoder_threads() -> int:
    """Threads that decode a video for a run: half the cores, at most eight.

    The encoder takes several times as long, and each thread holds frames of its own: on 2 cores 27 MB at 1080p.
    """
    return min(8, max(1, usable_cores() // 2))


_LOCK = threading.Lock()
_ASKED: list[int] = []
_before = 0


@contextmanager
def opencv_threads(count: int) -> Iterator[None]:
    """OpenCV uses ``count`` threads in the block, or fewer where another run asks for fewer meanwhile.

    It knows one number for the whole process. It gets back what it had when the last run is over. Its idle threads ask
    for work all the time, which took 6 % of a 720p frame.
    """
    import cv2

    global _before
    with _LOCK:
        if not _ASKED:
            _before = cv2.getNumThreads()
        _ASKED.append(count)
        cv2.setNumThreads(min(_ASKED))
    try:
        yield
    finally:
        with _LOCK:
            _ASKED.remove(count)
            cv2.setNumThreads(min(_ASKED, default=_before))
