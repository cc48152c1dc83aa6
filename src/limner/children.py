"""Processes that share the work of this one: it alone answers Ctrl-C, which a terminal sends to all of them."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager


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
