"""QualityNet: EfficientNet-Lite0 encoder, additive depthwise decoder, pixel-shuffle head."""

from __future__ import annotations

from typing import ClassVar

from torch import Tensor

from limner.nets.backbones.efficientnet_lite import EfficientNetLite0
from limner.nets.pixel_shuffle_net import PixelShuffleNet, Pyramid


class QualityNet(PixelShuffleNet):
    """Portrait segmentation net for photos and strong machines: an encoder that knows ImageNet (Tan & Le 2019).

    Args:
        in_channels: 3 for RGB, 4 for RGB and the previous mask.
    """

    encoder_modules: ClassVar[tuple[str, ...]] = ("encoder",)
    usual_size: ClassVar[int] = 288
    paper: ClassVar[str] = "Limner; encoder Tan & Le 2019"

    def __init__(self, *, in_channels: int = 3) -> None:
        super().__init__()
        self.in_channels = in_channels
        self.encoder = EfficientNetLite0(in_channels=in_channels)
        self.make_decoder(self.encoder.channels, (96, 64, 40, 24))

    def pyramid(self, x: Tensor) -> Pyramid:
        return Pyramid(*self.encoder(x))
