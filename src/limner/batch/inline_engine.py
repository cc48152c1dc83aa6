"""Work in this process, one photo after the other: for memory://, which no other process sees."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from limner.batch.item import Item, Outcome
from limner.batch.stop import Stop
from limner.batch.worker import Task, Worker


class InlineEngine:
    """See `limner.batch.running.Engine`.

    Args:
        tries: how often a photo is begun at most where a fault may pass.
    """

    def __init__(self, task: Task, *, tries: int) -> None:
        self._task, self._tries = task, tries

    def run(self, items: Sequence[Item], stop: Stop) -> Iterator[Outcome]:
        """One outcome for each item that was begun, in their order.

        Raises:
            LimnerError: the options cannot be used.
        """
        worker = Worker(self._task)
        for index, item in enumerate(items):
            if stop.asked:
                return
            outcome = worker.do(index, item)
            for _ in range(1, self._tries):
                if not outcome.again:
                    break
                outcome = worker.do(index, item)
            yield outcome
