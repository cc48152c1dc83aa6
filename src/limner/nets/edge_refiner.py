"""EdgeRefiner: sees the picture and a rough matte along its edge, and says what the matte is there."""

from __future__ import annotations

from typing import ClassVar

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from limner.errors import OptionError
from limner.nets.blocks import ConvBN, InvertedResidual, init_weights, round_channels

STEEPNESS = 1 / 0.6
"""Of the guess that the net corrects: what the guided filter gives at the default softness."""


class EdgeRefiner(nn.Module):
    """From a picture and a rough matte to a matte with fine edges.

    ``net(x)`` gives float (N, 1, S, S), alpha, not clipped to [0, 1], for x float (N, 4, S, S): RGB in [0, 1] and the
    rough matte in [0, 1], as soft as the net that found the person says. A U-Net of inverted residuals; what it paints
    is a correction of the rough matte made as steep as the default edge is, so that a net of zeros changes nothing.

    All layers work at half the size or less, where convolutions are cheap; the picture's four phases (space to depth)
    keep every pixel in sight.

    Args:
        width: multiplier of the channel counts.
        depth: blocks at an eighth of the size.
    """

    in_channels: ClassVar[int] = 4
    size_divisor: ClassVar[int] = 8
    paper: ClassVar[str] = "Limner; U-Net (Ronneberger et al. 2015) of inverted residuals (Sandler et al. 2018)"

    def __init__(self, *, width: float = 1.0, depth: int = 3) -> None:
        super().__init__()
        c2, c4, c8 = (round_channels(channels * width) for channels in (24, 40, 64))
        self.stem = nn.Sequential(ConvBN(16, c2), InvertedResidual(c2, c2, expansion=2))
        self.down4 = nn.Sequential(
            ConvBN(c2, c4, stride=2),
            InvertedResidual(c4, c4, expansion=2),
            InvertedResidual(c4, c4, expansion=2),
        )
        self.down8 = nn.Sequential(
            ConvBN(c4, c8, stride=2),
            *(InvertedResidual(c8, c8, expansion=2, kernel=5 if index else 3) for index in range(depth)),
        )
        self.up4 = _Joined(c8, c4)
        self.up2 = _Joined(c4, c2)
        self.say = nn.Conv2d(c2, 4, 3, padding=1)
        self.apply(init_weights)
        nn.init.normal_(self.say.weight, std=0.01)
        nn.init.zeros_(self.say.bias)  # type: ignore[arg-type]

    def forward(self, x: Tensor) -> Tensor:
        x2 = self.stem(F.pixel_unshuffle(x, 2))
        x4 = self.down4(x2)
        fine = self.up2(self.up4(self.down8(x4), x4), x2)
        guess = ((x[:, 3:] - 0.5) * STEEPNESS + 0.5).clamp(0, 1)
        return guess + F.pixel_shuffle(self.say(fine), 2)

    def check_size(self, height: int, width: int) -> None:
        """Raise OptionError unless the net takes pictures of this size; the message names the next size it takes."""
        step = self.size_divisor
        if height % step or width % step or height <= 0 or width <= 0:
            fit = "x".join(str(max(1, -(-side // step)) * step) for side in (width, height))
            raise OptionError(
                f"EdgeRefiner takes sizes divisible by {step}, not {width}x{height} (width x height); choose {fit}"
            )


class _Joined(nn.Module):
    """Coarse features, enlarged, and the fine ones of the same size: to as many channels as the fine ones have."""

    def __init__(self, coarse: int, fine: int) -> None:
        super().__init__()
        self.narrow = ConvBN(coarse, fine, kernel=1)
        self.mix = nn.Sequential(ConvBN(2 * fine, 2 * fine, groups=2 * fine), ConvBN(2 * fine, fine, kernel=1))

    def forward(self, coarse: Tensor, fine: Tensor) -> Tensor:
        grown = F.interpolate(self.narrow(coarse), scale_factor=2.0, mode="nearest")
        joined: Tensor = self.mix(torch.cat([grown, fine], 1))
        return joined
