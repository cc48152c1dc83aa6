"""What recipes of all tasks say: the net, how long, how fast, on what and where from."""

from __future__ import annotations

import math
from dataclasses import field
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field
from pydantic.dataclasses import dataclass

from limner.tasks.recipes.optimizer import OptimizerRecipe
from limner.tasks.recipes.schedules import Cosine, Plateau, Schedule
from limner.weights.record import NetRecord

_CONFIG = ConfigDict(extra="forbid")


@dataclass(frozen=True, config=_CONFIG)
class NetRecipe:
    """Which net: its name in ``limner.nets.NETS`` and its options."""

    name: str
    options: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, config=_CONFIG)
class Phase:
    """A part of the run at one input size (pixels, square). Shares of all phases add up to 1."""

    size: Annotated[int, Field(gt=0)]
    share: Annotated[float, Field(gt=0, le=1)]


@dataclass(frozen=True, config=_CONFIG)
class FreezeRecipe:
    """What does not learn, batch norm statistics included.

    Attributes:
        encoder_until: share of the run before which the encoder does not learn; 0 lets it learn from the start.
        parts: attributes of the net that never learn.
    """

    encoder_until: Annotated[float, Field(ge=0, le=1)] = 0.0
    parts: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not self.encoder_until and not self.parts:
            raise ValueError("names nothing to freeze; set encoder_until above 0, or parts, or take `freeze` out")


@dataclass(frozen=True, config=_CONFIG)
class EarlyStopRecipe:
    """End the run when ``patience`` validations in a row bring no better score."""

    patience: Annotated[int, Field(ge=1)]


class Course:
    """How a run's steps and input sizes follow from its samples, batch and phases."""

    samples: int
    batch: int
    phases: tuple[Phase, ...]

    @property
    def steps(self) -> int:
        """Optimiser steps in the whole run."""
        return math.ceil(self.samples / self.batch)

    def size_at(self, step: int) -> int:
        """Input size of a step."""
        progress, reached = step / self.steps, 0.0
        for phase in self.phases:
            reached += phase.share
            if progress < reached - 1e-9:
                return phase.size
        return self.phases[-1].size

    def check_phases(self) -> None:
        """Raise ValueError unless the shares of the phases make a whole."""
        if not self.phases or abs(sum(phase.share for phase in self.phases) - 1) > 1e-6:
            raise ValueError("phases: their shares must add up to 1")


@dataclass(frozen=True, kw_only=True, config=_CONFIG)
class RunRecipe(Course):
    """A whole training run, of whatever task.

    Attributes:
        net: what is trained.
        input_size: pixels, square, at which the net ships; the last phase should train there.
        samples: pictures in the whole run.
        batch: pictures a step, over all processes together.
        phases: input sizes in order.
        accumulate: parts that a step's batch is computed in, one after the other, for less memory.
        freeze: when the encoder learns, or None for always.
        masks: folder of `limner data label` whose masks stand in for those of the auto sets, or None.
        init: weights to start from: "imagenet", a shipped model's name, a .onnx or .safetensors file, or a checkpoint.
        ema: decay a step of the averaged weights, which are the ones that ship.
        precision: "bf16" and "fp16" compute in 16 bits where that is safe, the latter with a scaled loss.
        sync_batch_norm: batch norm sees all processes' pictures instead of each process's own.
        processes: processes that share each batch on a CPU; 0 is one for each core. On a GPU it is one; `torchrun`
            sets its own number.
        workers: processes that only draw pictures, for each training process; 0 draws them in it.
        seed: two runs with equal seeds draw equal pictures.
        validate_every: samples between validations; 0 validates at the end only.
        score: what of a validation is the run's score: the mean of the values whose names start with this.
        early_stop: when a run ends before its time, or None for never.
    """

    net: NetRecipe
    input_size: Annotated[int, Field(gt=0)]
    samples: Annotated[int, Field(gt=0)]
    batch: Annotated[int, Field(gt=0)]
    phases: tuple[Phase, ...]
    optimizer: OptimizerRecipe
    schedule: Schedule = field(default_factory=Cosine)
    accumulate: Annotated[int, Field(ge=1)] = 1
    freeze: FreezeRecipe | None = None
    masks: Path | None = None
    init: str | None = None
    ema: Annotated[float, Field(ge=0, lt=1)] = 0.998
    precision: Literal["fp32", "bf16", "fp16"] = "fp32"
    sync_batch_norm: bool = False
    processes: Annotated[int, Field(ge=0)] = 0
    workers: Annotated[int, Field(ge=0)] = 0
    seed: Annotated[int, Field(ge=0)] = 1
    validate_every: Annotated[int, Field(ge=0)] = 0
    score: str = ""
    early_stop: EarlyStopRecipe | None = None

    @property
    def task(self) -> str:
        """Its task's name."""
        raise NotImplementedError

    @property
    def record(self) -> NetRecord:
        """What builds the net again."""
        return NetRecord(self.net.name, self.net.options, self.input_size)

    def check_run(self) -> None:
        """Raise ValueError unless the fields go together."""
        self.check_phases()
        if self.accumulate > self.batch:
            raise ValueError(f"accumulate: a batch of {self.batch} has no {self.accumulate} parts")
        for name, used in (("schedule.kind", isinstance(self.schedule, Plateau)), ("early_stop", self.early_stop)):
            if used and not self.validate_every:
                raise ValueError(f"{name}: listens to validations; set validate_every to a number of samples")
