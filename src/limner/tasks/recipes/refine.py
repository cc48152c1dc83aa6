"""The recipe of a net that draws fine edges."""

from __future__ import annotations

from dataclasses import field
from pathlib import Path
from typing import Annotated, Any

from pydantic import ConfigDict, Field, TypeAdapter
from pydantic.dataclasses import dataclass

from limner.datasets.edges import EdgeMix
from limner.models.card import REFINE
from limner.tasks.recipes.reading import validated
from limner.tasks.recipes.run import RunRecipe

_CONFIG = ConfigDict(extra="forbid")
NET = "edge_refiner"


@dataclass(frozen=True, config=_CONFIG)
class RefineLoss:
    """Weights of what is summed, all of it near the rough matte's edge alone.

    Attributes:
        absolute: mean absolute error of alpha.
        gradient: mean absolute error of its differences from pixel to pixel, so that strands count.
        pyramid: absolute error of its Laplacian pyramid (Hou & Liu 2019).
    """

    absolute: Annotated[float, Field(ge=0)] = 1.0
    gradient: Annotated[float, Field(ge=0)] = 1.0
    pyramid: Annotated[float, Field(ge=0)] = 0.25


@dataclass(frozen=True, kw_only=True, config=_CONFIG)
class RefineRecipe(RunRecipe):
    """A training run of the net ``edge_refiner``. Fields that are not here are those of ``RunRecipe``."""

    data: EdgeMix
    loss: RefineLoss = field(default_factory=RefineLoss)
    score: str = "score"

    @property
    def task(self) -> str:
        """Its task's name."""
        return REFINE

    def __post_init__(self) -> None:
        self.check_run()
        if self.net.name != NET:
            raise ValueError(f"net.name: must be {NET} for this task, not {self.net.name!r}")


_ADAPTER = TypeAdapter(RefineRecipe)


def refine_recipe(raw: dict[str, Any], *, source: str | Path) -> RefineRecipe:
    """Validate a recipe given as plain data; ``source`` names it in errors.

    Raises:
        OptionError: a field is unknown, missing or of the wrong type.
    """
    own = {name: value for name, value in raw.items() if name != "task"}
    return validated(_ADAPTER, own, source=str(source))


def to_dict(recipe: RefineRecipe) -> dict[str, Any]:
    """Plain data that ``refine_recipe`` reads back."""
    return {"task": REFINE, **_ADAPTER.dump_python(recipe, mode="json")}
