"""How far a net looks: its theoretical receptive field, measured on the net itself."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

_ROWS = (512, 1024, 4096)
"""Heights of the strips that are looked at, the next where a net sees as far as the end of one; who sees as far as the
end of the last sees the whole of any picture."""

_ACTIVATIONS = frozenset(
    ("relu", "relu_", "relu6", "leaky_relu", "prelu", "elu", "silu", "gelu", "sigmoid", "tanh", "hardswish")
)
_POINTWISE = _ACTIVATIONS | {"hardsigmoid", "hardtanh", "batch_norm", "dropout", "clamp", "abs", "neg", "__neg__"}
_DIFFERENCES = frozenset(("sub", "__sub__", "__rsub__", "rsub"))
_CONVOLUTIONS = frozenset(("conv2d", "conv_transpose2d"))


def receptive_field(net: nn.Module, *, channels: int = 3, step: int = 32) -> int | None:
    """Rows of the picture on which a logit in its middle can depend, or None if they are the whole picture.

    The net runs on a tall strip with a stand-in for each operator, which depends on the same values but has only
    positive weights. So nothing cancels, saturates or vanishes, and the gradient is positive exactly where there is a
    dependence. This is the theoretical receptive field (Luo et al. 2016); what a trained net makes use of is smaller.

    Args:
        net: (N, channels, H, W) -> (N, classes, H, W).
        channels: of its input.
        step: heights and widths must be multiples of this.
    """
    for rows in _ROWS:
        field = _within(net, channels, -(-rows // step) * step, -(-32 // step) * step)
        if field != _BEYOND:
            return field
    return None


_BEYOND = 0
"""Stands for a field that does not end within a strip."""


def _within(net: nn.Module, channels: int, height: int, width: int) -> int | None:
    """The field where it ends within a strip of this size, None where it is the whole picture, else `_BEYOND`."""
    strip = torch.ones(1, channels, height, width, dtype=torch.float64, requires_grad=True)
    training = net.training
    try:
        with _Positive() as seen:
            logits = net.eval()(strip)
    finally:
        net.train(training)
    fields = []
    # Transposed convolutions of stride 2 show even rows less than odd ones, so two neighbours are asked.
    for row in (height // 2 - 1, height // 2):
        asked = [strip, seen.outside, *seen.means]
        logit = logits[:, :, row, width // 2].sum()
        gradient, beyond, *of_means = torch.autograd.grad(logit, asked, retain_graph=True, allow_unused=True)
        if any(of_mean is not None and of_mean.any() for of_mean in of_means):
            return None
        if beyond is not None and beyond.any():
            return _BEYOND
        rows = gradient.sum((0, 1, 3)).nonzero().flatten()
        first, last = int(rows[0]), int(rows[-1])
        if first == 0 or last == height - 1:
            return _BEYOND
        fields.append(last - first + 1)
    return max(fields)


class _Positive(TorchFunctionMode):
    """While it is on, operators run as their positive stand-ins, in double precision and without the net's weights.

    Attributes:
        means: what was averaged over the whole height of something: who depends on it depends on the whole picture.
        outside: stands for all rows above and below the strip that dilated convolutions leap to.
    """

    def __init__(self) -> None:
        super().__init__()
        self.means: list[Tensor] = []
        self.outside = torch.ones((), dtype=torch.float64, requires_grad=True)

    def __torch_function__(
        self, func: Callable[..., Any], types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        name, kwargs = func.__name__, kwargs or {}
        if name in _POINTWISE:
            return args[0] / args[0].detach().mean()  # the mean stays 1, however many sums and products follow
        if name in _CONVOLUTIONS:
            return _convolved(func, self.outside, *args, **kwargs)
        if name == "max_pool2d":
            shape = {key: kwargs[key] for key in ("stride", "padding") if key in kwargs}
            return F.avg_pool2d(*args, **shape)
        if name in _DIFFERENCES:
            return torch.add(args[0], args[1])
        result = func(*args, **kwargs)
        if name in ("mean", "adaptive_avg_pool2d") and args[0].ndim == 4 and (result.ndim < 4 or result.shape[2] == 1):
            self.means.append(result)
        return result


def _convolved(
    func: Callable[..., Any], outside: Tensor, x: Tensor, weight: Tensor, bias: object = None, *rest: Any, **kw: Any
) -> Tensor:
    """A convolution with equal positive weights.

    The channels of a group of the result depend on the same values: one is computed, and stands for all of them.
    """
    turned = func.__name__ == "conv_transpose2d"
    names = ("stride", "padding", "output_padding", "groups", "dilation") if turned else _CONV2D
    given = {**dict(zip(names, rest, strict=False)), **kw}
    groups = int(given.get("groups", 1))
    channels = weight.shape[1] * groups if turned else weight.shape[0]
    batch, _, height, width = x.shape
    means = x.reshape(batch, groups, -1, height, width).mean(2)
    if not turned and (step := _pair(given.get("dilation", 1))[0]) > 1:
        padding = given.get("padding", 0)
        if isinstance(padding, str):
            padding = [step * (side - 1) // 2 if padding == "same" else 0 for side in weight.shape[2:]]
        above, beside = _pair(padding)
        rows = outside.expand(batch, groups, above, width)
        means, given["padding"] = torch.cat([rows, means, rows], 2), (0, beside)
    kernel = x.new_full((groups, 1, *weight.shape[2:]), 1 / weight[0, 0].numel())
    one = func(means, kernel, None, **given)
    result: Tensor = one[:, :, None].expand(-1, -1, channels // groups, -1, -1).reshape(batch, channels, *one.shape[2:])
    return result


_CONV2D = ("stride", "padding", "dilation", "groups")


def _pair(value: Any) -> tuple[int, int]:
    return (value, value) if isinstance(value, int) else (int(value[0]), int(value[1]))
