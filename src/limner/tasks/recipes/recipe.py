"""Recipes that find people: the YAML files `limner train` runs, read into validated, frozen dataclasses."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, field
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, TypeAdapter
from pydantic.dataclasses import dataclass

from limner.datasets.mix import Mix
from limner.errors import OptionError
from limner.models.card import SEGMENT
from limner.nets.quantized.options import QuantizeRecipe
from limner.tasks.recipes.loss import LossRecipe, PixelTerm, Term
from limner.tasks.recipes.reading import read_recipe, validated
from limner.tasks.recipes.run import RunRecipe
from limner.tasks.recipes.teacher import TeacherRecipe
from limner.weights.record import NetRecord

_CONFIG = ConfigDict(extra="forbid")


def _usual_loss() -> LossRecipe:
    """What nets of any kind can train on: it needs no head, no twin and no teacher."""
    return LossRecipe(bce=PixelTerm(edge=3.0), person_iou=Term(0.5), background_iou=Term(0.25))


@dataclass(frozen=True, kw_only=True, config=_CONFIG)
class Recipe(RunRecipe):
    """A training run that finds people. Fields that are not here are those of ``RunRecipe``.

    Attributes:
        data: how pictures are drawn, see ``limner.datasets.sampler.Mix``.
        loss: the terms that are summed, see ``limner.tasks.recipes.loss``.
        teacher: whose soft masks the term "distill" follows.
        quantize: quantization-aware training, or None; see ``limner.nets.quantized.net``.
        init_parts: attribute of the net -> weights that this part of it starts from, such as ``{selfie: selfie}``.
            This and ``init_sharpness`` belong to ``init``: with other weights than the recipe's they do not count.
        init_sharpness: factor on the net's last convolution after ``init``, in (0, 1]. A net may mask well with huge
            logits, and then the loss is steep; below 1 it draws the same masks and learns gently.
        own_priors: share of each batch whose previous mask is what the net itself says of the frame before, for nets
            with four channels; needs ``data.previous`` and ``data.priors``. The others get the masks that are made.
        augment_on: where light and camera change pictures: "host" while they are drawn, or "device", beside the net, a
            whole batch at a time, which on a GPU spares the CPU most of its work.
    """

    data: Mix
    loss: LossRecipe = field(default_factory=_usual_loss)
    teacher: TeacherRecipe | None = None
    quantize: QuantizeRecipe | None = None
    init_parts: dict[str, str] = field(default_factory=dict)
    init_sharpness: Annotated[float, Field(gt=0, le=1)] = 1.0
    own_priors: Annotated[float, Field(ge=0, le=1)] = 0.0
    augment_on: Literal["host", "device"] = "host"

    @property
    def task(self) -> str:
        """Its task's name."""
        return SEGMENT

    @property
    def record(self) -> NetRecord:
        """What builds the net again."""
        quantize = None if self.quantize is None else asdict(self.quantize)
        return NetRecord(self.net.name, self.net.options, self.input_size, quantize)

    def __post_init__(self) -> None:
        self.check_run()
        if self.own_priors and not (self.data.previous and self.data.priors):
            raise ValueError("own_priors: needs previous frames and masks; set data.previous: true and data.priors: {}")
        if self.quantize is not None:
            self._check_quantize()

    def _check_quantize(self) -> None:
        if any(phase.size != self.input_size for phase in self.phases):
            raise ValueError(f"quantize: all phases must have the size of input_size, {self.input_size}")
        if self.precision != "fp32":
            raise ValueError("quantize: needs precision: fp32; it does not go with 16 bits")
        if self.sync_batch_norm or self.freeze is not None:
            raise ValueError("quantize: takes neither sync_batch_norm nor freeze; it has quantize.freeze_norms")


_ADAPTER = TypeAdapter(Recipe)


def load_recipe(path: Path, *, changes: Sequence[str] = ()) -> Recipe:
    """Read a recipe and apply ``changes`` such as "optimizer.lr=3e-4".

    ``path`` may be the name of a recipe that ships, such as "fast". ``like: other.yaml`` takes every field that a
    recipe does not name from another one, which lies beside it or ships; the fields of ``data`` are taken one by one,
    all others whole.

    Raises:
        OptionError: the file is missing or not YAML, a field is unknown, missing or of the wrong type, or a change
            names no field.
    """
    raw = read_recipe(path, changes=changes)
    task = raw.pop("task", SEGMENT)
    if task != SEGMENT:
        raise OptionError(f"{path}: task: must be {SEGMENT} here, not {task!r}")
    return from_dict(raw, source=str(path))


def from_dict(raw: dict[str, Any], *, source: str) -> Recipe:
    """Validate a recipe given as plain data; ``source`` names it in errors."""
    return validated(_ADAPTER, raw, source=source)


def recorded(raw: dict[str, Any], *, source: str) -> Recipe:
    """The recipe of a checkpoint, read for what became of it: the loss, which only training needs, is left aside."""
    return from_dict({name: value for name, value in raw.items() if name not in ("loss", "teacher")}, source=source)


def float_recipe(raw: dict[str, Any], *, source: str) -> Recipe:
    """The recipe of a checkpoint, as ``recorded``, whose net is not quantized.

    Raises:
        OptionError: it is.
    """
    recipe = recorded(raw, source=source)
    if recipe.quantize is not None:
        raise OptionError(f"{source}: is quantized already; name the checkpoint or model that it started from")
    return recipe


def to_dict(recipe: Recipe) -> dict[str, Any]:
    """Plain data that ``from_dict`` reads back."""
    plain: dict[str, Any] = _ADAPTER.dump_python(recipe, mode="json")
    return plain
