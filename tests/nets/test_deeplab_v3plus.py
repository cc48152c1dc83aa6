"""DeepLabV3+ keeps the contract of nets, keeps its features in place, and has the published size and cost."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn

from limner.errors import OptionError
from limner.nets.blocks import count_macs, count_parameters
from limner.nets.deeplab_v3plus import DeepLabV3Plus, _enlarge
from nets.net_tester import NetTester


class TestDeepLab(NetTester):
    name = "deeplab_v3plus"
    options = {"width": 0.35}  # noqa: RUF012
    sizes = ((65, 65), (96, 71), (257, 257))


class TestTwoClassesQuantFriendly(NetTester):
    name = "deeplab_v3plus"
    options = {"width": 0.35, "classes": 2, "quant_friendly": True, "decoder": False, "rates": []}  # noqa: RUF012
    sizes = ((65, 65), (64, 64))


class TestLite(NetTester):
    name = "deeplab_v3plus"
    options = {"backbone": "mobilenet_v3_small", "classes": 21, "head": "lr_aspp"}  # noqa: RUF012
    sizes = ((65, 65), (96, 71))


def test_size_and_cost_are_those_of_the_paper() -> None:
    """Table 7 of Sandler et al. 2018: 2.11 M parameters and 2.75 G multiply-adds at 513 px, output stride 16."""
    net = DeepLabV3Plus(width=1.0, rates=[], decoder=False, classes=21)
    assert count_parameters(net) == pytest.approx(2.11e6, rel=0.02)
    assert count_macs(net, (513, 513)) == pytest.approx(2.75e9, rel=0.02)


def test_the_small_one_without_aspp_has_the_published_size() -> None:
    assert count_parameters(DeepLabV3Plus(width=0.5, rates=[])) == pytest.approx(0.8e6, rel=0.1)


@pytest.mark.parametrize("head", ["aspp", "lr_aspp"])
def test_weights_of_one_output_stride_run_at_the_other(head: Any) -> None:
    net = DeepLabV3Plus(width=0.35, head=head, classes=2).eval()
    fine = net.with_output_stride(8)
    assert (net.backbone.strides[-1], fine.backbone.strides[-1]) == (16, 8)
    assert not fine.training
    for name, value in net.state_dict().items():
        assert torch.equal(value, fine.state_dict()[name])
    with torch.no_grad():
        assert fine(torch.rand(1, 3, 65, 40)).shape == (1, 2, 65, 40)


def test_a_finer_output_stride_computes_the_same_and_more_between() -> None:
    torch.manual_seed(0)
    net = DeepLabV3Plus(width=0.35, rates=[1], image_pooling=False, decoder=False).eval()
    picture = torch.rand(1, 3, 769, 33)
    with torch.no_grad():
        coarse, fine = net(picture), net.with_output_stride(8)(picture)
    torch.testing.assert_close(coarse[..., 384, ::16], fine[..., 384, ::16], rtol=1e-4, atol=1e-5)
    assert not torch.allclose(coarse[..., 384 + 8, ::16], fine[..., 384 + 8, ::16], rtol=1e-2)


def test_rates_follow_the_output_stride() -> None:
    rates = [
        {m.dilation[0] for m in DeepLabV3Plus(output_stride=stride, rates=[3, 5]).head.modules() if _atrous(m)}
        for stride in (16, 8)
    ]
    assert rates == [{3, 5}, {6, 10}]


def _atrous(module: nn.Module) -> bool:
    return isinstance(module, nn.Conv2d) and module.dilation[0] > 1


@pytest.mark.parametrize("side", [33, 40, 47, 48])
def test_enlarged_features_stay_on_their_pixels(side: int) -> None:
    ramp = torch.arange(side, dtype=torch.float32)[None, None, :, None].expand(1, 1, side, side)
    features = ramp[..., ::16, ::16]
    out = _enlarge(features, 16, (side, side))
    last = (features.shape[2] - 1) * 16
    assert out.shape == ramp.shape
    torch.testing.assert_close(out[..., : last + 1, :], ramp[..., : last + 1, :])
    assert (out[..., last:, :] == last).all()


def test_the_person_is_the_class_of_pascal_voc() -> None:
    assert [DeepLabV3Plus(width=0.35, classes=n).person_class for n in (1, 2, 21)] == [0, 1, 15]
    assert DeepLabV3Plus(width=0.35, classes=2, person_class=0).person_class == 0


def test_quant_friendly_leaves_depthwise_convolutions_bare() -> None:
    net = DeepLabV3Plus(width=0.35, quant_friendly=True)
    assert not any(isinstance(module, nn.ReLU6) for module in net.modules())
    for module in net.modules():
        if isinstance(module, nn.Sequential) and isinstance(module[0], nn.Conv2d) and module[0].groups > 1:
            assert len(module) == 1


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"output_stride": 32}, "output_stride: must be 8 or 16, not 32"),
        ({"backbone": "xception"}, "backbone: must be one of mobilenet_v2, .*not 'xception'"),
        ({"minimalistic": True}, "minimalistic: is a variant of MobileNetV3"),
        ({"head": "psp"}, "head: must be aspp or lr_aspp, not 'psp'"),
        ({"head": "lr_aspp", "decoder": True}, "lr_aspp has no rates, image_pooling or decoder"),
        ({"classes": 0}, "classes: must be at least 1, not 0"),
        ({"classes": 2, "person_class": 15}, "person_class: must be between 0 and 1, not 15"),
    ],
)
def test_wrong_options_are_named(options: dict[str, Any], told: str) -> None:
    with pytest.raises(OptionError, match=told):
        DeepLabV3Plus(**options)
