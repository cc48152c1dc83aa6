"""Takes .onnx files apart, with the package onnx (extra `inspect`)."""

from __future__ import annotations

import contextlib
import math
from collections import Counter
from pathlib import Path
from typing import Any

from limner.errors import MissingExtraError, ModelError
from limner.inspect.report import Inspection, TensorReport, maker

_Shape = tuple[int | None, ...]


def inspect_onnx(path: Path, data: bytes) -> Inspection:
    """See ``limner.inspect.inspection.inspect_model``."""
    onnx, model = parse_onnx(path, data)
    graph = model.graph
    weights = {tensor.name: tuple(tensor.dims) for tensor in graph.initializer}
    weights |= {
        node.output[0]: tuple(attribute.t.dims)
        for node in graph.node
        if node.op_type == "Constant"
        for attribute in node.attribute
        if attribute.name == "value"
    }
    shapes = value_shapes(onnx, model) | weights
    nodes = [node for node in graph.node if node.op_type != "Constant"]
    makers = {name: (node.op_type, node.input[0] if node.input else "") for node in nodes for name in node.output}
    return Inspection(
        file=str(path),
        format="ONNX",
        bytes=len(data),
        version=", ".join(
            f"opset {entry.version}" + (f" of {entry.domain}" * bool(entry.domain)) for entry in model.opset_import
        ),
        producer=f"{model.producer_name} {model.producer_version}".strip() or "unknown",
        metadata={entry.key: entry.value for entry in model.metadata_props},
        inputs=tuple(_report(onnx, value) for value in graph.input if value.name not in weights),
        outputs=tuple(_report(onnx, value) for value in graph.output),
        operators=dict(Counter(node.op_type for node in nodes).most_common()),
        parameters=sum(math.prod(dims) for dims in weights.values() if dims),
        macs=_total(node_macs(node, shapes) for node in nodes),
        output_operators={value.name: maker(value.name, makers) for value in graph.output},
    )


def parse_onnx(path: Path, data: bytes) -> tuple[Any, Any]:
    """The package onnx, and the file as its ModelProto; errors as of ``limner.inspect.inspection.inspect_model``."""
    try:
        import onnx
    except ImportError:
        raise MissingExtraError("inspecting a .onnx file", "onnx", "inspect") from None
    model = onnx.ModelProto()
    try:
        model.ParseFromString(data)
    except Exception:  # protobuf's error is not importable by a stable name
        raise ModelError(f"{path}: is not a .onnx model, or is damaged") from None
    if not model.graph.node or not model.graph.output:
        raise ModelError(f"{path}: is not a .onnx model: it has no operators")
    return onnx, model


def value_shapes(onnx: Any, model: Any) -> dict[str, _Shape]:
    """Shapes of inputs, outputs and, where ONNX can infer them, of all values between; None where a size is open."""
    with contextlib.suppress(Exception):  # an operator of another domain, a model above 2 GB: shapes stay open
        model = onnx.shape_inference.infer_shapes(model, data_prop=True)
    values = [*model.graph.value_info, *model.graph.input, *model.graph.output]
    return {value.name: _shape(value) for value in values}


def _shape(value: Any) -> _Shape:
    return tuple(dim.dim_value or None for dim in value.type.tensor_type.shape.dim)


def _report(onnx: Any, value: Any) -> TensorReport:
    kind = value.type.tensor_type.elem_type
    try:
        dtype = str(onnx.helper.tensor_dtype_to_np_dtype(kind))
    except Exception:
        dtype = "unknown"
    return TensorReport(value.name, _shape(value), dtype)


def node_macs(node: Any, shapes: dict[str, _Shape]) -> int | None:
    """Multiply-accumulates of one operator for a batch of one; 0 for kinds not counted, None where shapes are open."""
    kind = node.op_type
    if kind not in ("Conv", "ConvTranspose", "Gemm", "MatMul"):
        return 0
    given = [shapes.get(name, ()) for name in node.input[:2]]
    result = shapes.get(node.output[0], ())
    if not all(given) or not result:
        return None
    left, right = given
    if kind == "Conv":  # weights (out, in / groups, kernel…)
        return _product(result[1:], right[1:])
    if kind == "ConvTranspose":  # weights (in, out / groups, kernel…): each input value is spread once
        return _product(left[1:], right[1:])
    if kind == "Gemm":
        transposed = any(attribute.name == "transA" and attribute.i for attribute in node.attribute)
        return _product(result, (left[0] if transposed else left[1],))
    return _product(result, left[-1:])


def _product(*shapes: _Shape) -> int | None:
    total = 1
    for size in (size for shape in shapes for size in shape):
        if size is None:
            return None
        total *= size
    return total


def _total(counts: Any) -> int | None:
    total = 0
    for count in counts:
        if count is None:
            return None
        total += count
    return total
