"""FastNet, Limner's default net: MobileNetV3-like encoder, additive depthwise decoder, pixel-shuffle head."""

from __future__ import annotations

from typing import ClassVar

from torch import Tensor, nn

from limner.nets.base import SegmentationNet
from limner.nets.blocks import (
    ConvBN,
    DecoderStage,
    GlobalContext,
    InvertedResidual,
    init_weights,
    round_channels,
    start_in_doubt,
)


class FastNet(SegmentationNet):
    """Small portrait segmentation net.

    Time on a CPU goes where the resolution is high, so the finest decoder stage has one separable convolution and the
    last doubling is a pixel shuffle of four channels; meaning comes from the coarse stages (strides 16 and 32), which
    are deep because they cost almost nothing. Encoder blocks: MobileNetV3 (Howard et al. 2019); pixel shuffle: Shi et
    al. 2016.

    Args:
        in_channels: 3 for RGB, 4 for RGB and the previous mask.
        width: multiplier of all channel counts.

    The head "coarse" gives logits (N, 1, H/8, W/8).
    """

    head_modules: ClassVar[tuple[str, ...]] = ("coarse_head",)
    head_names: ClassVar[tuple[str, ...]] = ("coarse",)
    encoder_modules: ClassVar[tuple[str, ...]] = ("stem", "stage4", "stage8", "stage16", "stage32")
    usual_size: ClassVar[int] = 224

    def __init__(self, *, in_channels: int = 3, width: float = 0.75) -> None:
        super().__init__()
        stem, c4, c8, c16, c32 = (round_channels(c * width) for c in (16, 24, 40, 80, 128))
        d16, d8, d4, d2 = (round_channels(c * width) for c in (64, 40, 24, 16))
        self.in_channels = in_channels
        self.stem = ConvBN(in_channels, stem, stride=2)
        self.stage4 = nn.Sequential(
            InvertedResidual(stem, c4, expansion=3, stride=2), InvertedResidual(c4, c4, expansion=2)
        )
        self.stage8 = self._stage(c4, c8, expansions=(3, 3, 3), kernels=(5, 3, 3))
        self.stage16 = self._stage(c8, c16, expansions=(4, 3, 3, 3, 3), kernels=(5,) * 5)
        self.stage32 = self._stage(c16, c32, expansions=(4, 3, 3, 3), kernels=(5,) * 4)
        self.context = GlobalContext(c32)
        self.decode16 = DecoderStage(c32, c16, d16)
        self.decode8 = DecoderStage(d16, c8, d8)
        self.decode4 = DecoderStage(d8, c4, d4)
        self.decode2 = DecoderStage(d4, stem, d2, depth=1)
        self.head = nn.Sequential(ConvBN(d2, d2, groups=d2), nn.Conv2d(d2, 4, 1), nn.PixelShuffle(2))
        self.coarse_head: nn.Module | None = nn.Conv2d(d8, 1, 1)
        self.apply(init_weights)
        start_in_doubt(self.head, self.coarse_head)

    @staticmethod
    def _stage(inputs: int, outputs: int, *, expansions: tuple[int, ...], kernels: tuple[int, ...]) -> nn.Sequential:
        """Inverted residuals with squeeze-excite; the first one halves the size."""
        blocks = []
        for i, (expansion, kernel) in enumerate(zip(expansions, kernels, strict=True)):
            blocks.append(
                InvertedResidual(
                    outputs if i else inputs,
                    outputs,
                    expansion=expansion,
                    stride=1 if i else 2,
                    kernel=kernel,
                    attention=True,
                )
            )
        return nn.Sequential(*blocks)

    def run(self, x: Tensor, *, heads: bool) -> tuple[Tensor, dict[str, Tensor]]:
        x2 = self.stem(x)
        x4 = self.stage4(x2)
        x8 = self.stage8(x4)
        x16 = self.stage16(x8)
        x32 = self.context(self.stage32(x16))
        y8 = self.decode8(self.decode16(x32, x16), x8)
        logits: Tensor = self.head(self.decode2(self.decode4(y8, x4), x2))
        return logits, {"coarse": self.coarse_head(y8)} if heads and self.coarse_head is not None else {}
