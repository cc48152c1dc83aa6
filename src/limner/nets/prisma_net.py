"""PrismaNet: a U-Net of residual blocks with depthwise-separable convolutions, skips by addition."""

from __future__ import annotations

from itertools import pairwise
from typing import ClassVar

from torch import Tensor, nn
from torch.nn import functional as F

from limner.nets.base import SegmentationNet
from limner.nets.blocks import ConvBN, init_weights, start_in_doubt

_CHANNELS = (8, 32, 64, 128, 128)
_ENCODER_DEPTHS = (1, 1, 1, 2, 6)
_DECODER_DEPTHS = (3, 3, 3, 3)


class ResidualBlock(nn.Module):
    """Two separable convolutions, each after a ReLU, in a residual (pre-activation as in He et al. 2016)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.first = self._separable(channels)
        self.second = self._separable(channels)

    @staticmethod
    def _separable(channels: int) -> nn.Sequential:
        depthwise = nn.Conv2d(channels, channels, 3, padding=1, groups=channels, bias=False)
        return nn.Sequential(depthwise, ConvBN(channels, channels, kernel=1, act=False))

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = x + self.second(F.relu(self.first(F.relu(x))))
        return out


class PrismaNet(SegmentationNet):
    """The U-Net (Ronneberger et al. 2015) that the app Prisma made small enough for telephones.

    It adds where U-Net concatenates, has residual blocks of separable convolutions where U-Net has pairs of
    convolutions, and more of them on the way up than on the way down. Here with batch norm, so that large learning
    rates hold.

    Args:
        in_channels: 3 for RGB, 4 for RGB and the previous mask.
    """

    size_divisor: ClassVar[int] = 16
    usual_size: ClassVar[int] = 256
    paper: ClassVar[str] = "Prisma Labs 2019"

    def __init__(self, *, in_channels: int = 3) -> None:
        super().__init__()
        self.in_channels = in_channels
        before = (in_channels, *_CHANNELS)
        self.down = nn.ModuleList(
            ConvBN(before[i], channels, stride=2 if i else 1, act=False) for i, channels in enumerate(_CHANNELS)
        )
        self.encode = nn.ModuleList(
            nn.Sequential(*(ResidualBlock(channels) for _ in range(depth)))
            for channels, depth in zip(_CHANNELS, _ENCODER_DEPTHS, strict=True)
        )
        rising = _CHANNELS[::-1]
        self.up = nn.ModuleList(self._double(*pair) for pair in pairwise(rising))
        self.decode = nn.ModuleList(
            nn.Sequential(*(ResidualBlock(channels) for _ in range(depth)))
            for channels, depth in zip(rising[1:], _DECODER_DEPTHS, strict=True)
        )
        self.head = nn.Conv2d(_CHANNELS[0], 1, 1)
        self.apply(init_weights)
        start_in_doubt(self.head, std=0.1)

    @staticmethod
    def _double(inputs: int, outputs: int) -> nn.Sequential:
        up = nn.ConvTranspose2d(inputs, outputs, 3, stride=2, padding=1, output_padding=1, bias=False)
        return nn.Sequential(up, nn.BatchNorm2d(outputs))

    def run(self, x: Tensor, *, heads: bool) -> tuple[Tensor, dict[str, Tensor]]:
        skips = []
        for down, encode in zip(self.down, self.encode, strict=True):
            x = encode(down(x))
            skips.append(x)
        skips.pop()
        for up, decode in zip(self.up, self.decode, strict=True):
            x = decode(up(x) + skips.pop())
        logits: Tensor = self.head(F.relu(x))
        return logits, {}
