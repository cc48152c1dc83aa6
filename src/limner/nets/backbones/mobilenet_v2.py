"""MobileNetV2, an encoder of inverted residuals with linear bottlenecks."""

from __future__ import annotations

from limner.nets.backbones.mobile import MobileBackbone, Row, Taps, narrow

_STEM = 32
# expansion, channels, blocks, stride of the first block
_STAGES = ((1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1))


class MobileNetV2(MobileBackbone):
    """The convolutional stages of MobileNetV2 (Sandler et al. 2018), up to its 320 channels at stride 32.

    Args:
        in_channels: 3 for RGB, 4 for RGB and the previous mask.
        width: multiplier of all channel counts (the paper's width multiplier, others' depth multiplier).
        output_stride: 8, 16 or 32, see ``MobileBackbone``.
        taps: "outputs" or "hidden", see ``MobileBackbone``.
        quant_friendly: see ``MobileBackbone``.
    """

    def __init__(
        self,
        *,
        in_channels: int = 3,
        width: float = 1.0,
        output_stride: int = 32,
        taps: Taps = "outputs",
        quant_friendly: bool = False,
    ) -> None:
        stem = inputs = narrow(_STEM, width)
        rows = []
        for expansion, channels, blocks, stride in _STAGES:
            for i in range(blocks):
                outputs = narrow(channels, width)
                rows.append(Row(expansion * inputs, outputs, 1 if i else stride))
                inputs = outputs
        super().__init__(
            in_channels=in_channels,
            stem=stem,
            rows=rows,
            last=0,
            act="relu6",
            output_stride=output_stride,
            taps=taps,
            quant_friendly=quant_friendly,
        )
