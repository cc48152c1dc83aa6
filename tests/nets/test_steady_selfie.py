"""SteadySelfieNet keeps the contract of nets, begins as the gated net, and mixes the previous mask in by trust."""

from __future__ import annotations

from typing import Any, ClassVar

import pytest
import torch
from torch import nn

from limner.nets.base import SegmentationNet
from limner.nets.gated_selfie import GatedSelfieNet
from limner.nets.initial_weights import start_net
from limner.nets.steady_selfie import Steady, SteadySelfieNet
from limner.training.optimizers import Freezer, encoder_modules
from nets.net_tester import NetTester


class TestSteadySelfie(NetTester):
    name = "steady_selfie"
    options: ClassVar = {"threshold": 0.005}

    def net(self, **more: Any) -> SegmentationNet:
        """With a gate and a trust that say something: untrained they do nothing."""
        net = super().net(**more)
        assert isinstance(net, SteadySelfieNet)
        for layer, spread in ((net.presence.out, 0.0002), (net.steady.trust, 0.02)):
            nn.init.normal_(layer.weight, std=spread, generator=torch.Generator().manual_seed(2))
        nn.init.zeros_(net.steady.trust.bias)
        return net


def _seen(previous: float) -> torch.Tensor:
    picture = torch.rand(1, 3, 64, 96, generator=torch.Generator().manual_seed(3))
    return torch.cat([picture, torch.full((1, 1, 64, 96), previous)], dim=1)


@torch.no_grad()
def test_untrained_it_says_nearly_what_the_gated_net_says() -> None:
    gated, steady = GatedSelfieNet().eval(), SteadySelfieNet().eval()
    start_net(gated, "selfie")
    start_net(steady, "selfie")
    alone = gated(_seen(0)[:, :3]).sigmoid()
    assert torch.equal(steady(_seen(0)).sigmoid(), alone)
    assert (steady(_seen(0.5)).sigmoid() - alone).abs().max() < 0.02


@torch.no_grad()
@pytest.mark.parametrize(
    ("said", "previous", "expected"),
    [
        (0.0, 0.8, 2.7),
        (0.0, 1.0, 4.5),
        (9.0, 1.0, 9.0),  # both are sure: as said
        (-20.0, 0.0, -20.0),
        (9.0, 0.0, 0.0),  # 9, and the whole way from 4.5 to −4.5
        (1.0, 0.0, -4.5),
    ],
)
def test_full_trust_goes_all_the_way_to_the_previous_mask(said: float, previous: float, expected: float) -> None:
    mix = Steady().eval()
    nn.init.constant_(mix.trust.bias, 40.0)
    mask = torch.full((1, 1, 16, 16), previous)
    mask[..., 8:] = 1 - round(previous)  # elsewhere, so that it is neither empty nor full
    got = mix(torch.rand(1, 16, 4, 4), torch.full((1, 4, 8, 8), said), mask)[..., :4]
    torch.testing.assert_close(got, torch.full((1, 4, 8, 4), expected), rtol=0, atol=0.01)


@torch.no_grad()
@pytest.mark.parametrize("previous", [0.0, 1.0])
def test_an_empty_or_full_mask_says_nothing(previous: float) -> None:
    mix = Steady().eval()
    nn.init.constant_(mix.trust.bias, 40.0)
    said = torch.randn(1, 4, 8, 8, generator=torch.Generator().manual_seed(1))
    assert torch.equal(mix(torch.rand(1, 16, 4, 4), said, torch.full((1, 1, 16, 16), previous)), said)


@torch.no_grad()
def test_each_pixel_meets_its_own_previous_one() -> None:
    mix = Steady().eval()
    nn.init.constant_(mix.trust.bias, 40.0)
    previous = torch.rand(1, 1, 16, 16, generator=torch.Generator().manual_seed(1)).round()
    mixed = nn.functional.pixel_shuffle(mix(torch.rand(1, 16, 4, 4), torch.zeros(1, 4, 8, 8), previous), 2)
    torch.testing.assert_close(mixed, 9 * previous - 4.5)


def test_only_the_trust_learns_where_the_recipe_freezes_the_rest() -> None:
    net = SteadySelfieNet().train()
    start_net(net, "selfie")
    Freezer(encoder_modules(net), until=1.0).at(0.5)
    net(_seen(0.5)).square().mean().backward()
    learning = {name for name, value in net.named_parameters() if value.grad is not None}
    assert learning == {name for name, _ in net.named_parameters() if name.startswith("steady.")}


def test_pools_name_their_stride() -> None:
    """Core ML's converter (coremltools 9.0) refuses pools that leave it out."""
    net = SteadySelfieNet().eval()
    graph = torch.export.export(net, (torch.rand(1, 4, 64, 64),)).graph
    pools = [
        node for node in graph.nodes if "pool2d.default" in str(node.target) and "adaptive" not in str(node.target)
    ]
    assert len(pools) > 10
    assert [node.name for node in pools if len(node.args) < 3] == []
