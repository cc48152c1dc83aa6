"""Processes that share the work of this one: it alone answers Ctrl-C, and they end when it does."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing import connection, parent_process
from typing import Any


@contextmanager
def leaving_interrupts_to_us() -> Iterator[None]:
    """Processes started in the block never see SIGINT, from their first moment on; here it arrives after the block.

    So do the other signals that end a program, in the main thread: one that raises while a process is being started
    leaves that process half told what to do, and it says so with a traceback.
    """
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    late: list[int] = []
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    handlers: dict[int, Any] = {}
    if threading.current_thread() is threading.main_thread():
        # A thread of a library that does not block SIGINT takes it, and Python's handler runs here all the same.
        ending = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGALRM)  # the last: see limner.cli.interruption
        handlers = {number: found for number in ending if callable(found := signal.getsignal(number))}
        for number in handlers:
            signal.signal(number, lambda number, _: late.append(number))
    try:
        yield
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        for number in late:
            signal.raise_signal(number)


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
