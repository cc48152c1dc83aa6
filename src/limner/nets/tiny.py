"""TinyNet, Limner's smallest net: what a CPU does quickly at 192 × 192, in under 0.15 M parameters."""

from __future__ import annotations

from typing import ClassVar

from torch import Tensor, nn

from limner.nets.base import SegmentationNet
from limner.nets.blocks import ConvBN, DecoderStage, GlobalContext, InvertedResidual, init_weights, start_in_doubt


class TinyNet(SegmentationNet):
    """Portrait segmentation net for weak machines.

    The plan of `fast`, narrower: inverted residuals (Sandler et al. 2018) with squeeze-excite (Hu et al. 2018) and
    5 × 5 kernels only at strides 16 and 32, an additive decoder, a pixel shuffle (Shi et al. 2016) for the last
    doubling.

    Args:
        in_channels: 3 for RGB, 4 for RGB and the previous mask.

    The head "coarse" gives logits (N, 1, H/8, W/8).
    """

    head_modules: ClassVar[tuple[str, ...]] = ("coarse_head",)
    head_names: ClassVar[tuple[str, ...]] = ("coarse",)
    usual_size: ClassVar[int] = 192

    def __init__(self, *, in_channels: int = 3) -> None:
        super().__init__()
        self.in_channels = in_channels
        # The fine stages have 16 channels and no fewer: runtimes compute blocks of 8 or 16, and 8 take longer than 16.
        self.stem = ConvBN(in_channels, 16, stride=2)
        self.stage4 = self._stage(16, 16, expansions=(2, 2))
        self.stage8 = self._stage(16, 24, expansions=(3, 2, 2))
        self.stage16 = self._stage(24, 40, expansions=(3, 2, 2, 2), kernel=5, attention=True)
        self.stage32 = self._stage(40, 64, expansions=(3, 2, 2), kernel=5, attention=True)
        self.context = GlobalContext(64)
        self.decode16 = DecoderStage(64, 40, 40, depth=1)
        self.decode8 = DecoderStage(40, 24, 24, depth=1)
        self.decode4 = DecoderStage(24, 16, 16, depth=2)
        self.decode2 = DecoderStage(16, 16, 16, depth=1)
        self.head = nn.Sequential(ConvBN(16, 16, groups=16), nn.Conv2d(16, 4, 1), nn.PixelShuffle(2))
        self.coarse_head: nn.Module | None = nn.Conv2d(24, 1, 1)
        self.apply(init_weights)
        start_in_doubt(self.head, self.coarse_head)

    @staticmethod
    def _stage(
        inputs: int, outputs: int, *, expansions: tuple[int, ...], kernel: int = 3, attention: bool = False
    ) -> nn.Sequential:
        """Inverted residuals; the first one halves the size."""
        blocks = [
            InvertedResidual(
                outputs if i else inputs,
                outputs,
                expansion=expansion,
                stride=1 if i else 2,
                kernel=kernel,
                attention=attention,
                reduction=8,
            )
            for i, expansion in enumerate(expansions)
        ]
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
