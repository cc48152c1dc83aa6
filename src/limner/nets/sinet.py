"""SINet: spatial squeeze modules and a decoder that blocks what it does not need, in 0.087 M parameters."""

from __future__ import annotations

from typing import ClassVar

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from limner.nets.base import SegmentationNet
from limner.nets.blocks import ConvPReLU, SqueezeExcite, init_weights, start_in_doubt

_FINE = (((3, 1), (5, 1)), ((3, 1), (3, 1)))
"""(kernel, pooling) of the two branches of each module at stride 4."""

_COARSE = (
    *(((3, 1), (5, 1)), ((3, 1), (3, 1)), ((5, 1), (3, 2)), ((5, 2), (3, 4))),
    *(((3, 1), (3, 1)), ((5, 1), (5, 1)), ((3, 2), (3, 4)), ((3, 1), (5, 2))),
)
"""The same at stride 8."""


class SpatialSqueeze(nn.Module):
    """S2 block: a depthwise-separable convolution on the picture made ``pool`` times smaller, and back.

    The squeeze widens what a small kernel sees, and takes time away instead of adding it, as dilation would.
    """

    def __init__(self, inputs: int, outputs: int, *, kernel: int, pool: int) -> None:
        super().__init__()
        self.pool = pool
        self.conv = nn.Sequential(
            ConvPReLU(inputs, inputs, kernel=kernel, groups=inputs), nn.Conv2d(inputs, outputs, 1, bias=False)
        )
        self.norm = nn.BatchNorm2d(outputs)

    def forward(self, x: Tensor) -> Tensor:
        if self.pool == 1:
            out: Tensor = self.norm(self.conv(x))
            return out
        x = self.conv(F.avg_pool2d(x, self.pool))
        out = self.norm(F.interpolate(x, scale_factor=float(self.pool), mode="bilinear", align_corners=False))
        return out


class SqueezeModule(nn.Module):
    """S2 module: half the channels, shuffled between the two groups, through two S2 blocks side by side.

    The sum with the input happens where the channels are equal.
    """

    def __init__(self, inputs: int, outputs: int, branches: tuple[tuple[int, int], tuple[int, int]]) -> None:
        super().__init__()
        half = outputs // 2
        self.residual = inputs == outputs
        self.reduce = nn.Conv2d(inputs, half, 1, groups=2, bias=False)
        self.left, self.right = (SpatialSqueeze(half, half, kernel=kernel, pool=pool) for kernel, pool in branches)
        self.out = nn.Sequential(nn.BatchNorm2d(outputs), nn.PReLU(outputs))

    def forward(self, x: Tensor) -> Tensor:
        reduced = self.reduce(x).unflatten(1, (2, -1)).transpose(1, 2).flatten(1, 2)
        out = torch.cat([self.left(reduced), self.right(reduced)], dim=1)
        joined: Tensor = self.out(x + out if self.residual else out)
        return joined


def _halve(inputs: int, outputs: int) -> nn.Sequential:
    """Depthwise convolution of stride 2, squeeze-excite (Hu et al. 2018), pointwise convolution."""
    return nn.Sequential(
        nn.Conv2d(inputs, inputs, 3, stride=2, padding=1, groups=inputs, bias=False),
        SqueezeExcite(inputs, reduced=inputs // 2),
        ConvPReLU(inputs, outputs, kernel=1),
    )


class InformationBlocking(nn.Module):
    """Lets fine features speak only where the coarse answer is in doubt.

    The gate is one minus the probability of the likelier of person and background: 0.5 in full doubt, 0 where the
    coarse answer is sure. Texture inside a person or on a wall therefore cannot tear holes.
    """

    def __init__(self, fine: int) -> None:
        super().__init__()
        self.project = nn.Conv2d(fine, 1, 1)

    def forward(self, coarse: Tensor, fine: Tensor) -> Tensor:
        """Logits (N, 1, h, w) from coarse logits (N, 1, h/2, w/2) and features (N, fine, h, w)."""
        coarse = F.interpolate(coarse, scale_factor=2.0, mode="bilinear", align_corners=False)
        gated: Tensor = coarse + self.project(fine) * torch.sigmoid(-coarse.abs())
        return gated


class SINet(SegmentationNet):
    """The smallest net of the field (Park et al. 2020).

    Args:
        in_channels: 3 for RGB, 4 for RGB and the previous mask.

    "coarse" gives logits (N, 1, H/8, W/8). They are no head on the side but the ground of the answer, so inference
    keeps them; trained with a loss of their own, their confidence means something.
    """

    head_names: ClassVar[tuple[str, ...]] = ("coarse",)
    usual_size: ClassVar[int] = 224
    paper: ClassVar[str] = "Park et al. 2020"

    def __init__(self, *, in_channels: int = 3) -> None:
        super().__init__()
        self.in_channels = in_channels
        self.stem = ConvPReLU(in_channels, 12, stride=2)
        self.down4 = _halve(12, 16)
        self.stage4 = self._stage(16, 48, _FINE)
        self.join4 = nn.Sequential(nn.BatchNorm2d(64), nn.PReLU(64))
        self.down8 = _halve(64, 48)
        self.stage8 = self._stage(48, 96, _COARSE)
        self.join8 = nn.Sequential(nn.BatchNorm2d(144), nn.PReLU(144))
        self.coarse = nn.Conv2d(144, 1, 1)
        self.blocking = InformationBlocking(48)
        self.smooth = nn.Conv2d(1, 1, 3, padding=1)
        self.apply(init_weights)
        # Start in doubt: a coarse answer that is wrongly sure would shut the fine features out.
        start_in_doubt(self.coarse, self.blocking.project, std=0.01)
        nn.init.dirac_(self.smooth.weight)

    @staticmethod
    def _stage(
        inputs: int, outputs: int, modules: tuple[tuple[tuple[int, int], tuple[int, int]], ...]
    ) -> nn.Sequential:
        return nn.Sequential(
            *(SqueezeModule(outputs if i else inputs, outputs, branches) for i, branches in enumerate(modules))
        )

    def run(self, x: Tensor, *, heads: bool) -> tuple[Tensor, dict[str, Tensor]]:
        x4 = self.down4(self.stem(x))
        y4 = self.stage4(x4)
        x8 = self.down8(self.join4(torch.cat([x4, y4], dim=1)))
        y8 = self.stage8(x8)
        coarse = self.coarse(self.join8(torch.cat([x8, y8], dim=1)))
        logits = F.interpolate(self.blocking(coarse, y4), scale_factor=4.0, mode="bilinear", align_corners=False)
        return self.smooth(logits), {"coarse": coarse} if heads else {}
