"""TinyNet keeps the contract of nets and stays within its budget."""

from __future__ import annotations

import torch

from limner.nets.blocks import SqueezeExcite, count_macs, count_parameters
from limner.nets.tiny import TinyNet
from nets.net_tester import NetTester


class TestTiny(NetTester):
    name = "tiny"

    def test_the_coarse_head_speaks_at_stride_8(self) -> None:
        net = self.net()
        _, extra = net(self.pictures(net, (64, 96)), heads=True)
        assert extra["coarse"].shape == (4, 1, 8, 12)


def test_the_budget() -> None:
    net = TinyNet()
    assert count_parameters(net) < 150_000  # with the training head
    assert count_macs(net, (net.usual_size, net.usual_size)) < 45_000_000


def test_attention_is_paid_for_only_where_pictures_are_small() -> None:
    net, sizes = TinyNet().eval(), []
    for module in net.modules():
        if isinstance(module, SqueezeExcite):
            module.register_forward_hook(lambda _module, inputs, _output: sizes.append(inputs[0].shape[-1]))
    net(torch.zeros(1, 3, 64, 64))
    assert sorted(sizes) == [2, 2, 2, 4, 4, 4, 4]
