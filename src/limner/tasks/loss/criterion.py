"""The criterion: a recipe's loss terms, checked against what is there for them, and summed with their weights."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from limner.errors import OptionError
from limner.nets.base import SegmentationNet
from limner.tasks.loss import agreement, losses
from limner.tasks.loss.boundary import boundary_loss
from limner.tasks.recipes.loss import (
    BoundaryTerm,
    ConsistencyTerm,
    CrossEntropyTerm,
    LossRecipe,
    PixelTerm,
    PresenceTerm,
    Term,
)
from limner.tasks.teachers.distillation import distill_loss

if TYPE_CHECKING:
    from limner.tasks.recipes.recipe import Recipe
    from limner.tasks.recipes.teacher import TeacherRecipe


@dataclass(frozen=True, slots=True)
class Prediction:
    """What a net said of a batch, and what it should have said.

    Attributes:
        logits: float (N, C, H, W).
        person: float (N, 1, H, W), the person logits.
        person_class: which of the C classes that is.
        heads: what the training heads say.
        target, weight: float (N, 1, H, W) in [0, 1].
        twin: person logits of the photos' twins.
        previous, previous_target: person logits of the frames before, and their targets.
        teacher: the teacher's probability of person, float (N, 1, H, W).
    """

    logits: Tensor
    person: Tensor
    person_class: int
    heads: dict[str, Tensor]
    target: Tensor
    weight: Tensor
    twin: Tensor | None = None
    previous: Tensor | None = None
    previous_target: Tensor | None = None
    teacher: Tensor | None = None


class Criterion:
    """The weighted sum of a recipe's loss terms.

    Args:
        recipe: whose ``loss`` is summed.
        net: what is trained; only its class, heads and classes matter.

    Raises:
        OptionError: a term needs a head, classes, data or a teacher that are not there.
    """

    def __init__(self, recipe: Recipe, net: SegmentationNet) -> None:
        _check(recipe, net)
        self.terms, self.teacher = recipe.loss.active(), recipe.teacher

    def __call__(self, said: Prediction) -> tuple[Tensor, dict[str, Tensor]]:
        """The loss, a scalar, and each term's value before its weight, detached."""
        values = {name: self._value(name, term, said) for name, term in self.terms.items()}
        loss = torch.stack([values[name] * term.weight for name, term in self.terms.items()]).sum()
        return loss, {name: value.detach() for name, value in values.items()}

    def _value(self, name: str, term: Term, said: Prediction) -> Tensor:
        if name == "distill":
            assert self.teacher is not None
            return _distill(self.teacher, said)
        return _TERMS[name](term, said)


def _check(recipe: Recipe, net: SegmentationNet) -> None:
    """Name the first term whose needs are not met, and the remedy."""
    terms, kind = recipe.loss.active(), recipe.net.name
    for name in ("coarse", "boundary", "presence"):
        if name in terms and name not in net.head_names:
            heads = f"it has {' and '.join(net.head_names)}" if net.head_names else "it has none"
            raise OptionError(f"loss.{name}: the net {kind} has no head {name!r} ({heads}); take the term out")
    if "cross_entropy" in terms:
        _check_classes(recipe.loss, net, kind)
    for name, there, remedy in (
        ("consistency", recipe.data.twins, "set data.twins: true"),
        ("temporal", recipe.data.previous, "set data.previous: true"),
        ("distill", recipe.teacher is not None, "name one with teacher: {models: [quality]}"),
    ):
        if name in terms and not there:
            what = {"consistency": "twins of the photos", "temporal": "previous frames", "distill": "a teacher"}[name]
            raise OptionError(f"loss.{name}: needs {what}; {remedy}, or take the term out")
    if recipe.teacher is not None and "distill" not in terms:
        raise OptionError("teacher: nothing listens to it; give it a weight with loss.distill, or take it out")
    if net.in_channels == 4 and recipe.data.priors is None:
        raise OptionError(f"net {kind} with 4 channels: needs previous masks; set data.priors: {{}}")


def _check_classes(loss: LossRecipe, net: SegmentationNet, kind: str) -> None:
    assert loss.cross_entropy is not None
    background = loss.cross_entropy.background
    if net.classes == 1:
        raise OptionError(f"loss.cross_entropy: the net {kind} has one class; use bce, or a net of several classes")
    if background >= net.classes or background == net.person_class:
        raise OptionError(
            f"loss.cross_entropy.background: must be a class below {net.classes} other than the person's "
            f"({net.person_class}), not {background}"
        )


def _bce(term: PixelTerm, said: Prediction) -> Tensor:
    return losses.edge_weighted_bce(said.person, said.target, said.weight, edge=term.edge)


def _cross_entropy(term: CrossEntropyTerm, said: Prediction) -> Tensor:
    return losses.cross_entropy(
        said.logits,
        said.target,
        said.weight,
        person_class=said.person_class,
        background=term.background,
        edge=term.edge,
    )


def _dice(_term: Term, said: Prediction) -> Tensor:
    return losses.dice_loss(torch.sigmoid(said.person), said.target, said.weight)


def _lovasz(_term: Term, said: Prediction) -> Tensor:
    return losses.lovasz_hinge(said.person, said.target, said.weight)


def _person_iou(_term: Term, said: Prediction) -> Tensor:
    return losses.soft_iou_loss(torch.sigmoid(said.person), said.target, said.weight)


def _background_iou(_term: Term, said: Prediction) -> Tensor:
    return losses.soft_iou_loss(torch.sigmoid(-said.person), 1 - said.target, said.weight)


def _coarse(_term: Term, said: Prediction) -> Tensor:
    return losses.coarse_bce(said.heads["coarse"], said.target, said.weight)


def _boundary(term: BoundaryTerm, said: Prediction) -> Tensor:
    return boundary_loss(
        said.heads["boundary"],
        said.target,
        said.weight,
        edges=term.edges,
        width=term.width,
        gamma=term.gamma,
        balance=term.balance,
    )


def _presence(term: PresenceTerm, said: Prediction) -> Tensor:
    return losses.presence_bce(said.heads["presence"], said.person, said.target, said.weight, missed=term.missed)


def _consistency(term: ConsistencyTerm, said: Prediction) -> Tensor:
    assert said.twin is not None
    return agreement.consistency_loss(said.person, said.twin, said.weight, temperature=term.temperature)


def _temporal(_term: Term, said: Prediction) -> Tensor:
    assert said.previous is not None
    assert said.previous_target is not None
    return agreement.temporal_loss(said.person, said.previous, said.target, said.previous_target, said.weight)


def _distill(teacher: TeacherRecipe, said: Prediction) -> Tensor:
    assert said.teacher is not None
    return distill_loss(
        said.person,
        said.teacher,
        said.weight,
        temperature=teacher.temperature,
        confidence=teacher.confidence,
    )


_TERMS: dict[str, Callable[[Any, Prediction], Tensor]] = {
    "bce": _bce,
    "cross_entropy": _cross_entropy,
    "dice": _dice,
    "lovasz": _lovasz,
    "person_iou": _person_iou,
    "background_iou": _background_iou,
    "coarse": _coarse,
    "boundary": _boundary,
    "presence": _presence,
    "consistency": _consistency,
    "temporal": _temporal,
}
