"""FastNet, Limner's default net: MobileNetV3-like encoder, additive depthwise decoder, pixel-shuffle head."""

from __future__ import annotations

from typing import ClassVar

from torch import nn

from limner.nets.blocks import ConvBN, InvertedResidual, residual_stage, round_channels
from limner.nets.pixel_shuffle_net import StagedNet


class FastNet(StagedNet):
    """Small portrait segmentation net.

    Time on a CPU goes where the resolution is high, so the finest decoder stage has one separable convolution and the
    last doubling is a pixel shuffle of four channels; meaning comes from the coarse stages (strides 16 and 32), which
    are deep because they cost almost nothing. Encoder blocks: MobileNetV3 (Howard et al. 2019).

    Args:
        in_channels: 3 for RGB, 4 for RGB and the previous mask.
        width: multiplier of all channel counts.
    """

    usual_size: ClassVar[int] = 224

    def __init__(self, *, in_channels: int = 3, width: float = 0.75) -> None:
        super().__init__()
        c2, c4, c8, c16, c32 = (round_channels(c * width) for c in (16, 24, 40, 80, 128))
        d16, d8, d4, d2 = (round_channels(c * width) for c in (64, 40, 24, 16))
        self.in_channels = in_channels
        self.stem = ConvBN(in_channels, c2, stride=2)
        self.stage4 = nn.Sequential(
            InvertedResidual(c2, c4, expansion=3, stride=2), InvertedResidual(c4, c4, expansion=2)
        )
        self.stage8 = residual_stage(c4, c8, expansions=(3, 3, 3), kernels=(5, 3, 3), attention=True)
        self.stage16 = residual_stage(c8, c16, expansions=(4, 3, 3, 3, 3), kernels=(5,) * 5, attention=True)
        self.stage32 = residual_stage(c16, c32, expansions=(4, 3, 3, 3), kernels=(5,) * 4, attention=True)
        self.make_decoder((c2, c4, c8, c16, c32), (d16, d8, d4, d2), depths=(2, 2, 2, 1))
