"""The engine `local`: processes of this machine, each replaced when it dies, its photos given to others.

The standard library's pool gives up as a whole when one of its processes is killed, and does not say which task it had.
"""

from __future__ import annotations

import os
import time
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import suppress
from multiprocessing import connection, get_context
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from typing import Any

from limner.batch.item import Item, Outcome
from limner.batch.process import AT_ONCE, LEAVE, serve
from limner.batch.stop import Stop
from limner.batch.worker import Task
from limner.children import how_it_ended, leaving_interrupts_to_us
from limner.errors import LimnerError

_WAIT = 0.25
"""Seconds after which the wish to stop is looked at, if nothing else happens."""

_LEAVING = 5.0
"""Seconds after the wish to stop in which a process may leave its videos and clean up; then it is killed."""
_STILLBORN = 2
"""Processes that may die one after the other while they load the model: memory may be short for a moment."""


class LocalEngine:
    """Works on this machine.

    Args:
        task: what each worker needs.
        workers: processes.
        tries: how often a photo is begun at most, where its process dies or a fault may pass.
    """

    def __init__(self, task: Task, *, workers: int, tries: int) -> None:
        self._task, self._workers, self._tries = task, workers, tries
        self._stillborn = 0
        self._asked: float | None = None

    def run(self, items: Sequence[Item], stop: Stop) -> Iterator[Outcome]:
        """One outcome for each item that was begun, in whatever order they come. All processes have ended by then.

        Raises:
            LimnerError: the options cannot be used, or no process can be started.
        """
        todo: deque[int] = deque(range(len(items)))
        begun: dict[int, int] = {}  # item -> how often its process died or a fault passed by
        pool: list[_Child] = []
        try:
            while not stop.insisted:
                wanted = 0 if stop.asked else min(self._workers, len(todo) + sum(len(child.has) for child in pool))
                while len(pool) < wanted:
                    pool.append(_Child(self._task))
                if stop.asked:
                    self._leave_videos(pool, items)
                if not any(child.has for child in pool) and (stop.asked or not todo):
                    break
                self._hand_out(pool, todo, items, stop)
                for child in _eventful(pool):
                    yield from self._heed(child, todo, begun, items)
                    if child.dead:
                        pool.remove(child)
                        if not child.left:
                            yield from self._after_death(child, todo, begun, items)
        finally:
            for child in pool:
                child.end(kill=stop.insisted or bool(child.has))

    def _leave_videos(self, pool: list[_Child], items: Sequence[Item]) -> None:
        """Has videos left that are under way: each takes minutes, and the next run begins it anew. Photos are ended."""
        now = time.monotonic()
        self._asked = now if self._asked is None else self._asked
        for child in pool:
            if child.ready and any(items[index].video for index in child.has):
                if now > self._asked + _LEAVING:
                    child.left = True
                    child.process.kill()
                else:
                    child.leave(now)

    def _hand_out(self, pool: list[_Child], todo: deque[int], items: Sequence[Item], stop: Stop) -> None:
        for depth in range(AT_ONCE):  # one each first, so that few photos are shared out
            for child in pool:
                if todo and not stop.asked and len(child.has) <= depth and (child.ready or depth == 0):
                    child.send(todo.popleft(), items)

    def _heed(self, child: _Child, todo: deque[int], begun: dict[int, int], items: Sequence[Item]) -> Iterator[Outcome]:
        for kind, value in child.told():
            if kind == "unusable":
                raise LimnerError(value)
            if kind == "began":
                child.working = value
            elif kind == "dropped":
                child.has.discard(value)
            elif kind == "done":
                child.has.discard(value.index)
                tried = begun.get(value.index, 0) + 1
                if value.error and value.again and tried < self._tries:
                    begun[value.index] = tried
                    todo.append(value.index)
                else:
                    yield value

    def _after_death(
        self, child: _Child, todo: deque[int], begun: dict[int, int], items: Sequence[Item]
    ) -> Iterator[Outcome]:
        """Its photos go to other processes; the one that it worked on has been tried once."""
        self._stillborn = 0 if child.ready else self._stillborn + 1
        if self._stillborn > _STILLBORN:
            raise LimnerError(f"a worker ended before it began ({child.how()}); try fewer with ‹workers›")
        guilty = child.working if child.working in child.has else None
        for index in sorted(child.has - {guilty}, reverse=True):
            todo.appendleft(index)
        if guilty is None:
            return
        begun[guilty] = tried = begun.get(guilty, 0) + 1
        if tried < self._tries:
            todo.append(guilty)
            return
        times = "once" if tried == 1 else f"{tried} times"
        yield Outcome(guilty, f"{items[guilty].name}: its process died {times}, {child.how()}")


class _Child:
    """A process with a worker, and the photos that it has."""

    def __init__(self, task: Task) -> None:
        context = get_context("spawn")
        ours, theirs = context.Pipe()
        self.connection: Connection = ours
        self.process: SpawnProcess = context.Process(target=serve, args=(theirs, task), name="limner-batch")
        with leaving_interrupts_to_us():
            self.process.start()
        theirs.close()
        self.has: set[int] = set()
        self.working: int | None = None
        self.ready = self.dead = self.left = False
        self._told_at = 0.0

    def send(self, index: int, items: Sequence[Item]) -> None:
        """Gives it a photo. Where it is dead this is found out later."""
        self.has.add(index)
        with suppress(OSError):
            self.connection.send((index, items[index]))

    def told(self) -> Iterator[tuple[str, Any]]:
        """What it has said; afterwards `dead` tells whether more may come."""
        try:
            while self.connection.poll():
                kind, value = self.connection.recv()
                self.ready = self.ready or kind == "ready"
                yield kind, value
        except (EOFError, OSError):
            self.dead = True
            self.process.join()

    def leave(self, now: float) -> None:
        """Has it leave its videos. It is told again every second: a library may have swallowed the first word."""
        if LEAVE is not None and now > self._told_at + 1.0 and self.process.pid is not None:
            self._told_at = now
            with suppress(ProcessLookupError):
                os.kill(self.process.pid, LEAVE)

    def how(self) -> str:
        """How it died."""
        return how_it_ended(self.process.exitcode)

    def end(self, *, kill: bool) -> None:
        """Ends it: now, or when what it has is done."""
        with suppress(OSError):
            self.connection.send(None)
        if kill or not self.ready:
            self.process.kill()
        self.process.join()
        self.connection.close()
        self.process.close()


def _eventful(pool: list[_Child]) -> list[_Child]:
    """Those that have said something, or died."""
    ready = connection.wait([child.connection for child in pool], timeout=_WAIT)
    return [child for child in pool if child.connection in ready]
