"""GatedSelfieNet keeps the contract of nets, and its gate only ever takes away, and only where nobody is near."""

from __future__ import annotations

from typing import Any, ClassVar

import pytest
import torch
from torch import nn

from limner.nets.base import SegmentationNet
from limner.nets.gated_selfie import GatedSelfieNet, _spread
from limner.nets.initial_weights import start_net, start_part
from limner.nets.selfie import SelfieNet
from limner.training.optimizers import Freezer, encoder_modules
from nets.net_tester import NetTester


class TestGatedSelfie(NetTester):
    name = "gated_selfie"
    options: ClassVar = {"threshold": 0.1}

    def net(self, **more: Any) -> SegmentationNet:
        """With a gate that says something, and is ajar: untrained it says 0 everywhere."""
        net = super().net(**more)
        assert isinstance(net, GatedSelfieNet)
        nn.init.normal_(net.presence.out.weight, std=0.02, generator=torch.Generator().manual_seed(4))
        return net


def _started(threshold: float = 0.0) -> tuple[SelfieNet, GatedSelfieNet]:
    plain, gated = SelfieNet().eval(), GatedSelfieNet(threshold=threshold).eval()
    start_net(plain, "selfie")
    start_net(gated, "selfie")
    return plain, gated


def _picture(count: int = 1) -> torch.Tensor:
    return torch.rand(count, 3, 64, 96, generator=torch.Generator().manual_seed(3))


@torch.no_grad()
def test_an_open_gate_changes_nothing() -> None:
    plain, gated = _started()  # untrained, it says 0 everywhere, which is not below the threshold
    assert torch.equal(gated(_picture()), plain(_picture()).clamp(-20, 20))
    assert torch.equal(gated(_picture()).sigmoid() > 0.5, plain(_picture()) > 0)


@torch.no_grad()
def test_a_closed_gate_lowers_all_logits() -> None:
    plain, gated = _started(threshold=25.0)
    torch.testing.assert_close(gated(_picture()), plain(_picture()).clamp(-20, 20) - 40)


@torch.no_grad()
@pytest.mark.parametrize(("row", "column"), [(0, 0), (1, 4)])
def test_a_cell_with_somebody_keeps_its_neighbours_open(row: int, column: int, monkeypatch: pytest.MonkeyPatch) -> None:
    plain, gated = _started()
    near = torch.full((1, 1, 4, 6), -30.0)
    near[0, 0, row, column] = 0.2
    monkeypatch.setattr(gated.presence, "forward", lambda *_: near)
    changed = (gated(_picture()) != plain(_picture()).clamp(-20, 20))[0, 0]
    top, left = 16 * row, 16 * column
    assert not changed[max(0, top - 8) : top + 24, max(0, left - 8) : left + 24].any()
    assert changed[top + 48 :].all()


def test_certainty_flows_along_a_person_and_hardly_beyond() -> None:
    near, person = torch.full((1, 1, 3, 12), -9.0), torch.zeros(1, 1, 3, 12)
    near[0, 0, 1, 0] = 3.0
    person[0, 0, 1, :6] = 1.0
    along = _spread(near, person)[0, 0, 1]
    inside = [3.0, 2.9, 2.8, 2.7, 2.6, 2.5]
    torch.testing.assert_close(along, torch.tensor([*inside, 2.0, 1.5, 1.0, -9.0, -9.0, -9.0]))  # eight cells, no more


def test_only_the_gate_learns_where_the_recipe_freezes_the_rest() -> None:
    _, net = _started(threshold=20.0)
    report = start_part(net, "presence", "selfie")  # its blocks have the names of the selfie net's deep ones
    assert torch.equal(net.presence.blocks["7"].project.weight, net.blocks[7].project.weight)
    assert "out.weight" in report.missing
    nn.init.ones_(net.presence.out.weight)
    Freezer(encoder_modules(net.train()), until=1.0).at(0.5)
    net(_picture(2)).square().mean().backward()
    learning = {name for name, value in net.named_parameters() if value.grad is not None}
    assert learning == {name for name, _ in net.named_parameters() if name.startswith("presence.")}
