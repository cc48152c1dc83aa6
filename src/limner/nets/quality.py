"""QualityNet: an encoder that ImageNet has taught to see, for photos and strong machines."""

from __future__ import annotations

from typing import ClassVar

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from limner.nets.backbones.efficientnet_lite import EfficientNetLite0
from limner.nets.blocks import ConvBN, start_silent
from limner.nets.pixel_shuffle_net import PixelShuffleNet, Pyramid
from limner.nets.selfie import SelfieNet
from limner.proportions import proportioned

_SELFIE_SIDE = 256
_SELFIE_SHARE = 0.07  # its logits are some 14 times larger than those of nets trained here


class QualityNet(PixelShuffleNet):
    """Portrait segmentation net of 3 M parameters, five times as costly as `fast`.

    An EfficientNet-Lite0 encoder (Tan & Le 2019), which takes ImageNet weights, and the decoder of `fast`, wider. With
    ``selfie`` it is two nets in one: a `SelfieNet` sees the picture at about 256 × 256, in the input's proportions, its
    logits are added to the decoder's, and its features join the decoder through projections that start at no effect.
    The two fail on different photos.

    Args:
        in_channels: 3 for RGB, 4 for RGB and the previous mask.
        selfie: with a `SelfieNet` inside.
    """

    encoder_modules: ClassVar[tuple[str, ...]] = ("encoder", "selfie")
    usual_size: ClassVar[int] = 288
    paper: ClassVar[str] = "Limner; encoder Tan & Le 2019"

    def __init__(self, *, in_channels: int = 3, selfie: bool = False) -> None:
        super().__init__()
        self.in_channels = in_channels
        self.encoder = EfficientNetLite0(in_channels=in_channels)
        widths = (96, 64, 40, 24)
        self.make_decoder(self.encoder.channels, widths)
        self.selfie = SelfieNet(in_channels=in_channels) if selfie else None
        if selfie:
            self.selfie_share = nn.Parameter(torch.tensor(_SELFIE_SHARE))
            self.from_top = _silent(128, widths[0])
            self.from_fine = _silent(16, widths[3])

    def pyramid(self, x: Tensor) -> Pyramid:
        return Pyramid(*self.encoder(x))

    def run(self, x: Tensor, *, heads: bool) -> tuple[Tensor, dict[str, Tensor]]:
        if self.selfie is None:
            return super().run(x, heads=heads)
        seen = self.selfie.look(_to(x, _selfie_size(x)))
        x2, x4, x8, x16, x32 = self.pyramid(x)
        y16 = self.decode16(self.context(x32), x16)
        y16 = y16 + _to(self.from_top(seen.top), y16.shape[-2:])
        y8 = self.decode8(y16, x8)
        y2 = self.decode2(self.decode4(y8, x4), x2)
        y2 = y2 + _to(self.from_fine(seen.fine), y2.shape[-2:])
        logits: Tensor = self.head(y2) + self.selfie_share * _to(seen.logits, x.shape[-2:])
        return logits, {"coarse": self.coarse_head(y8)} if heads and self.coarse_head is not None else {}


def _selfie_size(x: Tensor) -> tuple[int, int]:
    height, width = x.shape[-2:]
    if not isinstance(height, int) or not isinstance(width, int):  # open sizes, while a graph is traced
        return _SELFIE_SIDE, _SELFIE_SIDE
    return proportioned(_SELFIE_SIDE, (height, width))


def _silent(inputs: int, outputs: int) -> ConvBN:
    """A projection that says nothing until it has learnt."""
    projection = ConvBN(inputs, outputs, kernel=1, act=False)
    start_silent(projection)
    return projection


def _to(x: Tensor, size: tuple[int, ...] | torch.Size) -> Tensor:
    """``x`` at (height, width), bilinear."""
    if x.shape[-2:] == torch.Size(size):
        return x
    return F.interpolate(x, size=(int(size[0]), int(size[1])), mode="bilinear", align_corners=False)
