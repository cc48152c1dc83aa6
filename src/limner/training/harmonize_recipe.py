"""Recipes of harmonization: `task: harmonize` in a YAML file that `limner train` runs."""

from __future__ import annotations

from dataclasses import field
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, TypeAdapter
from pydantic.dataclasses import dataclass

from limner.datasets.pairs import PairMix
from limner.training.recipes.optimizer import OptimizerRecipe
from limner.training.recipes.recipe import Course, NetRecipe, Phase, validated
from limner.training.recipes.schedules import Cosine, Schedule
from limner.weights.record import NetRecord

_CONFIG = ConfigDict(extra="forbid")


@dataclass(frozen=True, config=_CONFIG)
class HarmonizeLoss:
    """Weights of what is summed, all over the person's pixels alone.

    Attributes:
        mse: mean squared error on the scale of 255, in thousands.
        rmse: its root, in fifties: cares as much for slight misfits as for gross ones.
        light: mean square of the light field's logarithm: no light from one side where none is needed.
    """

    mse: Annotated[float, Field(ge=0)] = 1.0
    rmse: Annotated[float, Field(ge=0)] = 0.5
    light: Annotated[float, Field(ge=0)] = 0.05


@dataclass(frozen=True, config=_CONFIG)
class HarmonizeRecipe(Course):
    """A training run of the net ``harmonizer``. Fields that ``Recipe`` has too mean what they mean there."""

    task: Literal["harmonize"]
    net: NetRecipe
    input_size: Annotated[int, Field(gt=0)]
    data: PairMix
    samples: Annotated[int, Field(gt=0)]
    batch: Annotated[int, Field(gt=0)]
    phases: tuple[Phase, ...]
    optimizer: OptimizerRecipe
    schedule: Schedule = field(default_factory=Cosine)
    loss: HarmonizeLoss = field(default_factory=HarmonizeLoss)
    init: str | None = None
    ema: Annotated[float, Field(ge=0, lt=1)] = 0.998
    processes: Annotated[int, Field(ge=0)] = 0
    workers: Annotated[int, Field(ge=0)] = 0
    seed: Annotated[int, Field(ge=0)] = 1

    @property
    def record(self) -> NetRecord:
        """What builds the net again."""
        return NetRecord(self.net.name, self.net.options, self.input_size)

    def __post_init__(self) -> None:
        self.check_phases()
        if self.net.name != "harmonizer":
            raise ValueError(f"net.name: must be harmonizer for this task, not {self.net.name!r}")


_ADAPTER = TypeAdapter(HarmonizeRecipe)


def harmonize_recipe(raw: dict[str, Any], *, source: str | Path) -> HarmonizeRecipe:
    """Validate a recipe given as plain data; ``source`` names it in errors.

    Raises:
        OptionError: a field is unknown, missing or of the wrong type.
    """
    return validated(_ADAPTER, raw, source=str(source))


def to_dict(recipe: HarmonizeRecipe) -> dict[str, Any]:
    """Plain data that ``harmonize_recipe`` reads back."""
    plain: dict[str, Any] = _ADAPTER.dump_python(recipe, mode="json")
    return plain
