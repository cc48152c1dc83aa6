"""FastNet keeps the contract of nets and stays within its budget."""

from __future__ import annotations

from limner.nets.blocks import count_macs, count_parameters
from limner.nets.fast import FastNet
from nets.net_tester import NetTester


class TestFast(NetTester):
    name = "fast"
    options = {"width": 0.5}  # noqa: RUF012
    sizes = ((64, 64), (96, 160), (224, 224))


def test_the_budget_of_the_default_net() -> None:
    net = FastNet().for_inference()
    assert count_parameters(net) < 1_500_000
    assert count_macs(net, (224, 224)) < 150_000_000
