"""Every term of the loss counts, and one whose needs are not met is an error that names the remedy."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import torch

from limner.errors import OptionError
from limner.nets import make_net
from limner.nets.base import SegmentationNet, person_logits
from limner.tasks.loss.criterion import Criterion, Prediction
from limner.tasks.recipes.loss import LossRecipe
from limner.tasks.recipes.recipe import Recipe, from_dict

TERMS: dict[str, Any] = {
    "bce": {"edge": 3.0},
    "cross_entropy": 0.5,
    "dice": 0.5,
    "lovasz": 0.2,
    "person_iou": 0.5,
    "background_iou": 0.25,
    "coarse": 0.3,
    "boundary": {"weight": 2.0, "edges": "canny"},
    "consistency": 0.1,
    "temporal": 1.0,
    "distill": 0.7,
}


class _Two(SegmentationNet):
    """Two classes and every head; only its attributes matter here."""

    head_names = ("coarse", "boundary")
    classes, person_class = 2, 1


def _recipe(**fields: Any) -> Recipe:
    raw: dict[str, Any] = {
        "net": {"name": "fast"},
        "input_size": 32,
        "data": {"sets": {"no_people": 1.0}, "twins": True, "previous": True},
        "samples": 4,
        "batch": 4,
        "phases": [{"size": 32, "share": 1.0}],
        "optimizer": {"lr": 0.001},
        "loss": TERMS,
        "teacher": {"models": ["quality"]},
    }
    return from_dict({**raw, **fields}, source="test")


def _said() -> Prediction:
    random = torch.Generator().manual_seed(3)
    target = torch.zeros(2, 1, 24, 24)
    target[:, :, 6:18, 6:18] = 1
    logits = torch.randn(2, 2, 24, 24, generator=random)
    person = person_logits(logits, 1)
    heads = {"coarse": torch.zeros(2, 1, 3, 3), "boundary": torch.zeros(2, 1, 24, 24)}
    said = Prediction(logits, person, 1, heads, target, torch.ones_like(target))
    return replace(said, twin=person + 1, previous=person + 1, previous_target=target, teacher=target * 0.9)


def test_the_loss_is_the_weighted_sum_of_its_terms() -> None:
    recipe = _recipe()
    loss, values = Criterion(recipe, _Two())(_said())
    weights = {name: term.weight for name, term in recipe.loss.active().items()}
    assert list(values) == list(TERMS)
    assert all(value > 0 for value in values.values())
    assert loss.item() == pytest.approx(sum(weights[name] * values[name].item() for name in values), rel=1e-5)


def test_terms_of_weight_0_are_left_out() -> None:
    _, values = Criterion(_recipe(loss={"dice": 1, "coarse": 0}, teacher=None), make_net("fast"))(_said())
    assert list(values) == ["dice"]


def test_a_bare_number_is_the_weight() -> None:
    loss = _recipe().loss
    assert loss.dice is not None
    assert loss.bce is not None
    assert (loss.dice.weight, loss.bce.weight, loss.bce.edge) == (0.5, 1.0, 3.0)


@pytest.mark.parametrize(
    ("loss", "message"),
    [
        ({}, "loss: .*at least one term"),
        ({"bce": 0}, "loss: .*at least one term"),
        ({"bce": -1}, "loss.bce.weight: "),
        ({"bce": {"edges": 3}}, "loss.bce.edges: "),
        ({"boundary": {"edges": "sobel"}}, "loss.boundary.edges: "),
        ({"focal": 1}, "loss.focal: "),
        ({"dice": True}, "loss.dice"),
    ],
)
def test_wrong_terms_are_named(loss: dict[str, Any], message: str) -> None:
    with pytest.raises(OptionError, match=message):
        _recipe(loss=loss)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"loss": {"boundary": 1}}, r"loss.boundary: the net fast has no head 'boundary' \(it has coarse\); take"),
        ({"loss": {"cross_entropy": 1}}, "loss.cross_entropy: the net fast has one class; use bce"),
        ({"loss": {"consistency": 1}}, "loss.consistency: needs twins of the photos; set data.twins: true"),
        ({"loss": {"temporal": 1}}, "loss.temporal: needs previous frames; set data.previous: true"),
        ({"loss": {"distill": 1}}, "loss.distill: needs a teacher; name one with teacher: {models"),
        ({"loss": {"bce": 1}, "teacher": {"models": ["quality"]}}, "teacher: nothing listens to it"),
        ({"loss": {"bce": 1}, "net": {"name": "fast", "options": {"in_channels": 4}}}, r"set data.priors: \{\}"),
    ],
)
def test_needs_that_are_not_met_name_the_remedy(fields: dict[str, Any], message: str) -> None:
    recipe = _recipe(**{"data": {"sets": {"no_people": 1.0}}, "teacher": None, **fields})
    with pytest.raises(OptionError, match=message):
        Criterion(recipe, make_net(recipe.net.name, **recipe.net.options))


@pytest.mark.parametrize("background", [1, 2])
def test_the_background_is_another_class_of_the_net(background: int) -> None:
    recipe = _recipe(loss={"cross_entropy": {"background": background}}, teacher=None)
    with pytest.raises(OptionError, match=r"cross_entropy.background: must be a class below 2 other than"):
        Criterion(recipe, _Two())


def test_the_recipe_comes_back_from_plain_data() -> None:
    from limner.tasks.recipes.recipe import to_dict

    recipe = _recipe()
    assert isinstance(recipe.loss, LossRecipe)
    assert from_dict(to_dict(recipe), source="again") == recipe
