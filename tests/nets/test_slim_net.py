"""SlimNet keeps the contract of nets, has the published size, and sees far."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from limner.nets.blocks import count_parameters
from limner.nets.slim_net import Bottleneck, SlimNet
from nets.net_tester import NetTester


class TestSlimNet(NetTester):
    name = "slim_net"


def test_the_published_size() -> None:
    assert count_parameters(SlimNet()) == pytest.approx(350_000, rel=0.1)


def test_prelu_is_the_only_activation() -> None:
    kinds = {type(module) for module in SlimNet().modules() if type(module).__module__.startswith("torch")}
    assert kinds - {nn.Sequential} == {nn.Conv2d, nn.ConvTranspose2d, nn.BatchNorm2d, nn.PReLU, nn.MaxPool2d}


def test_a_quarter_of_the_size_is_reached_in_two_convolutions() -> None:
    net = SlimNet().eval()
    assert net.stem4(net.stem2(torch.rand(1, 3, 512, 512))).shape == (1, 32, 128, 128)


@pytest.mark.parametrize(("dilation", "reach"), [(1, 2), (2, 4), (4, 8)])
def test_dilation_widens_what_a_bottleneck_sees(dilation: int, reach: int) -> None:
    block = Bottleneck(4, 4, squeeze=4, dilation=dilation).eval()
    for module in block.modules():  # positive throughout, so that no contribution cancels or is cut off
        if isinstance(module, nn.Conv2d):
            nn.init.constant_(module.weight, 1.0)
    x = torch.rand(1, 4, 33, 33, requires_grad=True)
    block(x)[0, 0, 16, 16].backward()
    assert x.grad is not None
    seen = x.grad[0, 0].nonzero() - 16
    assert (seen.min(), seen.max()) == (-reach, reach)


def test_dilated_bottlenecks_are_depthwise() -> None:
    dilated = [m for m in SlimNet().modules() if isinstance(m, nn.Conv2d) and m.dilation != (1, 1)]
    assert {m.dilation for m in dilated} == {(2, 2), (4, 4)}
    assert all(m.groups == m.in_channels for m in dilated)
