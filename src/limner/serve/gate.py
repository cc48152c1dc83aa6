"""One cap on the work in flight: who comes in, who waits for a worker, and for how long."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from http import HTTPStatus
from typing import TypeVar

from limner.serve.options import Limits
from limner.serve.refusal import GoneError, RefusedError

T = TypeVar("T")


class Errand:
    """One job, as its worker sees it: whether anybody still waits for it.

    Args:
        seconds: from now on that it may take.
    """

    def __init__(self, seconds: float) -> None:
        self.seconds, self.until, self._gone = seconds, time.monotonic() + seconds, False

    def give_up(self) -> None:
        """Nobody waits for it any more."""
        self._gone = True

    @property
    def gone(self) -> bool:
        """Whether nobody waits for it any more."""
        return self._gone

    def check(self) -> None:
        """Called between two stages of the work.

        Raises:
            GoneError: nobody waits for it.
            RefusedError: 503, its time is over.
        """
        if self._gone:
            raise GoneError
        if time.monotonic() > self.until:
            raise too_slow(self.seconds)


def too_slow(seconds: float) -> RefusedError:
    """The refusal of a request whose time is over."""
    reason = f"no result within {seconds:g} s; the server is busy or the photo large: try again, or a smaller one"
    return RefusedError(HTTPStatus.SERVICE_UNAVAILABLE, reason, {"Retry-After": "5"})


class Ticket:
    """The place of one request among those in flight; given back once, and not before its worker is done."""

    def __init__(self, gate: Gate) -> None:
        self._gate, self._held = gate, True
        self._work: asyncio.Future[object] | None = None

    def give_back(self) -> None:
        """Frees the place, as soon as no worker is at it."""
        if not self._held:
            return
        self._held = False
        if self._work is None or self._work.done():
            self._gate.in_flight -= 1
        else:
            self._work.add_done_callback(lambda _: self._gate.left())

    def begun(self, work: asyncio.Future[object]) -> None:
        """A worker is at it."""
        self._work = work


class Gate:
    """The requests in flight and the workers.

    Attributes:
        in_flight: requests that were let in and are not answered yet.
        working: photos that workers are at.
        draining: the server is about to end: nobody is let in.
    """

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._pool = ThreadPoolExecutor(limits.at_once, thread_name_prefix="limner-worker")
        self._free = asyncio.Semaphore(limits.at_once)
        self._usual = 0.2
        self.in_flight = self.working = 0
        self.draining = False

    def enter(self) -> Ticket:
        """A place for a request, before its body is read.

        Raises:
            RefusedError: 429, all places are taken; 503, the server is about to end.
        """
        self.check_open()
        if self.in_flight >= self._limits.in_flight:
            wait = max(1, math.ceil(self.in_flight * self._usual / self._limits.at_once))
            reason = f"{self.in_flight} requests are in work or wait, as many as may: try again in {wait} s"
            raise RefusedError(HTTPStatus.TOO_MANY_REQUESTS, reason, {"Retry-After": str(wait)})
        self.in_flight += 1
        return Ticket(self)

    def check_open(self) -> None:
        """
        Raises:
            RefusedError: 503, the server is about to end.
        """
        if self.draining:
            reason = "the server is about to end and takes nothing new; try again in some seconds, or another one"
            raise RefusedError(HTTPStatus.SERVICE_UNAVAILABLE, reason, {"Retry-After": "5", "Connection": "close"})

    def left(self) -> None:
        """A place is free again."""
        self.in_flight -= 1

    async def run(self, ticket: Ticket, errand: Errand, job: Callable[[], T]) -> T:
        """The result of ``job`` in a worker's thread; first come, first served.

        Raises:
            RefusedError: 503, the errand's time is over. A worker that is at it ends it, or gives up at its next check.
        """
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(errand.until - time.monotonic()):
                await self._free.acquire()
                work = loop.run_in_executor(self._pool, self._timed, job)
                self.working += 1
                work.add_done_callback(self._done)
                ticket.begun(work)  # type: ignore[arg-type]
                return await asyncio.shield(work)
        except TimeoutError:
            errand.give_up()
            raise too_slow(errand.seconds) from None
        except asyncio.CancelledError:
            errand.give_up()
            raise

    async def elsewhere(self, job: Callable[[], T]) -> T:
        """The result of ``job``, which waits for others more than it computes, in a thread beside the workers."""
        return await asyncio.to_thread(job)

    async def idle(self) -> None:
        """Until nothing is in flight."""
        while self.in_flight:
            await asyncio.sleep(0.02)

    def close(self) -> None:
        """No more work."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _timed(self, job: Callable[[], T]) -> T:
        began = time.monotonic()
        try:
            return job()
        finally:
            self._usual += 0.2 * (time.monotonic() - began - self._usual)

    def _done(self, work: asyncio.Future[T]) -> None:
        self.working -= 1
        self._free.release()
        if not work.cancelled():
            work.exception()  # seen, though nobody may wait for it any more
