"""Workers as processes: none waits for another's Python, and one that dies costs the photo it was at, no more.

Requests, limits, keys and counts stay in the process that listens; it hands each job to an idle worker, and waits in a
thread that holds no lock meanwhile.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from http import HTTPStatus
from multiprocessing import get_context
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from multiprocessing.util import Finalize
from pathlib import Path
from typing import Any

from limner.children import how_it_ended, leaving_interrupts_to_us
from limner.errors import LimnerError
from limner.serve.crew_process import GIVE_UP, Order, Said, work
from limner.serve.gate import Errand, too_slow
from limner.serve.models import ModelFacts
from limner.serve.options import ServeOptions
from limner.serve.refusal import GoneError, RefusedError
from limner.serve.workplace import Job

_LOOK = 0.1
"""Seconds after which a thread that waits looks whether anybody still waits for its job."""
_PATIENCE = 5.0
"""Seconds after the end of a job's time in which its worker may come to a check; then it is killed."""
_START = 300.0
"""Seconds in which a process must have loaded its models."""


class Crew:
    """So many processes, each with the models. Called from as many threads at once, no more.

    Args:
        options: the operator's; ``limits.at_once`` processes are started, and ready when this is made.

    Raises:
        LimnerError: an option or a model cannot be used, or a process ends while it loads them.
    """

    def __init__(self, options: ServeOptions) -> None:
        quiet = replace(options, key=None)  # which they need not know
        self._workers = [_Worker(quiet) for _ in range(options.limits.at_once)]
        self._idle: queue.LifoQueue[_Worker] = queue.LifoQueue()
        Finalize(self, _close, args=(self._workers,), exitpriority=1)  # else Python waits at its end for ever
        try:
            apart = options.runtime == "auto"  # the first measures, and remembers for the others
            for worker in self._workers[:1] if apart else self._workers:
                worker.start()
            self.facts: tuple[ModelFacts, ...] = self._workers[0].ready(_START)
            for worker in self._workers[1:]:
                if apart:
                    worker.start()
            for worker in self._workers[1:]:
                worker.ready(_START)
        except BaseException:
            self.close()
            raise
        for worker in reversed(self._workers):
            self._idle.put(worker)

    def do(self, job: Job, errand: Errand, *arguments: Any) -> Any:
        """See `limner.serve.workplace.Workplace`.

        Raises:
            RefusedError: also 500, the process ended while it was at the job; 503, no process can be had, or the job's
                time is long over, and its process was killed.
        """
        worker = self._idle.get()
        try:
            return worker.do(job, errand, arguments)
        finally:
            self._idle.put(worker)

    def alive(self) -> bool:
        """See `limner.serve.workplace.Workplace`."""
        return any(worker.alive() for worker in self._workers)

    def memory(self) -> Mapping[str, int]:
        """See `limner.serve.workplace.Workplace`."""
        return {str(number): worker.memory() for number, worker in enumerate(self._workers)}

    @property
    def batches(self) -> None:
        """See `limner.serve.workplace.Workplace`."""
        return None

    @property
    def lost(self) -> int:
        """See `limner.serve.workplace.Workplace`."""
        return sum(worker.lost for worker in self._workers)

    def close(self) -> None:
        """See `limner.serve.workplace.Workplace`."""
        _close(self._workers)


def _close(workers: Sequence[_Worker]) -> None:
    for worker in workers:
        worker.close()


class _Worker:
    """A process, and the one after it where it dies."""

    def __init__(self, options: ServeOptions) -> None:
        self._options = options
        self._process: SpawnProcess | None = None
        self._connection: Connection | None = None
        self._facts: tuple[ModelFacts, ...] | None = None
        self._closing = threading.Lock()
        self._closed = False
        self.lost = 0

    def start(self) -> None:
        """Starts a process; `ready` waits for it."""
        with self._closing:
            if self._closed:
                return
            context = get_context("spawn")
            ours, theirs = context.Pipe()
            process = context.Process(target=work, args=(theirs, self._options), name="limner-serve", daemon=True)
            with leaving_interrupts_to_us():
                process.start()
            theirs.close()
            self._process, self._connection, self._facts = process, ours, None

    def ready(self, seconds: float) -> tuple[ModelFacts, ...]:
        """What it loaded, once it has.

        Raises:
            LimnerError: the models cannot be used, or it ended, or needs longer than ``seconds``.
        """
        if self._facts is None:
            assert self._connection is not None
            try:
                if not self._connection.poll(max(0.0, seconds)):
                    raise LimnerError(f"a worker did not load its models within {seconds:.0f} s; try fewer ‹workers›")
                said: Said = self._connection.recv()
            except (EOFError, OSError):
                raise LimnerError(f"a worker ended before it began ({self._ended()}); try fewer ‹workers›") from None
            if said.kind == "unusable":
                raise LimnerError(said.value)
            self._facts = said.value
        return self._facts

    def do(self, job: Job, errand: Errand, arguments: tuple[Any, ...]) -> Any:
        if not self.alive():
            self._replace()
        try:
            self.ready(errand.until - time.monotonic())
        except LimnerError:
            reason = "no worker could be started; try again in some seconds"
            raise RefusedError(HTTPStatus.SERVICE_UNAVAILABLE, reason, {"Retry-After": "5"}) from None
        errand.check()
        try:
            said = self._answer(Order(job, arguments, errand.seconds, errand.until), errand)
        except (EOFError, OSError):
            how = self._ended()
            self._replace()
            reason = f"the process that worked on it ended ({how}); the photo may be one that a codec cannot stand"
            raise RefusedError(HTTPStatus.INTERNAL_SERVER_ERROR, reason) from None
        if said.kind == "done":
            return said.value
        if said.kind == "refused":
            raise RefusedError(*said.value)
        if said.kind == "gone":
            raise GoneError
        if said.kind == "memory":
            raise MemoryError
        raise RuntimeError(f"in a worker:\n{said.value}")

    def _answer(self, order: Order, errand: Errand) -> Said:
        assert self._connection is not None
        self._connection.send(order)
        told = False
        while not self._connection.poll(_LOOK):
            if errand.gone and not told:
                self._connection.send(GIVE_UP)
                told = True
            if time.monotonic() > order.until + _PATIENCE:
                self._kill()
                self._replace()
                raise too_slow(order.seconds)
        said: Said = self._connection.recv()
        return said

    def _replace(self) -> None:
        """Another process in its place."""
        self._kill()
        if not self._closed:
            self.lost += 1
            self.start()

    def alive(self) -> bool:
        """Whether its process runs."""
        return self._process is not None and self._process.is_alive()

    def memory(self) -> int:
        """Bytes of memory that its process has; 0 where that cannot be told."""
        try:
            pages = int(Path(f"/proc/{self._process.pid}/statm").read_text().split()[1])  # type: ignore[union-attr]
        except (OSError, AttributeError, IndexError):
            return 0
        return pages * _page()

    def close(self) -> None:
        """Ends it."""
        with self._closing:
            self._closed = True
        self._kill()

    def _ended(self) -> str:
        if self._process is not None:
            self._process.join(1)
        return how_it_ended(None if self._process is None else self._process.exitcode)

    def _kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.join()
        if self._connection is not None:
            with suppress(OSError):
                self._connection.close()


def _page() -> int:
    import resource

    return resource.getpagesize()
