"""Says torchao which tensors of a net are rounded to 8 bits: those that int8 kernels read and write."""

from __future__ import annotations

from typing import Any

import torch
from torch.fx import GraphModule, Node
from torchao.quantization.pt2e.fake_quantize import FakeQuantize
from torchao.quantization.pt2e.observer import (
    MovingAverageMinMaxObserver,
    MovingAveragePerChannelMinMaxObserver,
)
from torchao.quantization.pt2e.quantizer import (
    QuantizationAnnotation,
    QuantizationSpec,
    QuantizationSpecBase,
    Quantizer,
    SharedQuantizationSpec,
)
from torchao.quantization.pt2e.quantizer.quantizer import Q_ANNOTATION_KEY

from limner.nets.quantized.joined_norms import JOINED, channel_axis
from limner.nets.quantized.pairs import pair_bound

_aten = torch.ops.aten
_LAYERS = {_aten.conv2d.default, _aten.conv_transpose2d.input, _aten.linear.default}
_FUSED = {_aten.relu.default, _aten.hardtanh.default}
"""Activations that kernels compute together with the layer before: only their result is rounded."""
_FUSE_INTO = {*_LAYERS, _aten.add.Tensor}
_ELEMENTWISE = {
    _aten.add.Tensor,
    _aten.sub.Tensor,
    _aten.mul.Tensor,
    _aten.relu.default,
    _aten.hardtanh.default,
    _aten.hardswish.default,
    _aten.hardsigmoid.default,
    _aten.sigmoid.default,
    _aten.prelu.default,
    _aten.adaptive_avg_pool2d.default,
    _aten.avg_pool2d.default,
    _aten.mean.dim,
}
"""What has a range of its own behind it."""
_SAME_RANGE = {
    _aten.cat.default,
    _aten.upsample_bilinear2d.vec,
    _aten.upsample_nearest2d.vec,
    _aten.pixel_shuffle.default,
    _aten.pad.default,
    _aten.max_pool2d.default,
    _aten.expand.default,
    _aten.unflatten.int,
    _aten.flatten.using_ints,
    _aten.transpose.int,
    _aten.permute.default,
    _aten.reshape.default,
    _aten.view.default,
}
"""What moves or mixes values without leaving their range: inputs and output share scale and zero point."""


class _ChannelWeights(MovingAveragePerChannelMinMaxObserver):  # type: ignore[misc]
    """Gives each output channel of a weight the range in which no kernel overflows, see ``pair_bound``."""

    def forward(self, weight: torch.Tensor) -> torch.Tensor:
        result: torch.Tensor = super().forward(weight)
        bound = pair_bound(weight, self.ch_axis).to(self.max_val)
        self.min_val.copy_(-bound)
        self.max_val.copy_(bound)
        return result


class _Weights(MovingAverageMinMaxObserver):  # type: ignore[misc]
    """The same, with one range for all channels; ``axis`` is the output channels', None where that is not known."""

    def __init__(self, *, axis: int | None, **settings: Any) -> None:
        super().__init__(**settings)
        self.axes = (0, 1) if axis is None else (axis,)

    def forward(self, weight: torch.Tensor) -> torch.Tensor:
        result: torch.Tensor = super().forward(weight)
        bound = max(pair_bound(weight, axis).max() for axis in self.axes).to(self.max_val)
        self.min_val.copy_(-bound)
        self.max_val.copy_(bound)
        return result


class NetQuantizer(Quantizer):  # type: ignore[misc]
    """Marks a net's tensors: activations int8 with scale and zero point, weights int8 symmetric, biases left alone.

    Args:
        per_channel: each output channel of a weight has its own scale.
        averaging: share of a batch's range in the running average of an activation's range.
    """

    def __init__(self, *, per_channel: bool, averaging: float = 0.01) -> None:
        super().__init__()
        self.per_channel = per_channel
        self.activation = QuantizationSpec(
            dtype=torch.int8,
            quant_min=-128,
            quant_max=127,
            qscheme=torch.per_tensor_affine,
            observer_or_fake_quant_ctr=FakeQuantize.with_args(
                observer=MovingAverageMinMaxObserver, averaging_constant=averaging
            ),
        )

    def annotate(self, model: GraphModule) -> GraphModule:
        """Annotate every node that the net's input reaches."""
        moving: set[Node] = set()
        for node in model.graph.nodes:
            if node.op == "placeholder" or any(source in moving for source in node.all_input_nodes):
                moving.add(node)
        for node in model.graph.nodes:
            if node.op == "call_function" and node in moving:
                self._annotate(node, moving)
        return model

    def validate(self, model: GraphModule) -> None:
        """Nothing is asked of the graph: what is not known stays float."""

    def _annotate(self, node: Node, moving: set[Node]) -> None:
        inputs = [source for source in node.all_input_nodes if source in moving]
        if node.target in _LAYERS:
            weight = node.args[1]
            assert isinstance(weight, Node)
            last = _last(node)
            behind = None if _activation(last) else self.activation
            _put(node, {inputs[0]: self.activation, weight: self._weight(node)}, behind if last is node else None)
            if last is not node:
                _put(last, {}, behind)
        elif node.target in _SAME_RANGE:
            shared = SharedQuantizationSpec((inputs[0], node))
            _put(node, {inputs[0]: self.activation, **dict.fromkeys(inputs[1:], shared)}, shared)
        elif node.target in _FUSED and _activation(inputs[0]) is node:
            _put(node, {}, self.activation)
        elif node.target in _ELEMENTWISE:
            _put(node, dict.fromkeys(inputs, self.activation), None if _activation(node) else self.activation)

    def _weight(self, node: Node) -> QuantizationSpec:
        axis = 0 if node.target is _aten.linear.default else channel_axis(node)
        if self.per_channel and axis is not None:
            observer: Any = _ChannelWeights.with_args(averaging_constant=1.0, ch_axis=axis)
            scheme = torch.per_channel_symmetric
        else:
            observer = _Weights.with_args(averaging_constant=1.0, axis=axis)
            scheme = torch.per_tensor_symmetric
        return QuantizationSpec(
            dtype=torch.int8,
            quant_min=-127,
            quant_max=127,
            qscheme=scheme,
            observer_or_fake_quant_ctr=FakeQuantize.with_args(observer=observer),
        )


def _last(layer: Node) -> Node:
    """The layer, or the batch norm that will be folded into it."""
    users = list(layer.users)
    return _last(users[0]) if len(users) == 1 and users[0].meta.get(JOINED) else layer


def _activation(node: Node) -> Node | None:
    """The activation that is computed together with ``node``, where it is the only reader of its result."""
    users = list(node.users)
    fuses = node.meta.get(JOINED) or node.target in _FUSE_INTO
    return users[0] if fuses and len(users) == 1 and users[0].target in _FUSED else None


def _put(node: Node, inputs: dict[Node, QuantizationSpecBase], output: QuantizationSpecBase | None) -> None:
    node.meta[Q_ANNOTATION_KEY] = QuantizationAnnotation(input_qspec_map=inputs, output_qspec=output, _annotated=True)
