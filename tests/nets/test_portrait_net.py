"""PortraitNet keeps the contract of nets, has the published size, and learns outlines that it does not ship."""

from __future__ import annotations

import pytest
import torch

from limner.nets.blocks import count_macs, count_parameters
from limner.nets.portrait_net import PortraitNet
from nets.net_tester import NetTester


class TestPortraitNet(NetTester):
    name = "portrait_net"

    def test_the_boundary_is_as_large_as_the_picture(self) -> None:
        net = self.net()
        _, extra = net(self.pictures(net, (64, 96)), heads=True)
        assert extra["boundary"].shape == (4, 1, 64, 96)


def test_the_published_size() -> None:
    net = PortraitNet()
    assert count_parameters(net.for_inference()) == pytest.approx(2_100_000, rel=0.1)
    assert count_parameters(PortraitNet(width=0.5)) < count_parameters(net) / 2


def test_the_boundary_costs_nothing_after_training() -> None:
    net = PortraitNet(width=0.5)
    bare = net.for_inference()
    assert bare.boundary_head is None
    assert net.boundary_head is not None
    # Not even the net that still has the head computes it unless asked.
    assert count_macs(net, (64, 64)) == count_macs(bare, (64, 64))


def test_the_boundary_teaches_the_encoder() -> None:
    net = PortraitNet(width=0.5)
    _, extra = net(torch.rand(2, 3, 64, 64), heads=True)
    extra["boundary"].square().mean().backward()
    assert net.encoder.stem[0].weight.grad.abs().sum() > 0
    assert net.head.weight.grad is None
