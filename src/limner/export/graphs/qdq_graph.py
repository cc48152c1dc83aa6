"""Rewrites an ONNX graph of quantize and dequantize nodes so that runtimes find their int8 kernels in it; what it
computes stays the same."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import helper, numpy_helper

_QUANTIZE, _DEQUANTIZE = "QuantizeLinear", "DequantizeLinear"
_SHIFT = 128
_ROUNDING = 1e-5


def for_int8_kernels(model: Any) -> None:
    """Change an onnx.ModelProto of opset 13 or later in place.

    - Activations become uint8 instead of int8, moved by 128: the kernels of x86 processors want them unsigned.
    - Biases become int32 with the product of the input's and the weight's scale, as kernels add them.
    - ReLU and ReLU6 go where the rounding behind them cuts at the same numbers.
    - Means over height and width become global average pools.
    """
    graph = _Graph(model)
    for node in list(model.graph.node):
        if node.op_type in (_QUANTIZE, _DEQUANTIZE):
            _unsigned(graph, node)
        elif node.op_type == "ReduceMean":
            _pool(graph, node)
    for node in list(model.graph.node):
        if node.op_type == "Conv":
            _round_bias(graph, node)
        elif node.op_type in ("Relu", "Clip"):
            _drop_activation(graph, node)
    graph.finish()


class _Graph:
    """The parts of a graph by name."""

    def __init__(self, model: Any) -> None:
        self.proto = model.graph
        self.stored: dict[str, Any] = {tensor.name: tensor for tensor in self.proto.initializer}
        self.makers: dict[str, Any] = {name: node for node in self.proto.node for name in node.output}
        self.readers: dict[str, list[Any]] = {}
        for node in self.proto.node:
            for name in node.input:
                self.readers.setdefault(name, []).append(node)
        self.before: dict[int, list[Any]] = {}
        self.gone: set[str] = set()

    def value(self, name: str) -> NDArray[Any] | None:
        """A stored tensor; None where ``name`` is computed."""
        tensor = self.stored.get(name)
        return None if tensor is None else numpy_helper.to_array(tensor)

    def store(self, name: str, value: NDArray[Any]) -> str:
        if name not in self.stored:
            self.stored[name] = numpy_helper.from_array(value, name)
        return name

    def finish(self) -> None:
        """Write nodes and tensors back, without those that nothing reads."""
        nodes = []
        for node in self.proto.node:
            nodes += self.before.get(id(node), [])
            if not (node.output and node.output[0] in self.gone):
                nodes.append(node)
        copies = [onnx.NodeProto.FromString(node.SerializeToString()) for node in nodes]
        used = {name for node in copies for name in node.input}
        kept = [tensor for name, tensor in self.stored.items() if name in used]
        kept = [onnx.TensorProto.FromString(tensor.SerializeToString()) for tensor in kept]
        del self.proto.node[:], self.proto.initializer[:]
        self.proto.node.extend(copies)
        self.proto.initializer.extend(kept)


def _unsigned(graph: _Graph, node: Any) -> None:
    """Not for weights, which are stored and stay int8."""
    if node.op_type == _DEQUANTIZE and node.input[0] in graph.stored:
        return
    zero = graph.value(node.input[2])
    if zero is not None and zero.dtype == np.int8 and zero.ndim == 0:
        moved = int(zero) + _SHIFT
        node.input[2] = graph.store(f"/zero_{moved}", np.array(moved, np.uint8))


def _pool(graph: _Graph, node: Any) -> None:
    axes = graph.value(node.input[1]) if len(node.input) > 1 else None
    options = {item.name: helper.get_attribute_value(item) for item in node.attribute}
    if axes is None or sorted(int(axis) % 4 for axis in axes) != [2, 3] or options.get("keepdims", 1) != 1:
        return
    node.op_type = "GlobalAveragePool"
    del node.input[1:], node.attribute[:]


def _round_bias(graph: _Graph, node: Any) -> None:
    bias = graph.value(node.input[2]) if len(node.input) > 2 else None
    scales = [_scale(graph, name) for name in node.input[:2]]
    if bias is None or bias.dtype != np.float32 or scales[0] is None or scales[1] is None:
        return
    scale = np.broadcast_to(scales[0] * scales[1], bias.shape).astype(np.float32)
    info = np.iinfo(np.int32)
    rounded = np.clip(np.rint(bias.astype(np.float64) / scale), info.min, info.max).astype(np.int32)
    name = f"{node.output[0]}/bias"
    inputs = [graph.store(name, rounded), graph.store(f"{name}_scale", scale)]
    inputs.append(graph.store(f"/zeros_{len(bias)}", np.zeros(len(bias), np.int32)))
    graph.before[id(node)] = [helper.make_node(_DEQUANTIZE, inputs, [f"{name}_float"], axis=0)]
    node.input[2] = f"{name}_float"


def _scale(graph: _Graph, name: str) -> NDArray[np.float32] | None:
    """Scale of a dequantized tensor."""
    maker = graph.makers.get(name)
    return graph.value(maker.input[1]) if maker is not None and maker.op_type == _DEQUANTIZE else None


def _drop_activation(graph: _Graph, node: Any) -> None:
    readers = graph.readers.get(node.output[0], [])
    if not readers or any(reader.op_type != _QUANTIZE for reader in readers):
        return
    low, high = 0.0, np.inf
    if node.op_type == "Clip":
        limits = [graph.value(name) for name in node.input[1:3]]
        if len(limits) < 2 or limits[0] is None or limits[1] is None:
            return
        low, high = float(limits[0]), float(limits[1])
    for reader in readers:
        scale, zero = graph.value(reader.input[1]), graph.value(reader.input[2])
        if scale is None or zero is None or zero.dtype != np.uint8:
            return
        lowest, highest = -float(scale) * int(zero), float(scale) * (255 - int(zero))
        if lowest < low - _ROUNDING or highest > high * (1 + _ROUNDING):
            return
    for reader in readers:
        reader.input[0] = node.input[0]
    graph.gone.add(node.output[0])
