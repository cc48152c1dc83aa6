"""Channels: bounded queues between the threads of a run, which let go of everybody as soon as it stops."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterator
from typing import Generic, TypeVar

T = TypeVar("T")


class Stopped(Exception):  # noqa: N818 - a signal between threads, never an error that anybody sees
    """Another stage failed or the run was interrupted: leave quietly."""


class Run:
    """What the stages of one run share: whether to stop, and the first error."""

    def __init__(self, in_flight: int | None = None) -> None:
        self.changed = threading.Condition()
        self.waiting = [self.changed]
        """Everything that somebody may wait for. One for all would wake all stages whenever a frame moves on."""
        self.stopped = False
        self.error: BaseException | None = None
        self._free = in_flight

    def begin_frame(self) -> None:
        """Waits until one more frame may be under way."""
        with self.changed:
            while self._free == 0 and not self.stopped:
                self.changed.wait()
            if self.stopped:
                raise Stopped
            if self._free is not None:
                self._free -= 1

    def end_frame(self) -> None:
        with self.changed:
            if self._free is not None:
                self._free += 1
                self.changed.notify_all()

    def stop(self, error: BaseException | None = None) -> None:
        with self.changed:
            if self.error is None:
                self.error = error
            self.stopped = True
        for changed in self.waiting:
            with changed:
                changed.notify_all()


class Channel(Generic[T]):
    """A bounded queue that ends, and that lets go of everybody who waits as soon as the run stops."""

    def __init__(self, run: Run, depth: int) -> None:
        self._run = run
        self._depth = depth
        self._items: deque[T] = deque()
        self._ended = False
        self._changed = threading.Condition()
        run.waiting.append(self._changed)

    def put(self, item: T) -> None:
        changed = self._changed
        with changed:
            while len(self._items) >= self._depth and not self._run.stopped:
                changed.wait()
            if self._run.stopped:
                raise Stopped
            self._items.append(item)
            changed.notify_all()

    def end(self) -> None:
        with self._changed:
            self._ended = True
            self._changed.notify_all()

    def __iter__(self) -> Iterator[T]:
        return self.each()

    def each(self, idle: Callable[[], None] | None = None, every: float | None = None) -> Iterator[T]:
        """The items as they come; `idle` is called whenever none came for `every` seconds."""
        changed = self._changed
        taken: list[T] = []  # of which nothing is held once the reader has it
        while True:
            with changed:
                patient = True
                while patient and not self._items and not self._ended and not self._run.stopped:
                    patient = changed.wait(every)
                if self._run.stopped:
                    raise Stopped
                if self._items:
                    taken.append(self._items.popleft())
                changed.notify_all()
            if taken:
                yield taken.pop()
            elif patient:
                return
            elif idle is not None:
                idle()
