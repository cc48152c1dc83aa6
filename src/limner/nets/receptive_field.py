"""How far a net looks: its theoretical receptive field, measured on the net itself."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

_ROWS = 4096
"""Height of the strip that is looked at; who sees as far as its end sees the whole of any picture."""

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
    height, width = _ROWS // step * step, -(-32 // step) * step
    strip = torch.ones(1, channels, height, width, dtype=torch.float64, requires_grad=True)
    training = net.training
    try:
        with _Positive():
            logits = net.eval()(strip)
    finally:
        net.train(training)
    fields = []
    # Transposed convolutions of stride 2 show even rows less than odd ones, so two neighbours are asked.
    for row in (height // 2 - 1, height // 2):
        (gradient,) = torch.autograd.grad(logits[:, :, row, width // 2].sum(), strip, retain_graph=True)
        rows = gradient.sum((0, 1, 3)).nonzero().flatten()
        first, last = int(rows[0]), int(rows[-1])
        if first == 0 or last == height - 1:
            return None
        fields.append(last - first + 1)
    return max(fields)


class _Positive(TorchFunctionMode):
    """While it is on, operators run as their positive stand-ins, in double precision and without the net's weights."""

    def __torch_function__(
        self, func: Callable[..., Any], types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        name, kwargs = func.__name__, kwargs or {}
        if name in _POINTWISE:
            return args[0] / args[0].detach().mean()  # the mean stays 1, however many sums and products follow
        if name in _CONVOLUTIONS:
            return func(args[0], _even(args[1], args[0]), None, *args[3:], **kwargs)
        if name == "max_pool2d":
            shape = {key: kwargs[key] for key in ("stride", "padding") if key in kwargs}
            return F.avg_pool2d(*args, **shape)
        if name in _DIFFERENCES:
            return torch.add(args[0], args[1])
        return func(*args, **kwargs)


def _even(weight: Tensor, like: Tensor) -> Tensor:
    """Equal positive weights that add up to 1."""
    return like.new_full(weight.shape, 1 / weight[0].numel())
