"""What commands that serve a page until Ctrl-C share: the end of it, and notices."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def ending() -> Iterator[Callable[[], int]]:
    """Ctrl-C and SIGTERM end the run instead of the program; yields what waits for one of them and tells its number."""
    heeded = [number for number in (signal.SIGINT, signal.SIGTERM) if signal.getsignal(number) != signal.SIG_IGN]
    read, write = os.pipe()
    os.set_blocking(write, False)

    def ended() -> int:
        # Python runs no handler while the main thread waits for something; what C writes into a pipe ends the wait.
        while (number := os.read(read, 1)[0]) not in heeded:
            pass
        return number

    wake = signal.set_wakeup_fd(write)
    before = {number: signal.signal(number, lambda *_: None) for number in heeded}
    try:
        yield ended
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        signal.set_wakeup_fd(wake)
        os.close(read)
        os.close(write)


def note(text: str) -> None:
    """A line on stderr."""
    print(f"note: {text}", file=sys.stderr, flush=True)
