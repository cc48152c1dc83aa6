"""SteadySelfieNet: the gated selfie net with the previous mask, for camera and video."""

from __future__ import annotations

from typing import ClassVar

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from limner.nets.blocks import ConvBN, SeparableConv, init_weights
from limner.nets.gated_selfie import GatedSelfieNet

_SUREST = 4.5
"""The largest logit that counts: the previous mask's 0 and 1 are its ends."""
_TELLING = 100.0
"""One over the share of the picture from which on a mask says something."""


class Steady(nn.Module):
    """Mixes the previous mask into the logits, by a trust in it for each cell of 4 × 4 pixels."""

    kernel: Tensor
    offset: Tensor

    def __init__(self, width: int = 16) -> None:
        super().__init__()
        self.join = ConvBN(16 + 4 + 4 + 2, width, kernel=1)
        self.around = SeparableConv(width)
        self.trust = nn.Conv2d(width, 1, 1)
        for part in (self.join, self.around):
            part.apply(init_weights)
        nn.init.zeros_(self.trust.weight)
        nn.init.constant_(self.trust.bias, -2.5)  # type: ignore[arg-type]
        # Pixel unshuffle and 9p − 4.5 for a probability p, in one operator that all targets have.
        self.register_buffer("kernel", 2 * _SUREST * torch.eye(4).reshape(4, 1, 2, 2), persistent=False)
        self.register_buffer("offset", torch.full((4,), -_SUREST), persistent=False)

    def forward(self, features: Tensor, said: Tensor, previous: Tensor) -> Tensor:
        """Logits (N, 4, H/2, W/2) like ``said``, from features (N, 16, H/4, W/4) and a mask (N, 1, H, W) in [0, 1].

        Where both are sure, where trust is 0, and with an empty or full mask they are ``said`` to the bit.
        """
        before = F.conv2d(previous, self.kernel, self.offset, stride=2)
        now = said.clamp(-_SUREST, _SUREST)
        pair = F.avg_pool2d(torch.cat([now, before], dim=1), 2, 2) / _SUREST
        y = self.around(self.join(torch.cat([features, pair, _around(pair)], dim=1)))
        trust = F.hardsigmoid(self.trust(y)) * _telling(previous)
        trust = F.interpolate(trust, scale_factor=2.0, mode="bilinear", align_corners=False)
        mixed: Tensor = said + trust * (before - now)
        return mixed


class SteadySelfieNet(GatedSelfieNet):
    """`GatedSelfieNet` that also looks at the previous mask, and changes its mind no more than it has to.

    All that sees the picture counts as the encoder, which a recipe freezes: only the trust in the previous mask learns.

    Args:
        threshold: see `GatedSelfieNet`.
    """

    encoder_modules: ClassVar[tuple[str, ...]] = (*GatedSelfieNet.encoder_modules, "presence")

    def __init__(self, *, threshold: float = 0.0) -> None:
        super().__init__(threshold=threshold)
        self.in_channels = 4
        self.steady = Steady()

    def run(self, x: Tensor, *, heads: bool) -> tuple[Tensor, dict[str, Tensor]]:
        seen = self.features(x[:, :3])
        quads, near = self.gated(seen)
        mixed = self.steady(seen.quarter, quads, x[:, 3:])
        return F.pixel_shuffle(mixed, 2), {"presence": near} if heads else {}


def _around(pair: Tensor) -> Tensor:
    """What comes and goes in the 16 × 16 pixels around: a wrong mask differs in regions, a right one along lines."""
    change = (pair[:, 4:] - pair[:, :4]).mean(1, keepdim=True)
    cells = torch.cat([F.avg_pool2d(F.relu(change), 4, 4), F.avg_pool2d(F.relu(-change), 4, 4)], dim=1)
    return F.interpolate(cells, scale_factor=4.0, mode="bilinear", align_corners=False)


def _telling(previous: Tensor) -> Tensor:
    """0 for masks (N, 1, H, W) that are empty, as before the first frame, or full; 1 from 1 % of either on."""
    coarse = F.avg_pool2d(previous, 8, 8)  # in two steps: half precision cannot add up a full mask
    share = F.adaptive_avg_pool2d(coarse, 1)
    return (_TELLING * share).clamp(max=1.0) * (_TELLING * (1 - share)).clamp(max=1.0)
