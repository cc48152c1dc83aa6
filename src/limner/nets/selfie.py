"""SelfieNet: MediaPipe's general selfie net, and wider nets that grow out of its weights."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, ClassVar, NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

from limner.errors import ModelError
from limner.nets.base import SegmentationNet
from limner.nets.blocks import InvertedResidual as NewBlock
from limner.nets.blocks import SeparableConv, init_weights, start_silent

_Activation = Callable[[Tensor], Tensor]


class SameConv(nn.Conv2d):
    """Convolution with the padding that TensorFlow calls SAME: at stride 2 the odd pixel is at the bottom and right."""

    def __init__(self, inputs: int, outputs: int, kernel: int, stride: int = 1, *, groups: int = 1) -> None:
        super().__init__(inputs, outputs, kernel, stride, kernel // 2 if stride == 1 else 0, groups=groups)

    def forward(self, x: Tensor) -> Tensor:
        if self.stride[0] == 2:
            kernel = self.kernel_size[0]
            total = kernel - 2 if x.shape[-1] % 2 == 0 else kernel - 1
            x = F.pad(x, (total // 2, total - total // 2) * 2)
        return super().forward(x)


class Gate(nn.Module):
    """Squeeze-and-excitation weights (N, C, 1, 1) in [0, 1], from the mean of every channel."""

    def __init__(self, channels: int, squeezed: int) -> None:
        super().__init__()
        self.reduce, self.expand = nn.Conv2d(channels, squeezed, 1), nn.Conv2d(squeezed, channels, 1)

    def forward(self, mean: Tensor) -> Tensor:
        return torch.sigmoid(self.expand(F.relu(self.reduce(mean))))


class FoldedBlock(nn.Module):
    """Inverted residual of MobileNetV3 (Howard et al. 2019) whose batch norms are folded into its convolutions."""

    def __init__(
        self, inputs: int, hidden: int, outputs: int, kernel: int, stride: int, act: _Activation, squeezed: int = 0
    ) -> None:
        super().__init__()
        self.expand = nn.Conv2d(inputs, hidden, 1)  # in the order of computing, which from_published counts on
        self.depthwise = SameConv(hidden, hidden, kernel, stride, groups=hidden)
        self.gate = Gate(hidden, squeezed) if squeezed else None
        self.project = nn.Conv2d(hidden, outputs, 1)
        self.act, self.residual = act, stride == 1 and inputs == outputs

    def forward(self, x: Tensor) -> Tensor:
        y = self.act(self.depthwise(self.act(self.expand(x))))
        if self.gate is not None:
            y = y * self.gate(_mean(y))
        out: Tensor = self.project(y)
        return x + out if self.residual else out


class Decode(nn.Module):
    """Doubles the size and adds a skip that is gated by what both say together.

    The projection runs before the enlargement: the two commute, and it costs a quarter there. The mean of the sum is
    the sum of the means.
    """

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.reduce, self.gate = nn.Conv2d(inputs, outputs, 1), Gate(outputs, outputs)
        self.mix = nn.Conv2d(outputs, outputs, 1)
        self.depthwise = SameConv(outputs, outputs, 3, groups=outputs)

    def forward(self, x: Tensor, skip: Tensor) -> Tensor:
        up = F.interpolate(self.reduce(x), scale_factor=2.0, mode="bilinear", align_corners=False)
        y = F.relu(self.mix(skip * self.gate(_mean(skip) + _mean(up)) + up))
        return y + F.relu(self.depthwise(y))


class Features(NamedTuple):
    """What a `SelfieNet` sees, on the way down and up again: (N, 24, H/8, W/8), (N, 32, H/16, W/16),
    (N, 128, H/16, W/16), (N, 16, H/4, W/4), (N, 16, H/2, W/2)."""

    eighth: Tensor
    deep: Tensor
    top: Tensor
    quarter: Tensor
    fine: Tensor


class Seen(NamedTuple):
    """What a `SelfieNet` says: logits (N, 1, H, W), features (N, 128, H/16, W/16) and (N, 16, H/2, W/2)."""

    logits: Tensor
    top: Tensor
    fine: Tensor


class SelfieNet(SegmentationNet):
    """MediaPipe Selfie Segmentation, general (Google, Apache-2.0), as a net that can be trained on.

    MobileNetV3 blocks at strides 2 to 16, a gate over the whole picture, and a decoder that adds gated skips. The
    batch norms are folded. It takes the published weights as they are (``from_published``).

    ``widen`` adds inverted residuals that start at no effect (their last scale is zero), so that a net with them says
    at first what the published one says.

    Args:
        in_channels: 3 for RGB, 4 for RGB and the previous mask.
        widen: how many blocks are added at strides 16, 8, 4 and 2.
    """

    size_divisor: ClassVar[int] = 16
    encoder_modules: ClassVar[tuple[str, ...]] = ("stem", "blocks", "top", "top_gate")
    paper: ClassVar[str] = "Google, MediaPipe 2020"

    def __init__(self, *, in_channels: int = 3, widen: tuple[int, int, int, int] = (0, 0, 0, 0)) -> None:
        super().__init__()
        self.in_channels = in_channels
        relu, block = F.relu, FoldedBlock
        self.stem = SameConv(in_channels, 16, 3, 2)
        self.blocks = nn.ModuleList(
            [
                block(16, 16, 16, 3, 2, relu, 8),  # stride 4
                block(16, 72, 24, 3, 2, relu),  # stride 8
                block(24, 88, 24, 3, 1, relu),
                *deep_blocks(),
            ]
        )
        self.top, self.top_gate = nn.Conv2d(32, 128, 1), nn.Conv2d(32, 128, 1)
        self.decode8, self.decode4, self.decode2 = Decode(128, 24), Decode(24, 16), Decode(16, 16)
        self.head = nn.Conv2d(16, 4, 1)  # four pixels of each: the published transposed convolution, said otherwise
        self.wide16, self.wide8 = _wide(widen[0], 32, 4, 5), _wide(widen[1], 24, 3, 5)
        self.wide4, self.wide2 = _wide(widen[2], 16, 3, 3), nn.Sequential(*(_Fine(16) for _ in range(widen[3])))

    def run(self, x: Tensor, *, heads: bool) -> tuple[Tensor, dict[str, Tensor]]:
        return self.look(x).logits, {}

    def look(self, x: Tensor) -> Seen:
        """Logits and features of pictures (N, in_channels, H, W)."""
        seen = self.features(x)
        return Seen(F.pixel_shuffle(self.head(seen.fine), 2), seen.top, seen.fine)

    def features(self, x: Tensor) -> Features:
        """Features of pictures (N, in_channels, H, W)."""
        x2 = F.hardswish(self.stem(x))
        x4 = self.blocks[0](x2)
        x8 = self.blocks[2](self.blocks[1](x4))
        y = x8
        for block in self.blocks[3:]:
            y = block(y)
        deep = self.wide16(y)
        top = F.relu(self.top(deep)) * torch.sigmoid(self.top_gate(_mean(deep)))
        y = self.wide4(self.decode4(self.wide8(self.decode8(top, x8)), x4))
        fine = self.wide2(self.decode2(y, x2))
        return Features(x8, deep, top, y, fine)


def from_published(convolutions: Sequence[tuple[NDArray[Any], NDArray[Any]]]) -> dict[str, Tensor]:
    """A state dict of ``SelfieNet`` from the published layers.

    Args:
        convolutions: kernel and bias of every convolution as the .tflite file has them, in the order in which the net
            computes them: kernels (out, h, w, in), depthwise ones (1, h, w, channels); the last is the transposed
            convolution (1, 2, 2, in) that doubles the size.

    Raises:
        ModelError: they are not those of this net.
    """
    layers = [(name, layer) for name, layer in SelfieNet().named_modules() if isinstance(layer, nn.Conv2d)]
    if len(layers) != len(convolutions):
        raise ModelError(f"the selfie net has {len(layers)} convolutions, not {len(convolutions)}")
    own: dict[str, Tensor] = {}
    for (name, layer), (kernel, bias) in zip(layers, convolutions, strict=True):
        weight = torch.from_numpy(np.ascontiguousarray(kernel, np.float32))
        weight = weight.permute(3, 0, 1, 2) if layer.groups > 1 else weight.permute(0, 3, 1, 2)
        if name == "head":  # (1, in, 2, 2): each input pixel makes four
            weight, bias = weight.reshape(weight.shape[1], 4).T[:, :, None, None], np.repeat(bias, 4)
        if weight.shape != layer.weight.shape:
            raise ModelError(f"{name} of the selfie net is {tuple(layer.weight.shape)}, not {tuple(weight.shape)}")
        own[f"{name}.weight"] = weight.contiguous()
        own[f"{name}.bias"] = torch.from_numpy(np.ascontiguousarray(bias, np.float32))
    return own


def deep_blocks() -> list[FoldedBlock]:
    """The blocks from stride 8 to 16 and at stride 16: (N, 24, H/8, W/8) -> (N, 32, H/16, W/16)."""
    swish, block = F.hardswish, FoldedBlock
    return [
        block(24, 96, 32, 5, 2, swish, 24),
        block(32, 128, 32, 5, 1, swish, 32),
        block(32, 128, 32, 5, 1, swish, 32),
        block(32, 96, 32, 5, 1, swish, 24),
        block(32, 96, 32, 5, 1, swish, 24),
    ]


def _wide(count: int, channels: int, expansion: int, kernel: int) -> nn.Sequential:
    """Inverted residuals that leave their input as it is until they have learnt."""
    blocks = [NewBlock(channels, channels, expansion=expansion, kernel=kernel) for _ in range(count)]
    for added in blocks:
        added.apply(init_weights)
        start_silent(added.project)
    return nn.Sequential(*blocks)


class _Fine(SeparableConv):
    """A separable convolution in a residual that leaves its input as it is until it has learnt."""

    def __init__(self, channels: int) -> None:
        super().__init__(channels, act=False)
        self.apply(init_weights)
        start_silent(self)

    def forward(self, x: Tensor) -> Tensor:
        return x + super().forward(x)  # type: ignore[no-untyped-call, no-any-return]


def _mean(x: Tensor) -> Tensor:
    return F.adaptive_avg_pool2d(x, 1)
