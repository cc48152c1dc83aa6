"""The `loss` of a recipe: which terms are summed, with which weights and options."""

from __future__ import annotations

from dataclasses import fields
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, ConfigDict, Field
from pydantic.dataclasses import dataclass

_CONFIG = ConfigDict(extra="forbid")


def _bare_weight(raw: Any) -> Any:
    """A bare number stands for the weight: ``dice: 0.5`` is ``dice: {weight: 0.5}``."""
    return {"weight": raw} if isinstance(raw, int | float) and not isinstance(raw, bool) else raw


@dataclass(frozen=True, config=_CONFIG)
class Term:
    """A term without options. ``weight`` is its share of the sum; 0 leaves it out."""

    weight: Annotated[float, Field(ge=0)] = 1.0


@dataclass(frozen=True, config=_CONFIG)
class PixelTerm(Term):
    """A term of single pixels; one right on the person's edge counts 1 + ``edge`` times."""

    edge: Annotated[float, Field(ge=0)] = 0.0


@dataclass(frozen=True, config=_CONFIG)
class CrossEntropyTerm(PixelTerm):
    """Softmax cross entropy; what is not the person is class ``background``."""

    background: Annotated[int, Field(ge=0)] = 0


@dataclass(frozen=True, config=_CONFIG)
class BoundaryTerm(Term):
    """Focal loss of the boundary head.

    Attributes:
        edges: how the outline is found in the target: "morphological" (dilation minus erosion) or "canny".
        width: pixels of the outline.
        gamma: how strongly pixels that are right already are played down.
        balance: weight of outline pixels; the others weigh 1 − balance.
    """

    edges: Literal["morphological", "canny"] = "morphological"
    width: Annotated[int, Field(ge=1)] = 3
    gamma: Annotated[float, Field(ge=0)] = 2.0
    balance: Annotated[float, Field(gt=0, lt=1)] = 0.75


@dataclass(frozen=True, config=_CONFIG)
class PresenceTerm(Term):
    """Cross entropy of the presence head; a cell with a person in it counts ``missed`` times."""

    missed: Annotated[float, Field(gt=0)] = 3.0


@dataclass(frozen=True, config=_CONFIG)
class ConsistencyTerm(Term):
    """KL divergence between the photo's prediction and its twin's, both softened by ``temperature``."""

    temperature: Annotated[float, Field(gt=0)] = 1.0


@dataclass(frozen=True, config=_CONFIG)
class LossRecipe:
    """The terms of the loss; ``limner.tasks.loss.criterion`` sums them.

    Attributes:
        bce: binary cross entropy of the person.
        cross_entropy: softmax cross entropy, for nets of several classes.
        dice: 1 − soft Dice index of the person.
        lovasz: Lovász hinge.
        person_iou, background_iou: 1 − soft Jaccard index.
        coarse: binary cross entropy of the head "coarse".
        boundary: focal loss of the head "boundary".
        presence: binary cross entropy of the head "presence".
        consistency: agreement of photo and texture-changed twin.
        temporal: agreement with the previous frame where the target does not change.
        distill: agreement with the teacher.
    """

    bce: Annotated[PixelTerm | None, BeforeValidator(_bare_weight)] = None
    cross_entropy: Annotated[CrossEntropyTerm | None, BeforeValidator(_bare_weight)] = None
    dice: Annotated[Term | None, BeforeValidator(_bare_weight)] = None
    lovasz: Annotated[Term | None, BeforeValidator(_bare_weight)] = None
    person_iou: Annotated[Term | None, BeforeValidator(_bare_weight)] = None
    background_iou: Annotated[Term | None, BeforeValidator(_bare_weight)] = None
    coarse: Annotated[Term | None, BeforeValidator(_bare_weight)] = None
    boundary: Annotated[BoundaryTerm | None, BeforeValidator(_bare_weight)] = None
    presence: Annotated[PresenceTerm | None, BeforeValidator(_bare_weight)] = None
    consistency: Annotated[ConsistencyTerm | None, BeforeValidator(_bare_weight)] = None
    temporal: Annotated[Term | None, BeforeValidator(_bare_weight)] = None
    distill: Annotated[Term | None, BeforeValidator(_bare_weight)] = None

    def __post_init__(self) -> None:
        if not self.active():
            raise ValueError("name at least one term with a weight above 0, such as bce: 1")

    def active(self) -> dict[str, Term]:
        """The terms with a weight above 0 by name, in the order above."""
        terms = {entry.name: getattr(self, entry.name) for entry in fields(self)}
        return {name: term for name, term in terms.items() if term is not None and term.weight > 0}
