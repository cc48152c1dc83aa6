"""MobileUNet: MobileNet encoder, U-Net decoder of transposed or plain convolutions."""

from __future__ import annotations

from typing import ClassVar, Literal, get_args

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from limner.errors import OptionError
from limner.nets.backbones.mobile import MobileBackbone
from limner.nets.backbones.mobilenet_v2 import MobileNetV2
from limner.nets.backbones.mobilenet_v3 import MobileNetV3
from limner.nets.base import SegmentationNet
from limner.nets.blocks import init_weights

Encoder = Literal["mobilenet_v2", "mobilenet_v3_large", "mobilenet_v3_small"]
Upsampling = Literal["transposed", "bilinear"]


class MobileUNet(SegmentationNet):
    """U-Net (Ronneberger et al. 2015) on a MobileNet; after the project Portrait-Segmentation (A. Sathyan 2019).

    A stage of the decoder doubles the size, then concatenates what the encoder had there: the wide features inside the
    block that leaves that resolution. Its convolutions are dense, so they hold most of the parameters.

    Args:
        in_channels: 3 for RGB, 4 for RGB and the previous mask.
        encoder: "mobilenet_v2", "mobilenet_v3_large" or "mobilenet_v3_small".
        width: width multiplier of the encoder; 0.5 for V2 and 1.0 for V3 if None. With V3 it narrows the channels
            between blocks, not those inside, and the decoder with them, as in the project.
        minimalistic: V3 without squeeze-excite, hard swish and 5×5 kernels.
        upsampling: "transposed" for 3×3 transposed convolutions of stride 2, "bilinear" for bilinear upsampling and a
            3×3 convolution.
        dropout: share of values dropped in the decoder's first four stages while training.

    Raises:
        OptionError: an option has a value it cannot have.
    """

    usual_size: ClassVar[int] = 224
    paper: ClassVar[str] = "Sathyan 2019, on Sandler et al. 2018 or Howard et al. 2019"

    def __init__(
        self,
        *,
        in_channels: int = 3,
        encoder: Encoder = "mobilenet_v2",
        width: float | None = None,
        minimalistic: bool = False,
        upsampling: Upsampling = "transposed",
        dropout: float = 0.5,
    ) -> None:
        super().__init__()
        if upsampling not in get_args(Upsampling):
            raise OptionError(f"upsampling: must be transposed or bilinear, not {upsampling!r}")
        if not 0 <= dropout < 1:
            raise OptionError(f"dropout: must be at least 0 and below 1, not {dropout}")
        self.in_channels = in_channels
        self.encoder, decoder = _encoder(encoder, in_channels, width, minimalistic)
        *skips, inputs = self.encoder.channels
        stages = []
        for outputs, skip in zip(decoder, [*reversed(skips), 0], strict=True):
            stages.append(_Up(inputs, outputs, upsampling=upsampling, dropout=dropout if skip else 0.0))
            inputs = outputs + skip
        self.decoder = nn.ModuleList(stages)
        self.head = nn.Conv2d(inputs, 1, 1)
        self.decoder.apply(init_weights)
        self.head.apply(init_weights)

    def run(self, x: Tensor, *, heads: bool) -> tuple[Tensor, dict[str, Tensor]]:
        *skips, y = self.encoder(x)
        for stage in self.decoder:
            y = stage(y)
            if skips:
                y = torch.cat([y, skips.pop()], dim=1)
        logits: Tensor = self.head(y)
        return logits, {}


class _Up(nn.Module):
    """Doubles the size; convolution, batch norm, dropout and ReLU."""

    def __init__(self, inputs: int, outputs: int, *, upsampling: Upsampling, dropout: float) -> None:
        super().__init__()
        self.bilinear = upsampling == "bilinear"
        if self.bilinear:
            self.conv: nn.Module = nn.Conv2d(inputs, outputs, 3, padding=1, bias=False)
        else:
            self.conv = nn.ConvTranspose2d(inputs, outputs, 3, stride=2, padding=1, output_padding=1, bias=False)
        self.norm = nn.BatchNorm2d(outputs)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor) -> Tensor:
        if self.bilinear:
            x = F.interpolate(x, scale_factor=2.0, mode="bilinear", align_corners=False)
        return F.relu(self.dropout(self.norm(self.conv(x))))


def _encoder(
    name: Encoder, in_channels: int, width: float | None, minimalistic: bool
) -> tuple[MobileBackbone, tuple[int, ...]]:
    """The encoder and the channels of the decoder's five stages."""
    if name == "mobilenet_v2":
        if minimalistic:
            raise OptionError("minimalistic: is a variant of MobileNetV3; mobilenet_v2 has none")
        backbone = MobileNetV2(in_channels=in_channels, width=0.5 if width is None else width, taps="hidden")
        return backbone, (512, 256, 128, 64, 32)
    if name not in get_args(Encoder):
        raise OptionError(f"encoder: must be one of {', '.join(get_args(Encoder))}, not {name!r}")
    width = 1.0 if width is None else width
    v3 = MobileNetV3(
        in_channels=in_channels,
        size="large" if name == "mobilenet_v3_large" else "small",
        minimalistic=minimalistic,
        width=width,
        hidden_width=1.0,
        taps="hidden",
    )
    return v3, tuple(max(1, int(channels * width)) for channels in (256, 128, 64, 32, 16))
