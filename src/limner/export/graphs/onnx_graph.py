"""Tidies an exported ONNX graph: small on disk, and the net's tensors in it under their own names, so that training can
go on from the file.

Batch norms stay apart from their convolutions for that; runtimes fold them, and the casts of half-precision weights,
when they load the file.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from onnxscript import optimizer


def tidy(model: Any, *, prefix: str) -> Any:
    """The model (onnx.ModelProto) with constants folded and the exporter's notes removed.

    Weights lose ``prefix`` before their names; the exporter's own constants get a slash there. Convolutions lose biases
    of zeros, which the exporter adds where the net has none.
    """

    def should_fold(node: Any) -> bool | None:
        """Not what reshapes a weight, or its name would be lost; None is the optimizer's own choice."""
        takes_weight = any(value is not None and (value.name or "").startswith(prefix) for value in node.inputs)
        return False if takes_weight and node.op_type != "Shape" else None

    optimizer.fold_constants(model, should_fold=should_fold)
    optimizer.remove_unused_nodes(model)
    graph = model.graph
    _drop_zero_biases(graph, prefix)
    _rename(graph, lambda name: name.removeprefix(prefix) if name.startswith(prefix) else f"/{name}")
    del graph.value_info[:], graph.metadata_props[:], model.metadata_props[:]
    for item in (*graph.node, *graph.input, *graph.output, *graph.initializer):
        item.doc_string = ""
        del item.metadata_props[:]
    return model


def store_half(model: Any) -> None:
    """Keep kernels and matrices as float16, each with a cast back to float32, in place; vectors stay as they are."""
    graph = model.graph
    casts = []
    for tensor in graph.initializer:
        if tensor.data_type == TensorProto.FLOAT and len(tensor.dims) > 1:
            name, single = tensor.name, f"{tensor.name}.float32"
            _replace_input(graph, name, single)
            with np.errstate(over="ignore"):  # the comparison with PyTorch finds what does not fit
                tensor.CopyFrom(numpy_helper.from_array(numpy_helper.to_array(tensor).astype(np.float16), name))
            casts.append(helper.make_node("Cast", [name], [single], to=TensorProto.FLOAT))
    nodes = [*casts, *map(_copy, graph.node)]
    del graph.node[:]
    graph.node.extend(nodes)


def _drop_zero_biases(graph: Any, prefix: str) -> None:
    stored = {tensor.name: tensor for tensor in graph.initializer}
    dropped = set()
    for node in graph.node:
        if node.op_type not in ("Conv", "ConvTranspose") or len(node.input) < 3:
            continue
        bias = stored.get(node.input[2])
        if bias is not None and not bias.name.startswith(prefix) and not numpy_helper.to_array(bias).any():
            dropped.add(bias.name)
            del node.input[2]
    used = {name for node in graph.node for name in node.input}
    kept = [_copy(tensor) for tensor in graph.initializer if tensor.name not in dropped - used]
    del graph.initializer[:]
    graph.initializer.extend(kept)


def _rename(graph: Any, new: Callable[[str], str]) -> None:
    for tensor in graph.initializer:
        _replace_input(graph, tensor.name, new(tensor.name))
        tensor.name = new(tensor.name)


def _replace_input(graph: Any, old: str, new: str) -> None:
    for node in graph.node:
        for index, name in enumerate(node.input):
            if name == old:
                node.input[index] = new


def _copy(message: Any) -> Any:
    copy = type(message)()
    copy.CopyFrom(message)
    return copy


def save(model: Any, path: Path) -> None:
    """Write the model, checked for consistency, into one file."""
    onnx.checker.check_model(model)
    onnx.save_model(model, path)
