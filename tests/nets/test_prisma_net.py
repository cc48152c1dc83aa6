"""PrismaNet keeps the contract of nets and has the published size."""

from __future__ import annotations

import pytest
import torch

from limner.nets.blocks import count_parameters
from limner.nets.prisma_net import PrismaNet, ResidualBlock
from nets.net_tester import NetTester


class TestPrismaNet(NetTester):
    name = "prisma_net"
    sizes = ((64, 64), (48, 80))


def test_the_published_size() -> None:
    assert count_parameters(PrismaNet()) == pytest.approx(920_000, rel=0.1)


def test_there_are_more_blocks_on_the_way_up_than_on_the_way_down() -> None:
    net = PrismaNet()
    down, up = (
        [sum(isinstance(m, ResidualBlock) for m in stage.modules()) for stage in stages]
        for stages in (list(net.encode)[:-1], net.decode)
    )
    assert len(down) == len(up)
    assert all(above > below for below, above in zip(reversed(down), up, strict=True))


def test_skips_are_added() -> None:
    net = PrismaNet().eval()
    picture, taken = torch.rand(1, 3, 32, 32), {}
    net.encode[0].register_forward_hook(lambda _module, _inputs, output: taken.update(skip=output))
    net.up[-1].register_forward_hook(lambda _module, _inputs, output: taken.update(up=output))
    net.decode[-1].register_forward_pre_hook(lambda _module, inputs: taken.update(sum=inputs[0]))
    net(picture)
    torch.testing.assert_close(taken["sum"], taken["up"] + taken["skip"])
