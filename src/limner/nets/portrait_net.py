"""PortraitNet: MobileNetV2 in a U shape, with a boundary head that only training pays for."""

from __future__ import annotations

from typing import ClassVar

from torch import Tensor, nn
from torch.nn import functional as F

from limner.nets.backbones.mobilenet_v2 import MobileNetV2
from limner.nets.base import SegmentationNet
from limner.nets.blocks import ConvBN, init_weights, start_in_doubt


class RefineBlock(nn.Module):
    """Two separable convolutions in a residual; where the channels change, so does the shortcut, by 1 × 1."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.branch = nn.Sequential(
            ConvBN(inputs, inputs, groups=inputs),
            ConvBN(inputs, outputs, kernel=1),
            ConvBN(outputs, outputs, groups=outputs),
            ConvBN(outputs, outputs, kernel=1, act=False),
        )
        self.shortcut = nn.Identity() if inputs == outputs else ConvBN(inputs, outputs, kernel=1, act=False)

    def forward(self, x: Tensor) -> Tensor:
        return F.relu(self.shortcut(x) + self.branch(x))


def _double(channels: int) -> nn.Sequential:
    """Transposed convolution that doubles the size; kernel 4 because it covers every pixel equally often."""
    up = nn.ConvTranspose2d(channels, channels, 4, stride=2, padding=1, bias=False)
    return nn.Sequential(up, nn.BatchNorm2d(channels), nn.ReLU(inplace=True))


class PortraitNet(SegmentationNet):
    """MobileNetV2 (Sandler et al. 2018) and a decoder that refines, doubles and adds (Zhang et al. 2019).

    The paper trains it with a focal loss on the outline, from a head next to the one for the person, and with a
    consistency loss between a picture and its changed twin; both are losses of the trainer, not of the net.

    Args:
        in_channels: 3 for RGB, 4 for RGB and the previous mask.
        width: multiplier of the encoder's channels; the decoder follows.

    The head "boundary" gives logits (N, 1, H, W) of the person's outline.
    """

    head_modules: ClassVar[tuple[str, ...]] = ("boundary_head",)
    head_names: ClassVar[tuple[str, ...]] = ("boundary",)
    usual_size: ClassVar[int] = 224
    paper: ClassVar[str] = "Zhang et al. 2019"

    def __init__(self, *, in_channels: int = 3, width: float = 1.0) -> None:
        super().__init__()
        self.in_channels = in_channels
        self.encoder = MobileNetV2(in_channels=in_channels, width=width)
        c2, c4, c8, c16, c32 = self.encoder.channels
        rising = (c16, c8, c4, c2, 8)
        self.refine = nn.ModuleList(
            RefineBlock(inputs, outputs) for inputs, outputs in zip((c32, *rising), rising, strict=False)
        )
        self.up = nn.ModuleList(_double(channels) for channels in rising)
        self.head = nn.Conv2d(8, 1, 1)
        self.boundary_head: nn.Module | None = nn.Conv2d(8, 1, 1)
        self.refine.apply(init_weights)
        start_in_doubt(self.head, self.boundary_head, std=0.1)

    def run(self, x: Tensor, *, heads: bool) -> tuple[Tensor, dict[str, Tensor]]:
        *skips, x = self.encoder(x)
        for refine, up in zip(self.refine, self.up, strict=True):
            x = up(refine(x))
            if skips:
                x = x + skips.pop()
        logits: Tensor = self.head(x)
        return logits, {"boundary": self.boundary_head(x)} if heads and self.boundary_head is not None else {}
