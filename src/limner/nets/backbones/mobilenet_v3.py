"""MobileNetV3, large and small, normal and minimalistic."""

from __future__ import annotations

from typing import Literal

from limner.errors import OptionError
from limner.nets.backbones.mobile import MobileBackbone, Row, Taps, narrow

_STEM = 16

_LARGE = (
    Row(16, 16, 1, 3, "relu"),
    Row(64, 24, 2, 3, "relu"),
    Row(72, 24, 1, 3, "relu"),
    Row(72, 40, 2, 5, "relu", True),
    Row(120, 40, 1, 5, "relu", True),
    Row(120, 40, 1, 5, "relu", True),
    Row(240, 80, 2, 3, "hardswish"),
    Row(200, 80, 1, 3, "hardswish"),
    Row(184, 80, 1, 3, "hardswish"),
    Row(184, 80, 1, 3, "hardswish"),
    Row(480, 112, 1, 3, "hardswish", True),
    Row(672, 112, 1, 3, "hardswish", True),
    Row(672, 160, 2, 5, "hardswish", True),
    Row(960, 160, 1, 5, "hardswish", True),
    Row(960, 160, 1, 5, "hardswish", True),
)
_SMALL = (
    Row(16, 16, 2, 3, "relu", True),
    Row(72, 24, 2, 3, "relu"),
    Row(88, 24, 1, 3, "relu"),
    Row(96, 40, 2, 5, "hardswish", True),
    Row(240, 40, 1, 5, "hardswish", True),
    Row(240, 40, 1, 5, "hardswish", True),
    Row(120, 48, 1, 5, "hardswish", True),
    Row(144, 48, 1, 5, "hardswish", True),
    Row(288, 96, 2, 5, "hardswish", True),
    Row(576, 96, 1, 5, "hardswish", True),
    Row(576, 96, 1, 5, "hardswish", True),
)
_LAST = {"large": 960, "small": 576}


class MobileNetV3(MobileBackbone):
    """The convolutional stages of MobileNetV3 (Howard et al. 2019) with the pointwise convolution at their end.

    Args:
        in_channels: 3 for RGB, 4 for RGB and the previous mask.
        size: "large" or "small".
        minimalistic: no squeeze-excite, no hard swish, 3×3 kernels only; for accelerators that lack these.
        width: multiplier of the channels between blocks; the stem keeps its 16.
        hidden_width: multiplier of the channels inside blocks and of the last convolution; ``width`` if None.
        output_stride: 8, 16 or 32, see ``MobileBackbone``.
        taps: "outputs" or "hidden", see ``MobileBackbone``.
        quant_friendly: see ``MobileBackbone``; the hard swishes stay, so it goes well with ``minimalistic``.

    Raises:
        OptionError: there is no such size.
    """

    def __init__(
        self,
        *,
        in_channels: int = 3,
        size: Literal["large", "small"] = "large",
        minimalistic: bool = False,
        width: float = 1.0,
        hidden_width: float | None = None,
        output_stride: int = 32,
        taps: Taps = "outputs",
        quant_friendly: bool = False,
    ) -> None:
        if size not in _LAST:
            raise OptionError(f"size: must be large or small, not {size!r}")
        inner = width if hidden_width is None else hidden_width
        table = _LARGE if size == "large" else _SMALL
        rows = [
            row._replace(hidden=narrow(row.hidden, inner) if i else _STEM, outputs=narrow(row.outputs, width))
            for i, row in enumerate(table)
        ]
        if minimalistic:
            rows = [row._replace(kernel=3, act="relu", attention=False) for row in rows]
        super().__init__(
            in_channels=in_channels,
            stem=_STEM,
            rows=rows,
            last=narrow(_LAST[size], inner),
            act="relu" if minimalistic else "hardswish",
            output_stride=output_stride,
            taps=taps,
            quant_friendly=quant_friendly,
        )
