"""SteadySelfieNet: the gated selfie net with the previous mask, for camera and video."""

from __future__ import annotations

from typing import ClassVar

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from limner.nets.blocks import ConvBN, GlobalContext, SeparableConv, init_weights
from limner.nets.gated_selfie import GatedSelfieNet

_SUREST = 4.5
_SHARE = 100.0


class Steady(nn.Module):
    """Mixes the previous mask into the logits, pixel by pixel as much as it trusts it there."""

    quads: Tensor

    def __init__(self, width: int = 16) -> None:
        super().__init__()
        self.join = ConvBN(16 + 4 + 4 + 2, width, kernel=1)
        self.around = SeparableConv(width)
        self.context = GlobalContext(width)
        self.trust = nn.Conv2d(width, 4, 1)
        for part in (self.join, self.around, self.context):
            part.apply(init_weights)
        nn.init.zeros_(self.trust.weight)
        nn.init.constant_(self.trust.bias, -5.0)  # type: ignore[arg-type]
        self.register_buffer("quads", torch.eye(4).reshape(4, 1, 2, 2), persistent=False)

    def forward(self, fine: Tensor, said: Tensor, previous: Tensor) -> Tensor:
        """Logits (N, 4, H/2, W/2) like ``said``, from features (N, 16, H/2, W/2) and a mask (N, 1, H, W) in [0, 1].

        Where both are sure, where trust is 0, and with an empty or full mask they are ``said`` to the bit.
        """
        before = F.conv2d(previous, self.quads, stride=2) - 0.5  # pixel unshuffle, in an operator that all targets have
        squared = before * before
        before = before * (4 + 80 * squared * squared)  # the inverse of the sigmoid to .1, and at most 4.5
        now = said.clamp(-_SUREST, _SUREST)
        change = ((before - now) / _SUREST).mean(1, keepdim=True)
        y = self.join(torch.cat([fine, now / _SUREST, before / _SUREST, _around(change)], dim=1))
        trust = torch.sigmoid(self.trust(self.context(self.around(y)))) * _telling(previous)
        mixed: Tensor = said + trust * (before - now)
        return mixed


class SteadySelfieNet(GatedSelfieNet):
    """`GatedSelfieNet` that also looks at the previous mask, and changes its mind no more than it has to.

    All that sees the picture counts as the encoder, which a recipe freezes: only the trust in the previous mask learns.

    Args:
        threshold: see `GatedSelfieNet`.
    """

    encoder_modules: ClassVar[tuple[str, ...]] = (*GatedSelfieNet.encoder_modules, "presence")
    in_channels = 4

    def __init__(self, *, threshold: float = 0.0) -> None:
        super().__init__(threshold=threshold)
        self.in_channels = 4
        self.steady = Steady()

    def run(self, x: Tensor, *, heads: bool) -> tuple[Tensor, dict[str, Tensor]]:
        seen = self.features(x[:, :3])
        quads, near = self.gated(seen)
        mixed = self.steady(seen.fine, quads, x[:, 3:])
        return F.pixel_shuffle(mixed, 2), {"presence": near} if heads else {}


def _around(change: Tensor) -> Tensor:
    """What comes and goes in the 16 × 16 pixels around: a wrong mask differs in regions, a right one along lines."""
    cells = torch.cat([F.avg_pool2d(F.relu(change), 8), F.avg_pool2d(F.relu(-change), 8)], dim=1)
    return F.interpolate(cells, scale_factor=8.0, mode="bilinear", align_corners=False)


def _telling(previous: Tensor) -> Tensor:
    """0 for masks (N, 1, H, W) that are empty, as before the first frame, or full; 1 from 1 % of either on."""
    share = F.adaptive_avg_pool2d(previous, 1)
    return (_SHARE * share).clamp(max=1.0) * (_SHARE * (1 - share)).clamp(max=1.0)
