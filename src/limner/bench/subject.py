"""A model loaded for measuring: calls on real pictures, their stages timed apart."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from limner.bench.cases import Case
from limner.errors import ModelError, OptionError
from limner.models.card import SEGMENT
from limner.runtimes.base import Array, QueueingRuntime, Runtime, TensorInfo
from limner.runtimes.loading import load_runtime
from limner.segment.clean import clean
from limner.segment.edge import DEFAULT_SOFTNESS
from limner.segment.fit import check_fit
from limner.segment.memory import MoreInputs
from limner.segment.postprocess import confidence, person_probability
from limner.segment.preprocess import Preprocessor, unplace
from limner.segment.pyramid import Pyramid, build_pyramid
from limner.segment.refine import refine

STAGES = ("preprocess", "hand over", "inference", "read back", "postprocess")
"""Parts of a call: picture to the net's input; input to the device; the net; output to memory; output to matte."""
NET = STAGES[1:4]


class BatchError(OptionError):
    """The model does not take that many pictures at once."""


@dataclass(frozen=True, slots=True)
class Turn:
    """Seconds of a call, means over a turn: wall clock by stage, and CPU time of all threads for the net's stages."""

    stages: Mapping[str, float]
    net_cpu: float

    @property
    def net(self) -> float:
        """Wall clock of the net's stages."""
        return sum(self.stages[name] for name in NET)


class Subject:
    """A case made ready.

    Args:
        case: what to load.
        frame: the picture, RGB uint8 (H, W, 3); a batch holds it as it is and mirrored by turns.
        profile: keep the times of operators.

    Raises:
        BatchError: the model does not take that many pictures at once.
        LimnerError: the model cannot be loaded, or its card does not fit.
    """

    def __init__(self, case: Case, frame: NDArray[np.uint8], *, profile: bool = False) -> None:
        self.case = case
        started = time.perf_counter()
        card = self._card = case.model.card
        more: dict[str, Any] = {"profile": True} if profile else {}
        self.runtime: Runtime = load_runtime(
            case.model.path, runtime=case.runtime, device=case.device, threads=case.threads, **more
        )
        self.load_seconds = time.perf_counter() - started
        tensor = self._input()
        if case.batch == 1 and card.task == SEGMENT:
            tensor = check_fit(card, self.runtime)
        self._preprocess = Preprocessor(card, tensor)
        self._more = MoreInputs(card, self.runtime.inputs).feeds(None)
        if self._more and case.batch > 1:
            raise BatchError(
                f"‹batch› {case.batch}: {case.label} has states or constant inputs, which are for one picture at a "
                "time; leave the option out"
            )
        mirrored = np.ascontiguousarray(frame[:, ::-1])
        self._frames = [mirrored if index % 2 else frame for index in range(case.batch)]

    def turn(self, calls: int) -> Turn:
        """Pictures to inputs, ``calls`` calls of the net one after the other, and the last one's outputs to mattes.

        The net is not called between the other stages, whose threads would still be about: its CPU time is its own.
        """
        start = time.perf_counter()
        pyramids = [build_pyramid(frame) for frame in self._frames]
        inputs = self._feed(pyramids)
        prepared = time.perf_counter()
        self.runtime.run(inputs)  # not counted: caches are as the stage before left them
        net = np.zeros(len(NET))
        before = time.process_time()
        for _ in range(calls):
            laps = [time.perf_counter()]
            outputs = self.runtime.run(inputs, laps=laps)
            net += np.diff(laps)
        net_cpu = (time.process_time() - before) / calls
        computed = time.perf_counter()
        self._finish(outputs[self._card.output.name], pyramids)
        spans = (prepared - start, *(float(seconds) / calls for seconds in net), time.perf_counter() - computed)
        return Turn(dict(zip(STAGES, spans, strict=True)), net_cpu)

    def queued(self, calls: int) -> float | None:
        """Seconds for ``calls`` calls of the net with all requests at work; None where there is but one."""
        if not isinstance(self.runtime, QueueingRuntime) or self.runtime.requests < 2:
            return None
        inputs = self._feed([build_pyramid(frame) for frame in self._frames])
        start = time.perf_counter()
        self.runtime.run_all([inputs] * calls)
        return time.perf_counter() - start

    def _input(self) -> TensorInfo:
        name, layout = self._card.input.name, self._card.input.layout
        for info in self.runtime.inputs:
            if info.name == name:
                takes = info.shape[layout.index("N")] if len(info.shape) == len(layout) else 1
                if takes not in (None, self.case.batch):
                    raise BatchError(
                        f"‹batch› {self.case.batch}: {self.case.label} takes {takes} at a time in {self.runtime.name}; "
                        f"export it with ‹dynamic› batch, or leave the option out"
                    )
                return info
        raise ModelError(f"card of {self._card.name!r}: the model has no input {name!r}")

    def _feed(self, pyramids: list[Pyramid]) -> dict[str, Array]:
        """The pictures as the net takes them; a state is that before a first frame."""
        rows = [self._preprocess.feeds(pyramid.small) for pyramid in pyramids]
        return (
            {**rows[0], **self._more}
            if len(rows) == 1
            else {name: np.concatenate([row[name] for row in rows]) for name in rows[0]}
        )

    def _finish(self, output: Array, pyramids: list[Pyramid]) -> None:
        """What the segmenter makes of the net's output: mattes at the pictures' size."""
        if self._card.task != SEGMENT:
            return
        for index, pyramid in enumerate(pyramids):
            one = output if self.case.batch == 1 else output[index : index + 1]
            small = (pyramid.small.shape[0], pyramid.small.shape[1])
            probability = unplace(person_probability(one, self._card), small, self._card.input)
            confidence(probability)
            refine(clean(probability, pyramid.small), pyramid, softness=DEFAULT_SOFTNESS)
