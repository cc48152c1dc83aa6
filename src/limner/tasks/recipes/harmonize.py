"""Recipes of harmonization: `task: harmonize` in a YAML file that `limner train` runs."""

from __future__ import annotations

from dataclasses import field
from pathlib import Path
from typing import Annotated, Any

from pydantic import ConfigDict, Field, TypeAdapter
from pydantic.dataclasses import dataclass

from limner.datasets.pairs import PairMix
from limner.models.card import HARMONIZE
from limner.tasks.recipes.reading import validated
from limner.tasks.recipes.run import RunRecipe

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


@dataclass(frozen=True, kw_only=True, config=_CONFIG)
class HarmonizeRecipe(RunRecipe):
    """A training run of the net ``harmonizer``. Fields that are not here are those of ``RunRecipe``."""

    data: PairMix
    loss: HarmonizeLoss = field(default_factory=HarmonizeLoss)
    score: str = "score"

    @property
    def task(self) -> str:
        """Its task's name."""
        return HARMONIZE

    def __post_init__(self) -> None:
        self.check_run()
        if self.net.name != "harmonizer":
            raise ValueError(f"net.name: must be harmonizer for this task, not {self.net.name!r}")


_ADAPTER = TypeAdapter(HarmonizeRecipe)


def harmonize_recipe(raw: dict[str, Any], *, source: str | Path) -> HarmonizeRecipe:
    """Validate a recipe given as plain data; ``source`` names it in errors.

    Raises:
        OptionError: a field is unknown, missing or of the wrong type.
    """
    own = {name: value for name, value in raw.items() if name != "task"}
    return validated(_ADAPTER, own, source=str(source))


def to_dict(recipe: HarmonizeRecipe) -> dict[str, Any]:
    """Plain data that ``harmonize_recipe`` reads back."""
    return {"task": HARMONIZE, **_ADAPTER.dump_python(recipe, mode="json")}
