"""Building blocks that several nets share, and what a net costs."""

from __future__ import annotations

from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn


def round_channels(channels: float, divisor: int = 8) -> int:
    """Channel count nearest to ``channels`` that ``divisor`` divides, never below ``divisor``."""
    return max(divisor, int(channels / divisor + 0.5) * divisor)


class ConvBN(nn.Sequential):
    """Convolution with "same" padding, batch norm and, unless ``act`` is false, ReLU."""

    def __init__(
        self, inputs: int, outputs: int, *, kernel: int = 3, stride: int = 1, groups: int = 1, act: bool = True
    ) -> None:
        layers: list[nn.Module] = [
            nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, groups=groups, bias=False),
            nn.BatchNorm2d(outputs),
        ]
        if act:
            layers.append(nn.ReLU(inplace=True))
        super().__init__(*layers)


class ConvPReLU(nn.Sequential):
    """Convolution, batch norm, PReLU with a slope a channel (He et al. 2015).

    Odd kernels get "same" padding; a kernel of 2 with stride 2 gets none and halves the size.
    """

    def __init__(
        self, inputs: int, outputs: int, *, kernel: int = 3, stride: int = 1, groups: int = 1, dilation: int = 1
    ) -> None:
        padding = dilation * ((kernel - 1) // 2)
        super().__init__(
            nn.Conv2d(inputs, outputs, kernel, stride, padding, dilation, groups, bias=False),
            nn.BatchNorm2d(outputs),
            nn.PReLU(outputs),
        )


class SqueezeExcite(nn.Module):
    """Channel attention (Hu et al. 2018) with the hard sigmoid of MobileNetV3 (Howard et al. 2019).

    ``reduced`` is the number of channels between its two convolutions.
    """

    def __init__(self, channels: int, *, reduced: int) -> None:
        super().__init__()
        self.reduce = nn.Conv2d(channels, reduced, 1)
        self.expand = nn.Conv2d(reduced, channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        pooled = F.adaptive_avg_pool2d(x, 1)
        scaled: Tensor = x * F.hardsigmoid(self.expand(F.relu(self.reduce(pooled))))
        return scaled


class InvertedResidual(nn.Module):
    """Inverted residual of MobileNetV2/V3 (Sandler et al. 2018; Howard et al. 2019).

    The sum with the input happens where shapes allow it (equal channels, stride 1). ``reduction`` is that of the
    squeeze-excite which ``attention`` adds.
    """

    def __init__(
        self,
        inputs: int,
        outputs: int,
        *,
        expansion: int,
        stride: int = 1,
        kernel: int = 3,
        attention: bool = False,
        reduction: int = 4,
    ) -> None:
        super().__init__()
        hidden = inputs * expansion
        self.residual = inputs == outputs and stride == 1
        layers: list[nn.Module] = [ConvBN(inputs, hidden, kernel=1)]
        layers.append(ConvBN(hidden, hidden, kernel=kernel, stride=stride, groups=hidden))
        if attention:
            layers.append(SqueezeExcite(hidden, reduced=hidden // reduction))
        self.project = ConvBN(hidden, outputs, kernel=1, act=False)
        self.features = nn.Sequential(*layers)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.project(self.features(x))
        return x + out if self.residual else out


def residual_stage(
    inputs: int,
    outputs: int,
    *,
    expansions: tuple[int, ...],
    kernels: tuple[int, ...],
    attention: bool = False,
    reduction: int = 4,
) -> nn.Sequential:
    """Inverted residuals one behind the other, each with its expansion and kernel; the first one halves the size."""
    blocks = [
        InvertedResidual(
            outputs if i else inputs,
            outputs,
            expansion=expansion,
            stride=1 if i else 2,
            kernel=kernel,
            attention=attention,
            reduction=reduction,
        )
        for i, (expansion, kernel) in enumerate(zip(expansions, kernels, strict=True))
    ]
    return nn.Sequential(*blocks)


class GlobalContext(nn.Module):
    """Adds to every pixel a bias computed from the mean of the whole picture: is there a person, and how large."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.inner = nn.Conv2d(channels, channels, 1)
        self.outer = nn.Conv2d(channels, channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        pooled = F.adaptive_avg_pool2d(x, 1)
        return F.relu(x + self.outer(F.relu(self.inner(pooled))))


class SeparableConv(nn.Sequential):
    """Depthwise 3×3, then pointwise convolution, with batch norm; no last ReLU where ``act`` is false."""

    def __init__(self, channels: int, *, act: bool = True) -> None:
        super().__init__(ConvBN(channels, channels, groups=channels), ConvBN(channels, channels, kernel=1, act=act))


class DecoderStage(nn.Module):
    """Upsample ×2, add the projected skip, refine with ``depth`` separable convolutions in a residual.

    The input is projected to ``outputs`` channels *before* upsampling, so the costly resolution sees few channels.
    """

    def __init__(self, inputs: int, skip: int, outputs: int, *, depth: int = 2) -> None:
        super().__init__()
        self.project = ConvBN(inputs, outputs, kernel=1, act=False)
        self.skip = ConvBN(skip, outputs, kernel=1, act=False)
        self.refine = nn.Sequential(*(SeparableConv(outputs, act=i < depth - 1) for i in range(depth)))

    def forward(self, x: Tensor, skip: Tensor) -> Tensor:
        x = F.interpolate(self.project(x), scale_factor=2.0, mode="bilinear", align_corners=False)
        x = F.relu(x + self.skip(skip))
        return F.relu(x + self.refine(x))


def init_weights(module: nn.Module) -> None:
    """He initialisation (fan-in for depthwise, fan-out otherwise), zero biases. For ``net.apply``."""
    if isinstance(module, nn.Conv2d):
        fan: Literal["fan_in", "fan_out"] = "fan_out" if module.groups == 1 else "fan_in"
        nn.init.kaiming_normal_(module.weight, mode=fan, nonlinearity="relu")
        if module.bias is not None:
            nn.init.zeros_(module.bias)


def start_silent(layers: nn.Module) -> None:
    """Zero for the scale of the last batch norm in ``layers``, so that they add nothing until they have learnt."""
    norms = [module for module in layers.modules() if isinstance(module, nn.BatchNorm2d)]
    nn.init.zeros_(norms[-1].weight)


def start_in_doubt(*heads: nn.Module, std: float = 0.05) -> None:
    """Small weights for the convolutions that say the logits, so that training starts undecided and not in error."""
    for head in heads:
        for layer in head.modules():
            if isinstance(layer, nn.Conv2d) and layer.bias is not None:
                nn.init.normal_(layer.weight, std=std)


def count_parameters(net: nn.Module) -> int:
    """Number of trainable scalars in ``net``."""
    return sum(p.numel() for p in net.parameters() if p.requires_grad)


def count_macs(net: nn.Module, size: tuple[int, int], *, channels: int = 3) -> int:
    """Multiply-accumulates of all convolutions and linear layers for one (channels, *size) input."""
    total = 0

    def hook(layer: nn.Module, _inputs: object, output: Tensor) -> None:
        nonlocal total
        weight = layer.weight
        assert isinstance(weight, Tensor)
        per_output = weight[0].numel() if not isinstance(layer, nn.ConvTranspose2d) else 0
        if isinstance(layer, nn.ConvTranspose2d):
            per_output = weight.numel() // (weight.shape[1] * layer.groups * layer.stride[0] * layer.stride[1])
        total += output.numel() // output.shape[0] * per_output

    handles = [
        m.register_forward_hook(hook)
        for m in net.modules()
        if isinstance(m, nn.Conv2d | nn.ConvTranspose2d | nn.Linear)
    ]
    training = net.training
    try:
        with torch.no_grad():
            net.eval()(torch.zeros(1, channels, *size))
    finally:
        for handle in handles:
            handle.remove()
        net.train(training)
    return total
