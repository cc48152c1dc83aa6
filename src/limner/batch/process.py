"""A worker in a process of its own: the next photo is fetched and the last result written while one is worked on."""

from __future__ import annotations

import os
import signal
import threading
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, nullcontext
from multiprocessing.connection import Connection
from typing import Any

from limner.batch.item import Item
from limner.batch.worker import Task, Worker, delivered, failed
from limner.children import serve_parent_only
from limner.errors import LimnerError

LEAVE = getattr(signal, "SIGUSR1", None)
"""The signal after which a process leaves the videos that it has; None where there is none, as on Windows."""
AT_ONCE = 3
"""Photos that a process has: one that it fetches, one that it works on and one whose result it writes."""


def serve(ours: Connection, task: Task) -> None:
    """Does what comes in: (index, item), until None comes or the other end is gone.

    It answers with ``("ready", None)`` once, or ``("unusable", text)``; then ``("began", index)`` when it works on a
    photo, and ``("done", Outcome)``. After ``LEAVE``, a signal that may come again, it answers ``("dropped", index)``
    for each video that it has, and photos as ever. Other signals are left to the process that started it; when that
    is killed, this one ends.
    """
    serve_parent_only()
    leaving = _Leaving()
    try:
        try:
            worker = Worker(task)
        except LimnerError as error:
            ours.send(("unusable", error.args[0]))
            return
        ours.send(("ready", None))
        _Serving(ours, worker, leaving).run()
    except (BrokenPipeError, ConnectionResetError, EOFError):  # whoever started it was killed
        os._exit(1)


class _LeftError(BaseException):
    """The video under way is left."""


class _Leaving:
    """Heeds `LEAVE`, which raises within `block` alone: anywhere else a message could be torn."""

    def __init__(self) -> None:
        self.asked = self._inside = False
        if LEAVE is not None:
            signal.signal(LEAVE, self._heed)

    def _heed(self, *_: object) -> None:
        self.asked = True
        if self._inside:
            self._inside = False  # what cleans up is not disturbed
            raise _LeftError

    @contextmanager
    def block(self) -> Iterator[None]:
        """May be left from now on."""
        try:
            self._inside = True
            if self.asked:
                raise _LeftError
            yield
        finally:
            self._inside = False


class _Serving:
    def __init__(self, ours: Connection, worker: Worker, leaving: _Leaving) -> None:
        self._connection, self._worker, self._sending, self._leaving = ours, worker, threading.Lock(), leaving
        self._fetched: deque[tuple[int, Item, Future[bytes]]] = deque()
        self._written: deque[Future[None]] = deque()

    def run(self) -> None:
        with ThreadPoolExecutor(1) as fetching, ThreadPoolExecutor(1) as writing:
            more = True
            while more or self._fetched:
                while more and (not self._fetched or self._connection.poll()):
                    told = self._connection.recv()
                    if told is None:
                        more = False
                        break
                    index, item = told
                    self._fetched.append((index, item, fetching.submit(self._worker.fetch, item)))
                if self._fetched:
                    self._work(writing)
            for future in self._written:
                future.result()

    def _work(self, writing: ThreadPoolExecutor) -> None:
        index, item, data = self._fetched.popleft()
        try:
            fetched = data.result()
            self._send("began", index)
            with self._leaving.block() if item.video else nullcontext():
                result = self._worker.make(item, fetched)
        except _LeftError:
            self._send("dropped", index)
            return
        except (LimnerError, MemoryError) as error:
            self._send("done", failed(index, item, error))
            return

        def deliver() -> None:
            self._send("done", delivered(self._worker, index, item, result))

        self._written.append(writing.submit(deliver))
        while len(self._written) >= AT_ONCE or (self._written and self._written[0].done()):
            self._written.popleft().result()

    def _send(self, kind: str, value: Any) -> None:
        with self._sending:
            self._connection.send((kind, value))
