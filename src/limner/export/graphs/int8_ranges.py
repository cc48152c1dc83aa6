"""What a graph's tensors hold on photos, and the ranges that 8 bits are to cover."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from onnxruntime import InferenceSession

from limner.export.graphs.graph import Feeds
from limner.nets.quantized.pairs import pair_bound

Float32 = NDArray[np.float32]
_LEVELS = 127
_SHARES = ("Sigmoid", "HardSigmoid", "Softmax")
"""Operators that give numbers from 0 to 1, whatever photos show."""
_LAYERS = ("Conv", "ConvTranspose", "Gemm", "MatMul")
_GATES = ("Conv", "Gemm", "MatMul", "Add", "Mul", "Relu", "Clip", "Sigmoid", "HardSigmoid")


@dataclass(frozen=True, slots=True)
class Seen:
    """What a tensor held on some photos.

    Attributes:
        lows, highs: smallest and largest value of each photo, float32 (photos,).
        channel_highs: largest value of each channel over all photos, (channels,); empty where there are no channels.
        whole: it has one value a channel: a mean over the picture, or what is computed from that.
    """

    lows: Float32
    highs: Float32
    channel_highs: Float32
    whole: bool


def observe(model: Any, rows: Sequence[Feeds]) -> dict[str, Seen]:
    """Name -> what the tensor held, of all float tensors that an onnx.ModelProto computes and of its inputs."""
    wide = onnx.ModelProto.FromString(model.SerializeToString())
    given = {value.name for value in wide.graph.output}
    floats = [value.name for value in wide.graph.value_info if value.type.tensor_type.elem_type == TensorProto.FLOAT]
    computed = {name for node in wide.graph.node for name in node.output}
    wide.graph.output.extend(
        helper.make_tensor_value_info(name, TensorProto.FLOAT, None)
        for name in floats
        if name in computed and name not in given
    )
    session = InferenceSession(wide.SerializeToString(), providers=["CPUExecutionProvider"])
    names = [output.name for output in session.get_outputs()]
    lows: dict[str, list[float]] = {}
    highs: dict[str, list[float]] = {}
    tops: dict[str, Float32] = {}
    whole: dict[str, bool] = {}
    for row in rows:
        for name, value in [*row.items(), *zip(names, session.run(None, dict(row)), strict=True)]:
            if not np.issubdtype(value.dtype, np.floating) or not value.size:
                continue
            top = value.max(axis=(0, 2, 3)) if value.ndim == 4 else np.empty(0, np.float32)
            lows.setdefault(name, []).append(float(value.min()))
            highs.setdefault(name, []).append(float(value.max()))
            tops[name] = np.maximum(tops[name], top) if name in tops else top
            whole[name] = value.ndim == 4 and value.shape[2:] == (1, 1)
    return {
        name: Seen(
            lows=np.array(low, np.float32),
            highs=np.array(highs[name], np.float32),
            channel_highs=tops[name],
            whole=whole[name],
        )
        for name, low in lows.items()
    }


def ranges(graph: Any, seen: Mapping[str, Seen], *, means: bool) -> dict[str, tuple[float, float]]:
    """Name -> lowest and highest value that its 8 bits are to say.

    Args:
        means: take the means over photos of each one's smallest and largest value, which a few bright pixels of one
            photo do not widen; otherwise the extremes over all photos.
    """
    shares = {node.output[0] for node in graph.node if node.op_type in _SHARES}
    floors = _floors(graph)
    found = {}
    for name, one in seen.items():
        low, high = (one.lows.mean(), one.highs.mean()) if means else (one.lows.min(), one.highs.max())
        if name in shares:
            low, high = 0.0, 1.0
        found[name] = min(0.0, max(float(low), floors.get(name, -np.inf))), max(0.0, float(high))
    return found


def gates(graph: Any, seen: Mapping[str, Seen]) -> list[str]:
    """Names of the nodes that compute with one value a channel.

    They take no time, but one level of 255 in them changes a whole channel.
    """
    return [
        node.name
        for node in graph.node
        if node.op_type in _GATES and all(name in seen and seen[name].whole for name in node.output)
    ]


def logits(graph: Any) -> list[str]:
    """Names of the nodes that compute what a sigmoid or softmax takes or what the graph gives, from convolutions on.

    Logits of sure pixels are large. Levels that reach as far are too coarse where a net is unsure.
    """
    makers = {name: node for node in graph.node for name in node.output}
    inside = {inner.output[0] for inner, _ in _swishes(graph)}
    ends = [node for node in graph.node if node.op_type in ("Sigmoid", "Softmax") and node.output[0] not in inside]
    waiting = [*(name for node in ends for name in node.input), *(value.name for value in graph.output)]
    found: dict[str, None] = {}
    while waiting:
        node = makers.get(waiting.pop())
        if node is not None and node.name not in found:
            found[node.name] = None
            if node.op_type not in _LAYERS:
                waiting += node.input
    return list(found)


def swishes(graph: Any) -> list[str]:
    """Names of the nodes of activations ``x · f(x)``, f a sigmoid or hard sigmoid: nothing is rounded inside."""
    found = []
    for inner, product in _swishes(graph):
        found += [inner.name, product.name]
    return found


def _swishes(graph: Any) -> list[tuple[Any, Any]]:
    makers = {name: node for node in graph.node for name in node.output}
    found = []
    for node in graph.node:
        if node.op_type == "Mul":
            for own, other in (node.input, reversed(node.input)):
                inner = makers.get(other)
                if inner is not None and inner.op_type in ("Sigmoid", "HardSigmoid") and inner.input[0] == own:
                    found.append((inner, node))
    return found


def _floors(graph: Any) -> dict[str, float]:
    """Tensors that only hard swishes read -> the value below which these give 0."""
    pairs = {inner.input[0]: (inner, product) for inner, product in _swishes(graph) if inner.op_type == "HardSigmoid"}
    found = {}
    for name, (inner, _) in pairs.items():
        if sum(name in node.input for node in graph.node) == 2:  # the hard sigmoid and the product
            told = {item.name: helper.get_attribute_value(item) for item in inner.attribute}
            found[name] = -told.get("beta", 0.5) / told.get("alpha", 0.2)
    return found


def weight_scales(graph: Any) -> dict[str, Float32]:
    """Name of a convolution's weight -> scale of each output channel, so that no kernel overflows (``pair_bound``)."""
    stored = {tensor.name: tensor for tensor in graph.initializer}
    found = {}
    for node in graph.node:
        if node.op_type == "Conv" and node.input[1] in stored:
            bound = pair_bound(torch.from_numpy(numpy_helper.to_array(stored[node.input[1]]).copy())).numpy()
            found[node.input[1]] = np.where(bound > 0, bound / _LEVELS, 1).astype(np.float32)
    return found
