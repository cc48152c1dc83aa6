"""Averaged weights follow the net: fast at first, by their decay later."""

from __future__ import annotations

import pytest
import torch

from limner.training.averaging import AveragedWeights


@pytest.mark.parametrize(("step", "kept"), [(0, 0.1), (8, 0.5), (10_000, 0.9)])
def test_a_step_keeps_its_share(step: int, kept: float) -> None:
    net = torch.nn.BatchNorm2d(1)
    average = AveragedWeights(net.state_dict(), decay=0.9, device="cpu")
    torch.nn.init.zeros_(net.weight)
    net.num_batches_tracked += 7
    average.update(net, step)
    assert average.on_cpu()["weight"].item() == pytest.approx(kept)
    assert average.on_cpu()["num_batches_tracked"].item() == 7
