"""Who is connected: a bounded number, of which the one that does least gives way to a new one."""

from __future__ import annotations

import resource
import socket
import sys
import threading
import time
from contextlib import suppress
from typing import NamedTuple

from limner.web.inbox import Limits


class _State(NamedTuple):
    """Whether a request is being answered, and since when nothing has happened."""

    answered: bool
    since: float


class Clients:
    """The open connections. Each is noted when it does something; the one with the earliest note goes first."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._most = min(limits.connections, _open_files())
        self._states: dict[socket.socket, _State] = {}
        self._lock = threading.Lock()

    def admit(self, connection: socket.socket) -> bool:
        """Take in a new connection, closing another where there are too many; False where none can be closed."""
        now = time.monotonic()
        with self._lock:
            if len(self._states) >= self._most:
                least = min(self._states, key=self._states.__getitem__)  # those that wait for a request come first
                state = self._states[least]
                if state.answered and now - state.since < self._limits.stall_seconds:
                    return False
                del self._states[least]
                hang_up(least)
            self._states[connection] = _State(False, now)
        return True

    def note(self, connection: socket.socket, *, answered: bool) -> bool:
        """Note that a connection has done something; False where it has been closed for another one."""
        with self._lock:
            if connection not in self._states:
                return False
            self._states[connection] = _State(answered, time.monotonic())
        return True

    def forget(self, connection: socket.socket) -> None:
        """A connection that is closed."""
        with self._lock:
            self._states.pop(connection, None)

    def hang_up(self) -> None:
        """End all connections; the threads that serve them close them."""
        with self._lock:
            for connection in self._states:
                hang_up(connection)


def _open_files() -> int:
    """How many connections this process may have, each with a file; some are left for the rest of it."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return sys.maxsize if soft == resource.RLIM_INFINITY else max(4, (soft - 32) // 2)


def hang_up(connection: socket.socket) -> None:
    """End a connection that another thread may be using."""
    with suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)
