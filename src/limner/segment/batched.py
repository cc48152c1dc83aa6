"""One net for the frames of several streams: what waits for it at the same moment goes through it together."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field

from limner.errors import LimnerError
from limner.kinds import ONNX
from limner.matte import Matte
from limner.models.card import ModelCard
from limner.models.catalogue import ModelFile
from limner.runtimes.base import Array
from limner.segment.net import Net, Prepared, RuntimeFacts, Seen
from limner.segment.pyramid import Pyramid
from limner.threads import check_threads

MOST_FRAMES = 256
"""The largest batch that may be asked for."""


@dataclass(slots=True, eq=False)
class _Call:
    """A frame on its way through the net."""

    prepared: Prepared
    outputs: Mapping[str, Array] | None = None
    error: BaseException | None = None

    @property
    def done(self) -> bool:
        return self.outputs is not None or self.error is not None


@dataclass(slots=True)
class BatchCounts:
    """Attributes: frames and inferences so far, and the largest batch."""

    frames: int = 0
    inferences: int = 0
    largest: int = 0


@dataclass(slots=True)
class _Queue:
    changed: threading.Condition = field(default_factory=threading.Condition)
    waiting: list[_Call] = field(default_factory=list)
    running: int = 0


class Batched:
    """A net that many threads call at once, each with the frames of its own stream.

    Nobody waits for a batch to fill: a frame that finds the net idle goes through alone, and those that come while it
    is at work go through together as soon as it is free. So batches grow with the load and cost no delay without it.
    Frames are prepared, and outputs read, in the threads of their callers. A batch that fails is run again frame by
    frame, so that an error reaches only whose frame it is.

    Args:
        net: loaded for batches.
        most: frames in one batch.
        lanes: batches at once.

    Attributes:
        counts: what went through so far.
    """

    def __init__(self, net: Net, *, most: int, lanes: int = 1) -> None:
        self._net, self._most, self._lanes = net, most, lanes
        self._queue = _Queue()
        self.counts = BatchCounts()

    @property
    def card(self) -> ModelCard:
        """Of the model."""
        return self._net.card

    @property
    def runtime(self) -> RuntimeFacts:
        """What runs it."""
        return self._net.runtime

    @property
    def size(self) -> tuple[int, int]:
        """(height, width) of the input."""
        return self._net.size

    @property
    def takes_previous(self) -> bool:
        """Whether it looks at the matte before."""
        return self._net.takes_previous

    def see(self, pyramid: Pyramid, previous: Matte | None) -> Seen:
        """Runs the net on a frame, together with those of other threads."""
        call = _Call(self._net.prepare(pyramid, previous))
        queue = self._queue
        with queue.changed:
            queue.waiting.append(call)
        while not call.done:
            with queue.changed:
                while not call.done and queue.running >= self._lanes:
                    queue.changed.wait()
                if call.done:
                    break
                batch, queue.waiting = queue.waiting[: self._most], queue.waiting[self._most :]
                if not batch:  # another lane has it
                    queue.changed.wait()
                    continue
                queue.running += 1
            try:
                self._run(batch)
            finally:
                with queue.changed:
                    queue.running -= 1
                    queue.changed.notify_all()
        if call.error is not None:
            raise call.error
        assert call.outputs is not None
        return self._net.read(call.outputs, call.prepared)

    def _run(self, batch: list[_Call]) -> None:
        """Gives every call of a batch its outputs or its error."""
        try:
            outputs = self._net.run([call.prepared for call in batch])
            for call, own in zip(batch, outputs, strict=True):
                call.outputs = own
        except LimnerError as error:
            if len(batch) == 1:
                batch[0].error = error
            else:
                for call in batch:
                    self._run([call])
                return
        except BaseException as error:
            for call in batch:
                call.error = error
            raise
        with self._queue.changed:
            counts = self.counts
            counts.frames += len(batch)
            counts.inferences += 1
            counts.largest = max(counts.largest, len(batch))


def load_batched(found: ModelFile, *, runtime: str, device: str, threads: int | None, most: int) -> Batched:
    """The net of a model file for several threads, in batches of up to ``most``; arguments as for `Net`.

    On a CPU, ONNX Runtime runs as many batches at once as there are ``threads``, each in one of them: small nets gain
    less from several threads for one batch. Any other device, and any other runtime, gets one batch at a time.
    """
    name = runtime.partition(":")[0]
    apart = device.lower() == "cpu" and name in ("auto", "onnxruntime") and found.path.suffix.lower() == ONNX
    lanes = check_threads(threads) if apart else 1
    net = Net(found, runtime=runtime, device=device, threads=1 if apart else threads, batch=True)
    return Batched(net, most=most, lanes=lanes)
