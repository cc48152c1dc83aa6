"""A net small enough to be exported in a test, with several classes and a fourth channel where a test wants them."""

from __future__ import annotations

from typing import ClassVar

import torch
from torch import Tensor, nn

from limner.nets.base import SegmentationNet
from limner.nets.blocks import ConvBN


class SmallNet(SegmentationNet):
    """Two convolutions; the head "coarse" is a third."""

    size_divisor: ClassVar[int] = 8
    head_modules: ClassVar[tuple[str, ...]] = ("coarse_head",)
    head_names: ClassVar[tuple[str, ...]] = ("coarse",)

    def __init__(self, *, in_channels: int = 3, classes: int = 1, person_class: int = 0) -> None:
        super().__init__()
        self.in_channels, self.classes, self.person_class = in_channels, classes, person_class
        self.stem = ConvBN(in_channels, 8, act=False)
        self.act = nn.PReLU(8)
        self.head = nn.Conv2d(8, classes, 1)
        self.coarse_head: nn.Module | None = nn.Conv2d(8, 1, 1)

    def run(self, x: Tensor, *, heads: bool) -> tuple[Tensor, dict[str, Tensor]]:
        features = self.act(self.stem(x))
        return self.head(features), {"coarse": self.coarse_head(features)} if heads and self.coarse_head else {}


def small_net(**options: int) -> SmallNet:
    """A seeded SmallNet in eval mode whose batch norm has seen pictures and whose norms and biases are not trivial."""
    torch.manual_seed(0)
    net = SmallNet(**options)
    for parameter in net.parameters():
        nn.init.normal_(parameter, std=0.5)
    with torch.no_grad():
        net.train()(torch.rand(4, net.in_channels, 16, 16))
    return net.eval()
