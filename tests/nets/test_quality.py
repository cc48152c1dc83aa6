"""QualityNet keeps the contract of nets, alone and with a SelfieNet inside."""

from __future__ import annotations

import torch
from torch import nn

from limner.nets import make_net
from limner.nets.initial_weights import start_net, start_part
from limner.nets.quality import QualityNet
from nets.net_tester import NetTester


class TestQuality(NetTester):
    name = "quality"


class TestQualityWithSelfie(NetTester):
    name = "quality"
    options = {"selfie": True}  # noqa: RUF012

    def net(self, **more: object) -> QualityNet:
        net = super().net(**more)
        assert isinstance(net, QualityNet)
        for projection in (net.from_top, net.from_fine):  # as after the first steps
            nn.init.constant_(projection[1].weight, 0.5)
        return net


@torch.no_grad()
def test_at_first_it_is_the_sum_of_both() -> None:
    """Its own logits and the selfie net's, which sees the picture at as many pixels as 256 × 256, at a share."""
    alone, both = QualityNet().eval(), make_net("quality", selfie=True).eval()
    assert isinstance(both, QualityNet)
    both.load_state_dict(alone.state_dict(), strict=False)
    report = start_part(both, "selfie", "selfie")
    assert not report.untouched
    x = torch.rand(1, 3, 64, 128, generator=torch.Generator().manual_seed(0))
    seen = nn.functional.interpolate(x, size=(176, 368), mode="bilinear", align_corners=False)
    theirs = nn.functional.interpolate(both.selfie(seen), size=(64, 128), mode="bilinear", align_corners=False)
    torch.testing.assert_close(both(x), alone(x) + 0.07 * theirs, rtol=1e-4, atol=1e-4)


def test_the_shipped_weights_start_a_net_with_a_selfie_net_inside() -> None:
    report = start_net(make_net("quality", selfie=True), "quality")
    assert report.matched > 400
    assert not report.other_shape
