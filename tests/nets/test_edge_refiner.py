"""EdgeRefiner: the right shapes, and a start at which it draws what the guided filter does."""

from __future__ import annotations

import pytest
import torch

from limner.errors import OptionError
from limner.nets.blocks import count_macs, count_parameters
from limner.nets.edge_refiner import STEEPNESS, EdgeRefiner


def test_it_begins_with_the_rough_matte_made_steeper() -> None:
    net = EdgeRefiner().eval()
    torch.nn.init.zeros_(net.say.weight)
    x = torch.rand(2, 4, 64, 64)
    expected = ((x[:, 3:] - 0.5) * STEEPNESS + 0.5).clamp(0, 1)
    torch.testing.assert_close(net(x), expected)


def test_it_is_small() -> None:
    net = EdgeRefiner()
    assert count_parameters(net) < 130_000
    assert count_macs(net, (128, 128), channels=4) < 90e6
    assert count_parameters(EdgeRefiner(width=0.5, depth=1)) < 40_000


@pytest.mark.parametrize("size", [(64, 64), (72, 128)])
def test_one_value_for_each_pixel(size: tuple[int, int]) -> None:
    assert EdgeRefiner()(torch.rand(1, 4, *size)).shape == (1, 1, *size)


def test_sizes_it_does_not_take_are_named() -> None:
    with pytest.raises(OptionError, match=r"divisible by 8, not 100x60 .*; choose 104x64"):
        EdgeRefiner().check_size(60, 100)
    EdgeRefiner().check_size(64, 104)
