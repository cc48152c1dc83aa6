"""Where the work is done: in threads of this process, or in processes of their own (`limner.serve.crew`)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, Protocol

from limner.segment.batched import BatchCounts
from limner.serve.gate import Errand
from limner.serve.models import ModelFacts
from limner.serve.options import ServeOptions
from limner.serve.work import Work, build_work

Job = Literal["picture", "info", "frame"]
"""A method of `limner.serve.work.Work`."""


class Workplace(Protocol):
    """Does jobs, one in each thread that asks."""

    @property
    def facts(self) -> Sequence[ModelFacts]:
        """Of the models that are loaded; requests get the first unasked."""

    def do(self, job: Job, errand: Errand, *arguments: Any) -> Any:
        """The result of a job, in the thread of the caller, who waits.

        Raises:
            RefusedError, LimnerError, GoneError, MemoryError: as the job does.
        """

    def alive(self) -> bool:
        """Whether a job would be done now, or as soon as one in work is."""

    def memory(self) -> Mapping[str, int]:
        """Worker -> bytes of memory that it has; nothing where workers are no processes."""

    @property
    def batches(self) -> BatchCounts | None:
        """How many photos and frames went through the models, in how many runs; None where each goes alone."""

    @property
    def lost(self) -> int:
        """Processes that ended unasked so far."""

    def close(self) -> None:
        """Ends it, whatever is under way."""


class Threads:
    """The work in the caller's own thread, all with one copy of each model.

    Args:
        options: the operator's. The models are loaded here.

    Raises:
        LimnerError: an option or a model cannot be used.
    """

    lost = 0

    def __init__(self, options: ServeOptions) -> None:
        self.work: Work = build_work(options)
        self.facts = tuple(self.work.models.facts())
        self._batch = options.batch

    def do(self, job: Job, errand: Errand, *arguments: Any) -> Any:
        """See `Workplace`."""
        return getattr(self.work, job)(*arguments, errand)

    def alive(self) -> bool:
        """See `Workplace`."""
        return True

    def memory(self) -> Mapping[str, int]:
        """See `Workplace`."""
        return {}

    @property
    def batches(self) -> BatchCounts | None:
        """See `Workplace`."""
        return self.work.models.batches if self._batch > 1 else None

    def close(self) -> None:
        """See `Workplace`."""
