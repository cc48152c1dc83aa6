"""Processes that share the work of this one: it alone answers Ctrl-C, and they end when it does."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing import connection, parent_process


@contextmanager
def leaving_interrupts_to_us() -> Iterator[None]:
    """Processes started in the block never see SIGINT, from their first moment on; here it arrives after the block."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def serve_parent_only() -> None:
    """Called first in a child: signals are left to the process that started it, and it ends when that one is gone."""
    threading.Thread(target=_end_with_parent, daemon=True).start()
    for number in (signal.SIGINT, signal.SIGTERM, getattr(signal, "SIGHUP", signal.SIGTERM)):
        signal.signal(number, signal.SIG_IGN)


def _end_with_parent() -> None:
    parent = parent_process()
    if parent is not None:
        connection.wait([parent.sentinel])
        os._exit(1)


def how_it_ended(exit_code: int | None) -> str:
    """How a process ended, as part of a sentence."""
    code = exit_code or 0
    if code == -9:
        return "killed by signal 9, as systems do that run out of memory"
    return f"killed by signal {-code}" if code < 0 else f"with exit code {code}"
