"""GatedSelfieNet: the selfie net as it is, and a gate that closes where nobody is near."""

from __future__ import annotations

from typing import ClassVar

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from limner.nets.blocks import ConvBN, GlobalContext, InvertedResidual, init_weights
from limner.nets.selfie import Features, SelfieNet, deep_blocks

_STEEPNESS, _SUREST = 120.0, 20.0
"""What one of the gate's logit is worth in the net's, and the largest logit: its sigmoid is 1 in single precision.
Beyond it there is nothing to see, and 8 bits that had to span it would leave the edge a handful of levels."""
_SOFTENED = 0.07
"""The selfie net's logits are some 14 times larger than those of nets trained here: the gate hears a softer voice."""
_REACH, _LOSS_INSIDE, _LOSS_OUTSIDE = 8, 0.1, 0.5
"""Cells that the gate's certainty flows, and what a step costs its logit where a person is seen and where none is."""


class Presence(nn.Module):
    """Says for each cell of stride 16 whether a person is in it or beside it, from a `SelfieNet`'s features.

    It has deep blocks of its own, which take the weights of the selfie net's (by the same names), reads what the
    selfie net says and sees, and looks at the picture as a whole.
    """

    def __init__(self, width: int = 48) -> None:
        super().__init__()
        self.blocks = nn.ModuleDict({str(3 + place): block for place, block in enumerate(deep_blocks())})
        self.own = ConvBN(32, width, kernel=1, act=False)
        self.theirs = ConvBN(32 + 128 + 2, width, kernel=1, act=False)
        self.context = GlobalContext(width)
        self.last = InvertedResidual(width, width, expansion=2, kernel=5)
        self.out = nn.Conv2d(width, 1, 1)
        for part in (self.own, self.theirs, self.context, self.last):
            part.apply(init_weights)
        nn.init.zeros_(self.out.weight)
        nn.init.zeros_(self.out.bias)  # type: ignore[arg-type]

    def forward(self, seen: Features, person: Tensor) -> Tensor:
        """Logits (N, 1, H/16, W/16) of somebody being near; ``person`` is the softened probability (N, 1, H/2, W/2)."""
        y = seen.eighth
        for block in self.blocks.values():
            y = block(y)
        said = (F.avg_pool2d(person, 8, 8), F.max_pool2d(person, 8, 8))
        y = self.context(self.own(y) + self.theirs(torch.cat([seen.deep, seen.top, *said], dim=1)))
        out: Tensor = self.out(self.last(y))
        return out


class GatedSelfieNet(SelfieNet):
    """`SelfieNet` with a gate against what looks like a person and is none.

    The selfie net learnt from far more people than are at hand, and everything that is trained on in it makes it worse
    on unseen photos. So it stays as it is (it counts as the encoder, which a recipe freezes), and only the gate
    learns: it lowers the logits where it is sure that nobody is near, and leaves them untouched where somebody may be.

    Args:
        threshold: logit of the gate below which it closes; the lower, the fewer people it can lose.
    """

    encoder_modules: ClassVar[tuple[str, ...]] = (
        *("stem", "blocks", "top", "top_gate", "decode8", "decode4", "decode2", "head"),
        *("wide16", "wide8", "wide4", "wide2"),
    )
    head_names: ClassVar[tuple[str, ...]] = ("presence",)
    paper: ClassVar[str] = "Limner; Google, MediaPipe 2020"

    def __init__(self, *, threshold: float = 0.0) -> None:
        super().__init__()
        self.presence = Presence()
        self.threshold = threshold

    def run(self, x: Tensor, *, heads: bool) -> tuple[Tensor, dict[str, Tensor]]:
        seen = self.features(x)
        quads, near = self.gated(seen)
        return F.pixel_shuffle(quads, 2), {"presence": near} if heads else {}

    def gated(self, seen: Features) -> tuple[Tensor, Tensor]:
        """Logits (N, 4, H/2, W/2), four pixels of each, behind the gate; and the gate's (N, 1, H/16, W/16)."""
        quads = self.head(seen.fine)
        person = torch.sigmoid(_SOFTENED * quads[:, :1])
        near = self.presence(seen, person)
        shut = F.max_pool2d(_spread(near, F.max_pool2d(person, 8, 8)), 3, 1, 1)  # so that no edge is cut
        shut = F.interpolate(shut, scale_factor=8.0, mode="bilinear", align_corners=False)
        lowered = torch.clamp(_STEEPNESS * (shut - self.threshold), -2 * _SUREST, 0.0)
        return quads.clamp(-_SUREST, _SUREST) + lowered, near


def _spread(near: Tensor, person: Tensor) -> Tensor:
    """Let certainty flow from cell to cell: nearly undiminished where the net sees a person, hardly elsewhere.

    So a person is kept or dropped whole: a face that the gate doubts stays with the body that it does not.

    Args:
        near: logits (N, 1, h, w).
        person: probability (N, 1, h, w).
    """
    loss = _LOSS_OUTSIDE - (_LOSS_OUTSIDE - _LOSS_INSIDE) * person
    least = near + loss
    open_ = near
    for _ in range(_REACH):
        # The larger of the neighbours' less the loss and its own, without Max: WebGPU has none.
        open_ = near + F.relu(F.max_pool2d(open_, 3, 1, 1) - least)
    return open_
