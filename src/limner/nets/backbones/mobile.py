"""What MobileNetV2 and V3 have in common: a table of inverted residuals that becomes a pyramid of features."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple

from torch import Tensor, nn

from limner.errors import OptionError
from limner.nets.blocks import SqueezeExcite, init_weights

Activation = Literal["relu", "relu6", "hardswish"]
Taps = Literal["outputs", "hidden"]

_ACTIVATIONS: dict[str, type[nn.Module]] = {"relu": nn.ReLU, "relu6": nn.ReLU6, "hardswish": nn.Hardswish}
_BN_EPSILON = 1e-3  # of the published nets


class Row(NamedTuple):
    """One inverted residual: channels inside, channels out, and what its depthwise convolution does."""

    hidden: int
    outputs: int
    stride: int = 1
    kernel: int = 3
    act: Activation = "relu6"
    attention: bool = False


def narrow(channels: float, width: float = 1.0) -> int:
    """``channels × width`` rounded to a multiple of 8, but never to less than nine tenths of it."""
    wanted = channels * width
    rounded = max(8, int(wanted + 4) // 8 * 8)
    return rounded + 8 if rounded < 0.9 * wanted else rounded


def conv(
    inputs: int,
    outputs: int,
    kernel: int = 1,
    *,
    stride: int = 1,
    groups: int = 1,
    dilation: int = 1,
    act: Activation | None = None,
) -> nn.Sequential:
    """Convolution with "same" padding, batch norm and the activation, if any."""
    padding = dilation * (kernel // 2)
    layers: list[nn.Module] = [
        nn.Conv2d(inputs, outputs, kernel, stride, padding, dilation, groups, bias=False),
        nn.BatchNorm2d(outputs, eps=_BN_EPSILON),
    ]
    if act is not None:
        layers.append(_ACTIVATIONS[act](inplace=True))
    return nn.Sequential(*layers)


def depthwise(
    channels: int,
    kernel: int = 3,
    *,
    stride: int = 1,
    dilation: int = 1,
    act: Activation | None = None,
    quant_friendly: bool = False,
) -> nn.Sequential:
    """Depthwise convolution, with batch norm and activation unless ``quant_friendly`` (Sheng et al. 2018)."""
    layers = conv(channels, channels, kernel, stride=stride, groups=channels, dilation=dilation, act=act)
    return nn.Sequential(layers[0]) if quant_friendly else layers


class MobileBlock(nn.Module):
    """Inverted residual in two halves, so that skips can be taken from its middle.

    ``finish(x, expand(x))`` is the block. The sum with the input happens where shapes allow it.
    """

    def __init__(self, inputs: int, row: Row, *, stride: int, dilation: int = 1, quant_friendly: bool = False) -> None:
        super().__init__()
        hidden = row.hidden
        self.expand: nn.Module = nn.Identity() if hidden == inputs else conv(inputs, hidden, act=row.act)
        self.depthwise = depthwise(
            hidden, row.kernel, stride=stride, dilation=dilation, act=row.act, quant_friendly=quant_friendly
        )
        self.attention: nn.Module = (
            SqueezeExcite(hidden, reduced=narrow(hidden, 0.25)) if row.attention else nn.Identity()
        )
        self.project = conv(hidden, row.outputs)
        self.residual = row.stride == 1 and inputs == row.outputs

    def finish(self, x: Tensor, hidden: Tensor) -> Tensor:
        out: Tensor = self.project(self.attention(self.depthwise(hidden)))
        return x + out if self.residual else out

    def forward(self, x: Tensor) -> Tensor:
        return self.finish(x, self.expand(x))


class MobileBackbone(nn.Module):
    """Stem, inverted residuals and, if ``last`` is not 0, a pointwise convolution; gives five levels of features.

    Args:
        in_channels: 3 for RGB, 4 for RGB and the previous mask.
        stem: channels of the first convolution, which has stride 2.
        rows: the inverted residuals.
        last: channels of a pointwise convolution at the end; 0 for none.
        act: activation of the first and the last convolution.
        output_stride: 8, 16 or 32. Below 32 the deeper blocks keep the resolution and dilate instead (Chen et al.
            2018); the weights are the same for all three.
        taps: "outputs" gives what blocks give; "hidden" gives, for all levels but the last, the wide features inside
            the block that leaves the level, before its strided convolution.
        quant_friendly: no batch norm or activation behind depthwise convolutions, ReLU for ReLU6 (Sheng et al. 2018).

    Input: (N, in_channels, H, W). Output: a tuple of five levels at strides 2, 4, 8, 16, 32, none above
    ``output_stride``; ``channels`` and ``strides`` say what they have. A level of stride s has ceil(H / s) rows, and
    its feature i lies on the pixel i · s.

    Raises:
        OptionError: the output stride is none of the three.
    """

    def __init__(
        self,
        *,
        in_channels: int,
        stem: int,
        rows: Sequence[Row],
        last: int,
        act: Activation,
        output_stride: int,
        taps: Taps,
        quant_friendly: bool,
    ) -> None:
        super().__init__()
        if output_stride not in (8, 16, 32):
            raise OptionError(f"output_stride: must be 8, 16 or 32, not {output_stride}")
        if quant_friendly:
            act = _without_relu6(act)
            rows = [row._replace(act=_without_relu6(row.act)) for row in rows]
        self.stem = conv(in_channels, stem, 3, stride=2, act=act)
        self.taps: Taps = taps
        self._leaves = [row.stride == 2 for row in rows]
        blocks: list[nn.Module] = []
        channels, strides = [], [2]
        inputs, dilation = stem, 1
        for row in rows:
            stride, rate = row.stride, dilation
            if row.stride == 2:
                channels.append(row.hidden if taps == "hidden" else inputs)
                if strides[-1] == output_stride:  # the stride becomes dilation, from the next block on
                    stride, dilation = 1, 2 * dilation
                strides.append(min(2 * strides[-1], output_stride))
            blocks.append(MobileBlock(inputs, row, stride=stride, dilation=rate, quant_friendly=quant_friendly))
            inputs = row.outputs
        self.blocks = nn.ModuleList(blocks)
        self.last: nn.Module = conv(inputs, last, act=act) if last else nn.Identity()
        self.channels = (*channels, last or inputs)
        self.strides = tuple(strides)
        self.apply(init_weights)

    def forward(self, x: Tensor) -> tuple[Tensor, ...]:
        x = self.stem(x)
        levels = []
        for block, leaves in zip(self.blocks, self._leaves, strict=True):
            assert isinstance(block, MobileBlock)
            hidden = block.expand(x)
            if leaves:
                levels.append(hidden if self.taps == "hidden" else x)
            x = block.finish(x, hidden)
        return (*levels, self.last(x))


def _without_relu6(act: Activation) -> Activation:
    return "relu" if act == "relu6" else act
