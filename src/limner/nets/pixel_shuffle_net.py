"""What Limner's own nets share: a pyramid of five levels, an additive decoder and a pixel-shuffle head."""

from __future__ import annotations

from typing import ClassVar, NamedTuple

from torch import Tensor, nn

from limner.nets.base import SegmentationNet
from limner.nets.blocks import ConvBN, DecoderStage, GlobalContext, init_weights, start_in_doubt


class Pyramid(NamedTuple):
    """Features (N, C, H/s, W/s) at the strides s that their names say."""

    x2: Tensor
    x4: Tensor
    x8: Tensor
    x16: Tensor
    x32: Tensor


class PixelShuffleNet(SegmentationNet):
    """Base of the nets whose decoder adds projected skips and whose last doubling is a pixel shuffle (Shi et al. 2016).

    Subclasses make their encoder, call ``make_decoder`` and implement ``pyramid``. The head "coarse" gives logits
    (N, 1, H/8, W/8).
    """

    head_modules: ClassVar[tuple[str, ...]] = ("coarse_head",)
    head_names: ClassVar[tuple[str, ...]] = ("coarse",)

    def make_decoder(
        self, skips: tuple[int, ...], outputs: tuple[int, ...], *, depths: tuple[int, ...] = (2, 2, 2, 2)
    ) -> None:
        """Add context, decoder and heads, and initialise every weight of the net.

        Args:
            skips: channels of the pyramid at strides 2, 4, 8, 16 and 32.
            outputs: channels of the decoder at strides 16, 8, 4 and 2.
            depths: separable convolutions of the decoder at the same strides.
        """
        c2, c4, c8, c16, c32 = skips
        d16, d8, d4, d2 = outputs
        self.context = GlobalContext(c32)
        self.decode16 = DecoderStage(c32, c16, d16, depth=depths[0])
        self.decode8 = DecoderStage(d16, c8, d8, depth=depths[1])
        self.decode4 = DecoderStage(d8, c4, d4, depth=depths[2])
        self.decode2 = DecoderStage(d4, c2, d2, depth=depths[3])
        self.head = nn.Sequential(ConvBN(d2, d2, groups=d2), nn.Conv2d(d2, 4, 1), nn.PixelShuffle(2))
        self.coarse_head: nn.Module | None = nn.Conv2d(d8, 1, 1)
        self.apply(init_weights)
        start_in_doubt(self.head, self.coarse_head)

    def pyramid(self, x: Tensor) -> Pyramid:
        """What the encoder makes of pictures (N, in_channels, H, W)."""
        raise NotImplementedError

    def run(self, x: Tensor, *, heads: bool) -> tuple[Tensor, dict[str, Tensor]]:
        x2, x4, x8, x16, x32 = self.pyramid(x)
        y8 = self.decode8(self.decode16(self.context(x32), x16), x8)
        logits: Tensor = self.head(self.decode2(self.decode4(y8, x4), x2))
        return logits, {"coarse": self.coarse_head(y8)} if heads and self.coarse_head is not None else {}


class StagedNet(PixelShuffleNet):
    """A `PixelShuffleNet` whose encoder is a stem and one stage for each further level."""

    encoder_modules: ClassVar[tuple[str, ...]] = ("stem", "stage4", "stage8", "stage16", "stage32")
    stem: nn.Module
    stage4: nn.Module
    stage8: nn.Module
    stage16: nn.Module
    stage32: nn.Module

    def pyramid(self, x: Tensor) -> Pyramid:
        x2 = self.stem(x)
        x4 = self.stage4(x2)
        x8 = self.stage8(x4)
        x16 = self.stage16(x8)
        return Pyramid(x2, x4, x8, x16, self.stage32(x16))
