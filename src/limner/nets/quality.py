"""QualityNet: EfficientNet-Lite0 encoder, additive depthwise decoder, pixel-shuffle head."""

from __future__ import annotations

from typing import ClassVar

from torch import Tensor, nn

from limner.nets.backbones.efficientnet_lite import EfficientNetLite0
from limner.nets.base import SegmentationNet
from limner.nets.blocks import ConvBN, DecoderStage, GlobalContext, init_weights, start_in_doubt


class QualityNet(SegmentationNet):
    """Portrait segmentation net for photos and strong machines.

    An encoder that knows ImageNet (Tan & Le 2019) and a light decoder; the last doubling is a pixel shuffle
    (Shi et al. 2016).

    Args:
        in_channels: 3 for RGB, 4 for RGB and the previous mask.

    The head "coarse" gives logits (N, 1, H/8, W/8).
    """

    head_modules: ClassVar[tuple[str, ...]] = ("coarse_head",)
    head_names: ClassVar[tuple[str, ...]] = ("coarse",)
    usual_size: ClassVar[int] = 288
    paper: ClassVar[str] = "Limner; encoder Tan & Le 2019"

    def __init__(self, *, in_channels: int = 3) -> None:
        super().__init__()
        self.in_channels = in_channels
        self.encoder = EfficientNetLite0(in_channels=in_channels)
        c2, c4, c8, c16, c32 = self.encoder.channels
        self.context = GlobalContext(c32)
        self.decode16 = DecoderStage(c32, c16, 96)
        self.decode8 = DecoderStage(96, c8, 64)
        self.decode4 = DecoderStage(64, c4, 40)
        self.decode2 = DecoderStage(40, c2, 24)
        self.head = nn.Sequential(ConvBN(24, 24, groups=24), nn.Conv2d(24, 4, 1), nn.PixelShuffle(2))
        self.coarse_head: nn.Module | None = nn.Conv2d(64, 1, 1)
        self.apply(init_weights)
        start_in_doubt(self.head, self.coarse_head)

    def run(self, x: Tensor, *, heads: bool) -> tuple[Tensor, dict[str, Tensor]]:
        x2, x4, x8, x16, x32 = self.encoder(x)
        y8 = self.decode8(self.decode16(self.context(x32), x16), x8)
        logits: Tensor = self.head(self.decode2(self.decode4(y8, x4), x2))
        return logits, {"coarse": self.coarse_head(y8)} if heads and self.coarse_head is not None else {}
