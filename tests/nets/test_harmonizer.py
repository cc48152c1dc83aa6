"""The harmonizer: shapes, bounds, and that torch applies its numbers as the effect does."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from limner.adjustment import COUNT, KNOTS, Adjustment
from limner.errors import OptionError
from limner.nets.blocks import count_parameters
from limner.nets.harmonizer import Harmonizer, adjust
from limner.nets.initial_weights import start_net

SMALL = {"width": 0.25, "hidden": 16}


def small_net(seed: int = 0) -> Harmonizer:
    torch.manual_seed(seed)
    return Harmonizer(**SMALL).eval()


@pytest.mark.parametrize("size", [64, 128, 192])
def test_numbers_for_every_size_it_takes(size: int) -> None:
    said = small_net()(torch.rand(2, 4, size, size))
    assert said.shape == (2, COUNT)
    assert said.isfinite().all()


@pytest.mark.parametrize("mask", [0.0, 1.0])
def test_nobody_and_nothing_but_a_person_are_numbers_too(mask: float) -> None:
    picture = torch.cat([torch.rand(1, 3, 64, 64), torch.full((1, 1, 64, 64), mask)], 1)
    assert small_net()(picture).isfinite().all()


def test_a_fresh_net_changes_next_to_nothing() -> None:
    picture = torch.rand(1, 4, 64, 64)
    said = adjust(picture[:, :3], small_net()(picture))
    assert (said - picture[:, :3]).abs().mean() < 0.03


def test_whatever_it_says_curves_rise_and_greys_stay_grey() -> None:
    net = small_net()
    for layer in (net.say, net.say_light):
        torch.nn.init.normal_(layer.weight, std=30.0)
    said = net(torch.rand(4, 4, 64, 64))
    for numbers in said.detach().numpy():
        adjustment = Adjustment.from_vector(numbers)
        assert (np.diff(adjustment.curves, axis=1) > 0).all()
        np.testing.assert_allclose(adjustment.matrix.sum(1), 1, atol=1e-5)
        assert np.abs(adjustment.light).max() <= 0.71


def test_torch_applies_what_the_effect_applies() -> None:
    rng = np.random.default_rng(0)
    same = Adjustment.identity()
    numbers = np.concatenate([same.curves.ravel(), same.matrix.ravel(), np.zeros(COUNT - 3 * KNOTS - 9)])
    numbers += rng.normal(0, 0.05, COUNT)
    frame = rng.integers(0, 256, (96, 96, 3), dtype=np.uint8)
    planes = torch.from_numpy(frame).permute(2, 0, 1)[None] / 255
    said = adjust(planes, torch.from_numpy(numbers[None]).float())[0].permute(1, 2, 0)
    expected = said.clamp(0, 1).numpy() * 255
    assert np.abs(Adjustment.from_vector(numbers).apply(frame) - expected).max() < 0.6


def test_gradients_reach_every_parameter() -> None:
    net = small_net().train()
    picture = torch.rand(2, 4, 64, 64)
    adjust(picture[:, :3], net(picture)).square().sum().backward()
    assert [name for name, p in net.named_parameters() if p.grad is None or not p.grad.any()] == []


def test_it_is_small_and_starts_from_what_ships() -> None:
    net = Harmonizer()
    assert count_parameters(net) < 700_000
    report = start_net(net, "harmonize")
    assert report.matched > 200
    assert not report.untouched


def test_a_wrong_size_names_the_next_one() -> None:
    with pytest.raises(OptionError, match=r"divisible by 64, not 128x100 .*; choose 128x128"):
        small_net().check_size(100, 128)
