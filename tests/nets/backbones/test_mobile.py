"""The MobileNets have the published sizes, and one set of weights for every output stride."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from limner.errors import OptionError
from limner.nets.backbones.mobile import MobileBackbone, narrow
from limner.nets.backbones.mobilenet_v2 import MobileNetV2
from limner.nets.backbones.mobilenet_v3 import MobileNetV3


# What Keras applications count without the classifier (for V2 less its last convolution), batch norm statistics too.
@pytest.mark.parametrize(
    ("net", "published"),
    [
        (MobileNetV2(), 2_257_984 - 1280 * (320 + 4)),
        (MobileNetV2(width=0.5), 706_224 - 1280 * (160 + 4)),
        (MobileNetV3(size="large"), 2_996_352),
        (MobileNetV3(size="small"), 939_120),
    ],
    ids=["v2", "v2 half", "v3 large", "v3 small"],
)
def test_sizes_are_the_published_ones(net: MobileBackbone, published: int) -> None:
    assert sum(tensor.numel() for tensor in net.state_dict().values() if tensor.ndim) == published


@pytest.mark.parametrize("taps", ["outputs", "hidden"])
@pytest.mark.parametrize("output_stride", [8, 16, 32])
def test_levels_have_the_channels_and_sizes_that_are_promised(taps: str, output_stride: int) -> None:
    for net in (
        MobileNetV2(width=0.5, output_stride=output_stride, taps=taps),  # type: ignore[arg-type]
        MobileNetV3(size="small", width=0.5, output_stride=output_stride, taps=taps),  # type: ignore[arg-type]
    ):
        height, width = 65, 96
        assert net.strides == tuple(min(stride, output_stride) for stride in (2, 4, 8, 16, 32))
        with torch.no_grad():
            shapes = [tuple(level.shape) for level in net.eval()(torch.rand(1, 3, height, width))]
        assert shapes == [
            (1, channels, -(-height // stride), -(-width // stride))
            for channels, stride in zip(net.channels, net.strides, strict=True)
        ]


@pytest.mark.parametrize("make", [MobileNetV2, MobileNetV3])
def test_the_same_weights_serve_every_output_stride(make: type[MobileNetV2] | type[MobileNetV3]) -> None:
    """Dilated features, taken at every second place, are the strided ones: away from the border they agree exactly."""
    torch.manual_seed(0)
    coarse, fine = make(width=0.5).eval(), make(width=0.5, output_stride=16).eval()
    fine.load_state_dict(coarse.state_dict())
    for net in (coarse, fine):
        for module in net.modules():
            if hasattr(module, "attention"):
                module.attention = nn.Identity()  # looks at the whole picture, so at different places
    picture = torch.rand(1, 3, 577, 33)
    with torch.no_grad():
        strided, dilated = coarse(picture)[-1], fine(picture)[-1]
    middle = strided.shape[2] // 2
    torch.testing.assert_close(strided[:, :, middle], dilated[:, :, 2 * middle, ::2], rtol=1e-4, atol=1e-5)


def test_minimalistic_has_nothing_that_accelerators_lack() -> None:
    plain, lean = MobileNetV3(size="small"), MobileNetV3(size="small", minimalistic=True)
    assert any(isinstance(module, nn.Hardswish) for module in plain.modules())
    assert not any(isinstance(module, nn.Hardswish) for module in lean.modules())
    assert "attention" in str(list(plain.state_dict()))
    assert "attention" not in str(list(lean.state_dict()))
    kernels = {m.kernel_size for m in lean.modules() if isinstance(m, nn.Conv2d)}
    assert kernels == {(1, 1), (3, 3)}


def test_quant_friendly_leaves_depthwise_convolutions_bare() -> None:
    net = MobileNetV2(width=0.5, quant_friendly=True)
    assert not any(isinstance(module, nn.ReLU6) for module in net.modules())
    for block in net.blocks:
        assert [type(module) for module in block.depthwise] == [nn.Conv2d]
    assert any(isinstance(module, nn.ReLU6) for module in MobileNetV2(width=0.5).modules())


@pytest.mark.parametrize(("channels", "width", "expected"), [(320, 0.5, 160), (24, 0.5, 16), (32, 0.35, 16), (3, 1, 8)])
def test_narrow_rounds_to_eights_but_never_far_down(channels: int, width: float, expected: int) -> None:
    assert narrow(channels, width) == expected


def test_wrong_options_are_named() -> None:
    with pytest.raises(OptionError, match="output_stride: must be 8, 16 or 32, not 4"):
        MobileNetV2(output_stride=4)
    with pytest.raises(OptionError, match="size: must be large or small, not 'huge'"):
        MobileNetV3(size="huge")  # type: ignore[arg-type]
