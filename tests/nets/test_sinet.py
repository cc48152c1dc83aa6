"""SINet keeps the contract of nets, has the published size, squeezes, and blocks."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from limner.nets.blocks import count_parameters
from limner.nets.sinet import InformationBlocking, SINet, SpatialSqueeze
from nets.net_tester import NetTester


class TestSINet(NetTester):
    name = "sinet"

    def test_the_coarse_answer_stays_in_the_net_that_ships(self) -> None:
        net = self.net()
        bare, pictures = net.for_inference(), self.pictures(net, (64, 96))
        logits, extra = bare(pictures, heads=True)
        assert extra["coarse"].shape == (4, 1, 8, 12)
        torch.testing.assert_close(logits, net(pictures))


def test_the_published_size() -> None:
    assert count_parameters(SINet()) == pytest.approx(87_000, rel=0.1)


@pytest.mark.parametrize(("logit", "gate"), [(0.0, 0.5), (-20.0, 0.0), (20.0, 0.0), (1.0, 0.268941)])
def test_fine_features_speak_only_where_the_coarse_answer_is_in_doubt(logit: float, gate: float) -> None:
    decoder = InformationBlocking(fine=3)
    nn.init.ones_(decoder.project.weight)
    nn.init.zeros_(decoder.project.bias)
    out = decoder(torch.full((1, 1, 2, 2), logit), torch.ones(1, 3, 4, 4))
    torch.testing.assert_close(out - logit, torch.full((1, 1, 4, 4), 3 * gate), atol=1e-5, rtol=0)


def test_a_sure_coarse_answer_cannot_be_overturned() -> None:
    torch.manual_seed(0)
    decoder = InformationBlocking(fine=8)
    sure = torch.tensor([-12.0, 12.0]).view(1, 1, 1, 2).expand(1, 1, 2, 2).contiguous()
    texture = 10 * torch.randn(1, 8, 4, 4)
    answer = decoder(sure, texture) > 0
    assert torch.equal(answer[..., 0], torch.zeros(1, 1, 4, dtype=torch.bool))
    assert torch.equal(answer[..., 3], torch.ones(1, 1, 4, dtype=torch.bool))


@pytest.mark.parametrize(("kernel", "pool", "reach"), [(3, 1, 1), (5, 1, 2), (3, 2, 3), (3, 4, 6), (5, 2, 5)])
def test_squeezing_widens_what_a_small_kernel_sees(kernel: int, pool: int, reach: int) -> None:
    block = SpatialSqueeze(2, 2, kernel=kernel, pool=pool).eval()
    for module in block.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.constant_(module.weight, 1.0)
    impulse = torch.zeros(1, 2, 32, 32)
    impulse[..., 16, 16] = 1
    answer = block(impulse)[0, 0]
    assert answer.shape == (32, 32)
    # 16 is the first pixel of its pool: to its left lie the pools that the kernel reaches, and half a pool more, which
    # the bilinear way back reaches.
    assert 16 - answer.nonzero().min() == reach == pool * (kernel // 2) + pool // 2


def test_pooling_by_one_is_a_plain_separable_convolution() -> None:
    torch.manual_seed(0)
    block, x = SpatialSqueeze(4, 6, kernel=3, pool=1).eval(), torch.randn(1, 4, 8, 8)
    conv, norm, act = block.conv[0]
    expected = F.conv2d(act(norm(F.conv2d(x, conv.weight, padding=1, groups=4))), block.conv[1].weight)
    torch.testing.assert_close(block(x), block.norm(expected))


def test_a_fresh_net_is_in_doubt() -> None:
    torch.manual_seed(0)
    coarse = SINet()(torch.rand(2, 3, 64, 64), heads=True)[1]["coarse"]
    assert coarse.abs().max() < 2  # otherwise the gate would be shut before anything is learned
