"""Recipes: the YAML files `limner train` runs, read into validated, frozen dataclasses."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Sequence
from dataclasses import asdict, field
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

import yaml
from pydantic import ConfigDict, Field, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass

from limner.datasets.mix import Mix
from limner.errors import OptionError
from limner.models.card import SEGMENT
from limner.nets.quantized.options import QuantizeRecipe
from limner.training.recipes.loss import LossRecipe, PixelTerm, Term
from limner.training.recipes.optimizer import OptimizerRecipe
from limner.training.recipes.schedules import Cosine, Plateau, Schedule
from limner.training.recipes.teacher import TeacherRecipe
from limner.weights.record import NetRecord

T = TypeVar("T")
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
    """The encoder, batch norm statistics too, does not learn before the share ``encoder_until`` of the run."""

    encoder_until: Annotated[float, Field(gt=0, le=1)]


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


def _usual_loss() -> LossRecipe:
    """What nets of any kind can train on: it needs no head, no twin and no teacher."""
    return LossRecipe(bce=PixelTerm(edge=3.0), person_iou=Term(0.5), background_iou=Term(0.25))


@dataclass(frozen=True, config=_CONFIG)
class Recipe(Course):
    """A whole training run.

    Attributes:
        net: what is trained.
        input_size: pixels, square, at which the net ships; the last phase should train there.
        data: how pictures are drawn, see ``limner.datasets.sampler.Mix``.
        samples: pictures in the whole run.
        batch: pictures a step, over all processes together.
        phases: input sizes in order.
        loss: the terms that are summed, see ``limner.training.recipes.loss``.
        teacher: whose soft masks the term "distill" follows.
        accumulate: parts that a step's batch is computed in, one after the other, for less memory.
        freeze: when the encoder learns, or None for always.
        masks: folder of `limner data relabel` whose masks stand in for those of the auto sets, or None.
        quantize: train with everything rounded to 8 bits, or None; see ``limner.nets.quantized.net``.
        init: weights to start from: "imagenet", a shipped model's name, a .onnx or .safetensors file, or a checkpoint.
        init_parts: attribute of the net -> weights that this part of it starts from, such as ``{selfie: selfie}``.
            This and ``init_sharpness`` belong to ``init``: with ``--init`` they do not count.
        init_sharpness: factor on the net's last convolution after ``init``, in (0, 1]. A net may mask well with huge
            logits, and then the loss is steep; below 1 it draws the same masks and learns gently.
        ema: decay a step of the averaged weights, which are the ones that ship.
        precision: "bf16" and "fp16" compute in 16 bits where that is safe, the latter with a scaled loss.
        augment_on: where light and camera change pictures: "host" while they are drawn, or "device", beside the net, a
            whole batch at a time, which on a GPU spares the CPU most of its work.
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
    data: Mix
    samples: Annotated[int, Field(gt=0)]
    batch: Annotated[int, Field(gt=0)]
    phases: tuple[Phase, ...]
    optimizer: OptimizerRecipe
    schedule: Schedule = field(default_factory=Cosine)
    loss: LossRecipe = field(default_factory=_usual_loss)
    teacher: TeacherRecipe | None = None
    accumulate: Annotated[int, Field(ge=1)] = 1
    freeze: FreezeRecipe | None = None
    masks: Path | None = None
    quantize: QuantizeRecipe | None = None
    init: str | None = None
    init_parts: dict[str, str] = field(default_factory=dict)
    init_sharpness: Annotated[float, Field(gt=0, le=1)] = 1.0
    ema: Annotated[float, Field(ge=0, lt=1)] = 0.998
    precision: Literal["fp32", "bf16", "fp16"] = "fp32"
    augment_on: Literal["host", "device"] = "host"
    sync_batch_norm: bool = False
    processes: Annotated[int, Field(ge=0)] = 0
    workers: Annotated[int, Field(ge=0)] = 0
    seed: Annotated[int, Field(ge=0)] = 1
    validate_every: Annotated[int, Field(ge=0)] = 0
    score: str = ""
    early_stop: EarlyStopRecipe | None = None

    @property
    def record(self) -> NetRecord:
        """What builds the net again."""
        quantize = None if self.quantize is None else asdict(self.quantize)
        return NetRecord(self.net.name, self.net.options, self.input_size, quantize)

    def __post_init__(self) -> None:
        self.check_phases()
        if self.accumulate > self.batch:
            raise ValueError(f"accumulate: a batch of {self.batch} has no {self.accumulate} parts")
        for name, used in (("schedule.kind", isinstance(self.schedule, Plateau)), ("early_stop", self.early_stop)):
            if used and not self.validate_every:
                raise ValueError(f"{name}: listens to validations; set validate_every to a number of samples")
        if self.quantize is not None:
            self._check_quantize()

    def _check_quantize(self) -> None:
        if any(phase.size != self.input_size for phase in self.phases):
            raise ValueError(f"quantize: all phases must have the size of input_size, {self.input_size}")
        if self.precision != "fp32":
            raise ValueError("quantize: needs precision: fp32; 16 bits beside the 8 would blur what is rounded")
        if self.sync_batch_norm or self.freeze is not None:
            raise ValueError("quantize: takes neither sync_batch_norm nor freeze; it has quantize.freeze_norms")


_ADAPTER = TypeAdapter(Recipe)


def load_recipe(path: Path, *, changes: Sequence[str] = ()) -> Recipe:
    """Read a recipe and apply ``changes`` such as "optimizer.lr=3e-4".

    ``like: other.yaml`` takes every field that a recipe does not name from another one beside it; the fields of
    ``data`` are taken one by one, all others whole.

    Raises:
        OptionError: the file is missing or not YAML, a field is unknown, missing or of the wrong type, or a change
            names no field.
    """
    raw = read_recipe(path, changes=changes)
    task = raw.pop("task", SEGMENT)
    if task != SEGMENT:
        raise OptionError(f"{path}: task: must be {SEGMENT} here, not {task!r}")
    return from_dict(raw, source=str(path))


def read_recipe(path: Path, *, changes: Sequence[str] = ()) -> dict[str, Any]:
    """A recipe's fields as plain data, for whatever ``task``, with ``changes`` applied; nothing is checked yet."""
    raw = _read(path)
    for change in changes:
        _apply(raw, change)
    return raw


def _read(path: Path) -> dict[str, Any]:
    """A recipe's fields, with those of the recipe it is like."""
    try:
        raw = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise OptionError(f"{path}: no such recipe; the ones that ship lie in recipes/") from None
    except (yaml.YAMLError, UnicodeDecodeError, OSError) as error:
        raise OptionError(f"{path}: not a readable YAML file ({' '.join(str(error).split())})") from None
    if not isinstance(raw, dict):
        raise OptionError(f"{path}: a recipe is a mapping of fields, this is {type(raw).__name__}")
    model = raw.pop("like", None)
    if model is None:
        return raw
    other = path.parent / str(model)
    if not other.is_file() or other.resolve() == path.resolve():
        raise OptionError(f"{path}: like: there is no other recipe {other}")
    base, data = _read(other), raw.get("data", {})
    return {**base, **raw, "data": {**base.get("data", {}), **data} if isinstance(data, dict) else data}


def from_dict(raw: dict[str, Any], *, source: str) -> Recipe:
    """Validate a recipe given as plain data; ``source`` names it in errors."""
    return validated(_ADAPTER, raw, source=source)


def validated(adapter: TypeAdapter[T], raw: dict[str, Any], *, source: str) -> T:
    """What ``adapter`` makes of plain data; OptionError where it is wrong, in one line that names the field."""
    try:
        return adapter.validate_python(raw)
    except ValidationError as error:
        first = error.errors()[0]
        parts = [str(part) for part in first["loc"]]
        if len(parts) > 1 and parts[0] in ("optimizer", "schedule"):
            del parts[1]  # the kind, which is not a field
        where = ".".join(parts)
        raise OptionError(f"{source}: {where + ': ' if where else ''}{first['msg']}") from None


def recorded(raw: dict[str, Any], *, source: str) -> Recipe:
    """The recipe of a checkpoint, read for what became of it: the loss, which only training needs, is left aside."""
    return from_dict({name: value for name, value in raw.items() if name not in ("loss", "teacher")}, source=source)


def float_recipe(raw: dict[str, Any], *, source: str) -> Recipe:
    """The recipe of a checkpoint, as ``recorded``, whose net is not rounded to 8 bits.

    Raises:
        OptionError: it is.
    """
    recipe = recorded(raw, source=source)
    if recipe.quantize is not None:
        raise OptionError(f"{source}: is rounded to 8 bits already; name the checkpoint or model that it started from")
    return recipe


def to_dict(recipe: Recipe) -> dict[str, Any]:
    """Plain data that ``from_dict`` reads back."""
    plain: dict[str, Any] = _ADAPTER.dump_python(recipe, mode="json")
    return plain


def _apply(raw: dict[str, Any], change: str) -> None:
    path, equals, text = change.partition("=")
    if not equals:
        raise OptionError(f"‹set› {change}: write it as field=value, for example ‹set› optimizer.lr=3e-4")
    *parents, last = path.strip().split(".")
    target = raw
    for parent in parents:
        target = target.setdefault(parent, {})
        if not isinstance(target, dict):
            raise OptionError(f"‹set› {change}: {parent} holds no fields")
    value = yaml.safe_load(text)
    if isinstance(value, str):  # YAML reads 3e-4 as text
        with contextlib.suppress(ValueError):
            value = float(value)
    target[last] = value
