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
    mean: Tensor

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
        # Means over 2 × 2 of eight channels, and over each four of them too, as one convolution: a third of the time.
        each = torch.eye(8).reshape(8, 8, 1, 1)
        both = torch.stack([each[:4].mean(0), each[4:].mean(0)])
        self.register_buffer("mean", torch.cat([each, both]).expand(10, 8, 2, 2) / 4, persistent=False)

    def forward(self, features: Tensor, said: Tensor, previous: Tensor) -> Tensor:
        """Logits (N, 4, H/2, W/2) like ``said``, from features (N, 16, H/4, W/4) and a mask (N, 1, H, W) in [0, 1].

        Where both are sure, where trust is 0, and with an empty or full mask they are ``said`` to the bit.
        """
        before = F.conv2d(previous, self.kernel, self.offset, stride=2)
        now = said.clamp(-_SUREST, _SUREST)
        means = F.conv2d(torch.cat([now, before], dim=1), self.mean, stride=2) / _SUREST
        changes, held = _around(means[:, 8:9], means[:, 9:])
        y = self.around(self.join(torch.cat([features, means[:, :8], changes], dim=1)))
        trust = F.hardsigmoid(self.trust(y)) * _telling(held)
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


def _around(now: Tensor, before: Tensor) -> tuple[Tensor, Tensor]:
    """What comes and goes in the 16 × 16 pixels around, and how far they were the person's before, from -1 to 1.

    A wrong mask differs in regions, a right one along lines.
    """
    change = before - now
    cells = F.avg_pool2d(torch.cat([F.relu(change), F.relu(-change), before], dim=1), 4, 4)
    return F.interpolate(cells[:, :2], scale_factor=4.0, mode="bilinear", align_corners=False), cells[:, 2:]


def _telling(before: Tensor) -> Tensor:
    """0 for masks (N, 1, h, w) of -1 to 1 that are empty (before the first frame) or full; 1 from 1 % of either on."""
    share = 0.5 + 0.5 * F.adaptive_avg_pool2d(before, 1)
    return (_TELLING * share).clamp(max=1.0) * (_TELLING * (1 - share)).clamp(max=1.0)
