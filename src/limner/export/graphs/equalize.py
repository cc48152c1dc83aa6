"""Gives the channels between two convolutions one range, so that the 8 bits of a tensor serve each of them.

A ReLU lets a positive factor through, so what a convolution gives may be divided by a factor for each channel if the
depthwise convolution behind it multiplies by it (cross-layer equalization: Nagel et al. 2019, arXiv 1906.04721). The
net computes the same. Both convolutions have a scale for each output channel, so their own rounding stays as it was.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnx import numpy_helper

from limner.export.graphs.int8_ranges import Seen

_LEAST = 1e-3
"""Of the largest channel's range: channels that hold next to nothing are not blown up further."""


def equalize(graph: Any, seen: Mapping[str, Seen]) -> None:
    """Change the weights of an onnx.GraphProto in place.

    Args:
        seen: what its tensors held on photos, see ``observe``.
    """
    tensors = {tensor.name: tensor for tensor in graph.initializer}
    makers = {name: node for node in graph.node for name in node.output}
    readers: dict[str, list[Any]] = {}
    for node in graph.node:
        for name in node.input:
            readers.setdefault(name, []).append(node)
    for relu in (node for node in graph.node if node.op_type == "Relu" and node.output[0] in seen):
        before, after = makers.get(relu.input[0]), readers.get(relu.output[0], [])
        if before is None or before.op_type != "Conv" or len(readers[relu.input[0]]) != 1 or len(after) != 1:
            continue
        names = [*before.input[1:], after[0].input[1] if after[0].op_type == "Conv" else ""]
        if any(name not in tensors or len(readers[name]) != 1 for name in names) or not _depthwise(tensors[names[-1]]):
            continue
        highs = seen[relu.output[0]].channel_highs
        factor = np.maximum(highs / max(float(highs.max()), 1e-12), _LEAST).astype(np.float32)
        for name in names[:-1]:
            _multiply(tensors[name], 1 / factor)
        _multiply(tensors[names[-1]], factor)


def _depthwise(weight: Any) -> bool:
    return len(weight.dims) == 4 and weight.dims[1] == 1


def _multiply(tensor: Any, factor: NDArray[np.float32]) -> None:
    """By a factor for each index of the first axis."""
    value = numpy_helper.to_array(tensor)
    shaped = factor.reshape(-1, *[1] * (value.ndim - 1))
    tensor.CopyFrom(numpy_helper.from_array((value * shaped).astype(value.dtype), tensor.name))
