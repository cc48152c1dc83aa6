"""Optimisers are what recipes ask for; the encoder learns slower, or not at all for a while."""

from __future__ import annotations

import pytest
import torch

from limner.errors import OptionError
from limner.nets import make_net
from limner.nets.base import SegmentationNet
from limner.tasks.recipes.optimizer import AdamW, Sgd
from limner.tasks.recipes.run import FreezeRecipe
from limner.training.optimizers import Freezer, ScaledOptimizer, encoder_modules


class _Headless(SegmentationNet):
    """A net that is all one piece."""

    def __init__(self) -> None:
        super().__init__()
        self.only = torch.nn.Conv2d(3, 1, 1)


def _step(net: SegmentationNet, optimizer: ScaledOptimizer) -> dict[str, torch.Tensor]:
    """How far each tensor moves in one step along gradients of 1."""
    before = {name: value.clone() for name, value in net.named_parameters()}
    for parameter in net.parameters():
        parameter.grad = torch.ones_like(parameter) if parameter.requires_grad else None
    optimizer.torch.step()
    return {name: (value.detach() - before[name]).abs().max() for name, value in net.named_parameters()}


@pytest.mark.parametrize("recipe", [AdamW(lr=0.1, weight_decay=0.0), Sgd(lr=0.1, weight_decay=0.0)])
def test_the_rate_is_what_is_set(recipe: AdamW | Sgd) -> None:
    net = _Headless()
    optimizer = ScaledOptimizer(net, recipe)
    assert optimizer.set_rate(0.5) == pytest.approx(0.05)
    moved = _step(net, optimizer)["only.weight"]
    nesterov = 1.9 if isinstance(recipe, Sgd) else 1.0  # a look ahead by the momentum
    assert moved.item() == pytest.approx(0.05 * nesterov, rel=1e-4)


def test_weight_decay_spares_biases_and_norms() -> None:
    net = make_net("fast", width=0.25)
    optimizer = ScaledOptimizer(net, AdamW(lr=1.0, weight_decay=0.1)).torch
    decays = {id(p): group["weight_decay"] for group in optimizer.param_groups for p in group["params"]}
    assert {decays[id(p)] for p in net.parameters() if p.ndim > 1} == {0.1}
    assert {decays[id(p)] for p in net.parameters() if p.ndim <= 1} == {0.0}


def test_the_encoder_may_learn_slower() -> None:
    net = make_net("fast", width=0.25)
    optimizer = ScaledOptimizer(net, AdamW(lr=0.1, weight_decay=0.0, encoder_lr=0.1))
    optimizer.set_rate(1.0)
    moved = _step(net, optimizer)
    assert moved["stage8.0.project.0.weight"].item() == pytest.approx(0.01, rel=1e-3)
    assert moved["head.1.weight"].item() == pytest.approx(0.1, rel=1e-3)


def test_a_frozen_encoder_stays_as_it_is() -> None:
    net = make_net("fast", width=0.25).train()
    freezer = Freezer(encoder_modules(net), until=0.5)
    freezer.at(0.4)
    optimizer = ScaledOptimizer(net, Sgd(lr=0.1))
    optimizer.set_rate(1.0)
    statistics = net.state_dict()["stem.1.running_mean"].clone()
    net(torch.rand(2, 3, 32, 32))
    moved = _step(net, optimizer)
    assert moved["stem.0.weight"] == 0 < moved["head.1.weight"]
    torch.testing.assert_close(net.state_dict()["stem.1.running_mean"], statistics, rtol=0, atol=0)
    freezer.at(0.5)
    net(torch.rand(2, 3, 32, 32))
    assert _step(net, optimizer)["stem.0.weight"] > 0
    assert not torch.equal(net.state_dict()["stem.1.running_mean"], statistics)


def test_nets_without_an_encoder_say_so() -> None:
    with pytest.raises(OptionError, match=r"freeze.encoder_until: this net has no encoder"):
        Freezer.for_recipe(_Headless(), FreezeRecipe(encoder_until=0.1))
    with pytest.raises(OptionError, match=r"freeze.parts: _Headless, with these options, has no part 'selfie'"):
        Freezer.for_recipe(_Headless(), FreezeRecipe(parts=("selfie",)))
    with pytest.raises(OptionError, match=r"optimizer.encoder_lr: this net has no encoder"):
        ScaledOptimizer(_Headless(), AdamW(lr=0.1, encoder_lr=0.5))
    assert Freezer.for_recipe(_Headless(), None) == []


def test_a_frozen_part_never_learns_though_the_encoder_that_it_is_in_does() -> None:
    net = make_net("quality", selfie=True).train()
    for freezer in Freezer.for_recipe(net, FreezeRecipe(encoder_until=0.2, parts=("selfie",))):
        freezer.at(0.9)
    assert not any(value.requires_grad for value in net.selfie.parameters())
    assert all(value.requires_grad for name, value in net.named_parameters() if not name.startswith("selfie."))


def test_the_state_of_another_optimiser_is_refused() -> None:
    net = make_net("fast", width=0.25)
    slow = ScaledOptimizer(net, AdamW(lr=0.1, encoder_lr=0.5)).torch.state_dict()
    with pytest.raises(OptionError, match="the checkpoint was made with another one"):
        ScaledOptimizer(net, AdamW(lr=0.1)).load(slow)
