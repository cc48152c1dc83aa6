"""A net can be made again with the channels that pruning left it."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from limner.errors import OptionError
from limner.nets import make_net
from limner.nets.widths import changed_widths, layer_widths, narrow


class Small(nn.Module):
    """One layer of every kind, depthwise and transposed among them."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 8, 3, padding=1)
        self.norm = nn.BatchNorm2d(8)
        self.act = nn.PReLU(8)
        self.depthwise = nn.Conv2d(8, 8, 3, padding=1, groups=8)
        self.up = nn.ConvTranspose2d(8, 6, 2, stride=2)
        self.up_depthwise = nn.ConvTranspose2d(6, 6, 2, stride=2, groups=6)
        self.line = nn.Linear(6, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.up_depthwise(self.up(self.depthwise(self.act(self.norm(self.conv(x))))))
        out: torch.Tensor = self.line(x.mean((2, 3)))
        return out


WIDTHS = {
    "conv": (3, 5),
    "norm": (5, 5),
    "act": (5, 5),
    "depthwise": (5, 5),
    "up": (5, 4),
    "up_depthwise": (4, 4),
    "line": (4, 1),
}


def test_every_kind_of_layer_is_narrowed() -> None:
    net = Small()
    narrow(net, WIDTHS)
    assert layer_widths(net) == WIDTHS
    assert changed_widths(net, Small()) == WIDTHS
    assert net(torch.rand(2, 3, 8, 8)).shape == (2, 1)
    assert net.depthwise.groups == 5
    net.eval()(torch.rand(2, 3, 8, 8)).sum().backward()  # its new weights train
    assert all(p.grad is not None for p in net.parameters())


def test_make_net_takes_widths() -> None:
    whole = make_net("fast", width=0.25)
    pruned = {"stage4.0.features.0.0": [8, 16], "stage4.0.features.0.1": [16, 16]}
    pruned |= {"stage4.0.features.1.0": [16, 16], "stage4.0.features.1.1": [16, 16], "stage4.0.project.0": [16, 8]}
    net = make_net("fast", width=0.25, pruned=pruned)
    assert net.eval()(torch.rand(1, 3, 32, 32)).shape == (1, 1, 32, 32)
    assert changed_widths(net, whole) == {name: tuple(counts) for name, counts in pruned.items()}


@pytest.mark.parametrize(
    ("widths", "message"), [({"nothing": (1, 1)}, "does not have"), ({"conv": (3, 9)}, "3 → 9 channels; it has")]
)
def test_widths_that_do_not_fit_are_named(widths: dict[str, tuple[int, int]], message: str) -> None:
    with pytest.raises(OptionError, match=message):
        narrow(Small(), widths)
