"""FastNet keeps the contract of nets and stays within its budget."""

from __future__ import annotations

import pytest
import torch

from limner.errors import OptionError
from limner.nets import NETS, make_net
from limner.nets.blocks import count_macs, count_parameters
from limner.nets.fast import FastNet


@pytest.mark.parametrize("size", [(64, 64), (96, 160), (224, 224)])
def test_logits_have_the_size_of_the_input(size: tuple[int, int]) -> None:
    net = FastNet().eval()
    logits = net(torch.rand(1, 3, *size))
    assert logits.shape == (1, 1, *size)
    assert logits.min() < 0 or logits.max() > 1  # no sigmoid inside


def test_every_weight_learns() -> None:
    net = FastNet()
    logits, extra = net(torch.rand(2, 3, 64, 64), heads=True)
    coarse = extra["coarse"]
    assert coarse.shape == (2, 1, 8, 8)
    (logits.square().mean() + coarse.square().mean()).backward()
    assert all(p.grad is not None and p.grad.isfinite().all() for p in net.parameters())


def test_inference_drops_the_training_head_and_changes_nothing_else() -> None:
    net = FastNet().eval()
    bare = net.for_inference()
    picture = torch.rand(1, 3, 64, 64)
    torch.testing.assert_close(bare(picture), net(picture))
    assert not [name for name in bare.state_dict() if name.startswith("coarse_head")]
    with pytest.raises(RuntimeError, match="training heads were dropped"):
        bare(picture, heads=True)
    assert net.coarse_head is not None


def test_four_channels_take_a_previous_mask() -> None:
    assert FastNet(in_channels=4).eval()(torch.rand(1, 4, 64, 64)).shape == (1, 1, 64, 64)


def test_half_precision_agrees_with_single() -> None:
    torch.manual_seed(0)
    net, picture = FastNet().eval(), torch.rand(1, 3, 64, 64)
    with torch.no_grad():
        single, half = net(picture).sigmoid(), net.bfloat16()(picture.bfloat16()).float().sigmoid()
    assert (single - half).abs().mean() < 0.05


def test_weights_survive_saving() -> None:
    net, other = FastNet().eval(), FastNet().eval()
    other.load_state_dict(net.state_dict())
    picture = torch.rand(1, 3, 64, 64)
    torch.testing.assert_close(net(picture), other(picture))


def test_the_budget_of_the_default_net() -> None:
    net = FastNet().for_inference()
    assert count_parameters(net) < 1_500_000
    assert count_macs(net, (224, 224)) < 150_000_000


def test_macs_of_a_hand_counted_layer() -> None:
    layers = torch.nn.Sequential(
        torch.nn.Conv2d(3, 8, 3, stride=2, padding=1), torch.nn.Conv2d(8, 8, 3, padding=1, groups=8)
    )
    assert count_macs(layers, (16, 16)) == 8 * 8 * (8 * 3 * 9) + 8 * 8 * (8 * 9)


def test_an_unknown_net_or_option_is_named() -> None:
    assert set(NETS) >= {"fast"}
    with pytest.raises(OptionError, match=r"there is no net 'huge'; the nets are .*fast"):
        make_net("huge")
    with pytest.raises(OptionError, match="fast does not take these options"):
        make_net("fast", depth=3)
