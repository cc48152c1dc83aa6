"""SlimNet: large pictures at the price of small ones, by falling to a quarter of the size at once."""

from __future__ import annotations

from typing import ClassVar

import torch.nn.functional as F
from torch import Tensor, nn

from limner.nets.base import SegmentationNet
from limner.nets.blocks import ConvBN, ConvPReLU, init_weights

_DILATIONS = (1, 2, 1, 4) * 3


class Bottleneck(nn.Module):
    """Squeeze to few channels, look around depthwise, expand, add the input; PReLU throughout.

    With ``stride`` 2 the squeeze is a 2 × 2 convolution, and the shortcut takes the maximum of 2 × 2.
    """

    def __init__(self, inputs: int, outputs: int, *, squeeze: int, stride: int = 1, dilation: int = 1) -> None:
        super().__init__()
        self.branch = nn.Sequential(
            ConvPReLU(inputs, squeeze, kernel=stride, stride=stride),
            ConvPReLU(squeeze, squeeze, groups=squeeze, dilation=dilation),
            ConvPReLU(squeeze, squeeze, kernel=1),
            ConvPReLU(squeeze, squeeze, groups=squeeze, dilation=dilation),
            ConvBN(squeeze, outputs, kernel=1, act=False),
        )
        shortcut: list[nn.Module] = [nn.MaxPool2d(2)] if stride == 2 else []
        if inputs != outputs:
            shortcut.append(ConvBN(inputs, outputs, kernel=1, act=False))
        self.shortcut = nn.Sequential(*shortcut)
        self.act = nn.PReLU(outputs)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.act(self.shortcut(x) + self.branch(x))
        return out


class UpBottleneck(nn.Module):
    """Double the size: transposed convolution in few channels, plus the upsampled input and the skip; then refine."""

    def __init__(self, inputs: int, skip: int, outputs: int, *, squeeze: int) -> None:
        super().__init__()
        self.branch = nn.Sequential(
            ConvPReLU(inputs, squeeze, kernel=1),
            nn.ConvTranspose2d(squeeze, squeeze, 4, stride=2, padding=1, bias=False),
            nn.BatchNorm2d(squeeze),
            nn.PReLU(squeeze),
            ConvBN(squeeze, outputs, kernel=1, act=False),
        )
        self.shortcut = ConvBN(inputs, outputs, kernel=1, act=False)
        self.skip = ConvBN(skip, outputs, kernel=1, act=False)
        self.act = nn.PReLU(outputs)
        self.refine = Bottleneck(outputs, outputs, squeeze=squeeze)

    def forward(self, x: Tensor, skip: Tensor) -> Tensor:
        doubled = F.interpolate(self.shortcut(x), scale_factor=2.0, mode="bilinear", align_corners=False)
        out: Tensor = self.refine(self.act(doubled + self.branch(x) + self.skip(skip)))
        return out


class SlimNet(SegmentationNet):
    """Portrait segmentation of 512 × 512 pictures on telephones, after Google's net for hair (Tkachenka et al. 2019).

    Two 2 × 2 convolutions bring the picture to a quarter of its size; from there on bottlenecks (He et al. 2016) do
    the work, with depthwise convolutions that are dilated (Yu & Koltun 2016) at stride 32, and PReLU (He et al. 2015)
    everywhere. Two transposed convolutions without overlap lead back from a quarter to the whole size.

    At 128 × 128 the taps of dilation 4 see nothing but padding: train at 192 or more.

    Args:
        in_channels: 3 for RGB, 4 for RGB and the previous mask.
    """

    usual_size: ClassVar[int] = 512
    paper: ClassVar[str] = "Tkachenka et al. 2019"

    def __init__(self, *, in_channels: int = 3) -> None:
        super().__init__()
        self.in_channels = in_channels
        self.stem2 = ConvPReLU(in_channels, 8, kernel=2, stride=2)
        self.stem4 = ConvPReLU(8, 32, kernel=2, stride=2)
        self.stage8 = nn.Sequential(
            Bottleneck(32, 64, squeeze=32, stride=2), *(Bottleneck(64, 64, squeeze=32) for _ in range(2))
        )
        self.stage16 = nn.Sequential(
            Bottleneck(64, 128, squeeze=32, stride=2), *(Bottleneck(128, 128, squeeze=32) for _ in range(4))
        )
        self.stage32 = nn.Sequential(
            Bottleneck(128, 128, squeeze=40, stride=2),
            *(Bottleneck(128, 128, squeeze=40, dilation=dilation) for dilation in _DILATIONS),
        )
        self.decode16 = UpBottleneck(128, 128, 96, squeeze=24)
        self.decode8 = UpBottleneck(96, 64, 64, squeeze=16)
        self.decode4 = UpBottleneck(64, 32, 32, squeeze=16)
        self.decode2 = nn.Sequential(nn.ConvTranspose2d(32, 8, 2, stride=2, bias=False), nn.BatchNorm2d(8))
        self.act2 = nn.PReLU(8)
        self.head = nn.ConvTranspose2d(8, 1, 2, stride=2)
        self.apply(init_weights)

    def run(self, x: Tensor, *, heads: bool) -> tuple[Tensor, dict[str, Tensor]]:
        x2 = self.stem2(x)
        x4 = self.stem4(x2)
        x8 = self.stage8(x4)
        x16 = self.stage16(x8)
        y4 = self.decode4(self.decode8(self.decode16(self.stage32(x16), x16), x8), x4)
        logits: Tensor = self.head(self.act2(self.decode2(y4) + x2))
        return logits, {}
