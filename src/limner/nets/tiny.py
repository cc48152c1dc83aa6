"""TinyNet, Limner's smallest net: what a CPU does quickly at 192 × 192, in under 0.15 M parameters."""

from __future__ import annotations

from typing import ClassVar

from limner.nets.blocks import ConvBN, residual_stage
from limner.nets.pixel_shuffle_net import StagedNet


class TinyNet(StagedNet):
    """Portrait segmentation net for weak machines.

    The plan of `fast`, narrower: inverted residuals (Sandler et al. 2018) with squeeze-excite (Hu et al. 2018) and
    5 × 5 kernels only at strides 16 and 32.

    Args:
        in_channels: 3 for RGB, 4 for RGB and the previous mask.
    """

    usual_size: ClassVar[int] = 192

    def __init__(self, *, in_channels: int = 3) -> None:
        super().__init__()
        self.in_channels = in_channels
        # The fine stages have 16 channels and no fewer: runtimes compute blocks of 8 or 16, and 8 take longer than 16.
        self.stem = ConvBN(in_channels, 16, stride=2)
        self.stage4 = residual_stage(16, 16, expansions=(2, 2), kernels=(3, 3))
        self.stage8 = residual_stage(16, 24, expansions=(3, 2, 2), kernels=(3, 3, 3))
        self.stage16 = residual_stage(24, 40, expansions=(3, 2, 2, 2), kernels=(5,) * 4, attention=True, reduction=8)
        self.stage32 = residual_stage(40, 64, expansions=(3, 2, 2), kernels=(5,) * 3, attention=True, reduction=8)
        self.make_decoder((16, 16, 24, 40, 64), (40, 24, 16, 16), depths=(1, 1, 2, 1))
