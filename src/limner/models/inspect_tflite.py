"""Takes .tflite files apart, with the schema that comes with LiteRT (extra `litert`)."""

from __future__ import annotations

import math
from collections import Counter
from pathlib import Path
from typing import Any

from limner.errors import MissingExtraError, ModelError
from limner.models.inspection import Inspection, TensorReport, maker

_Shape = tuple[int | None, ...]


def inspect_tflite(path: Path, data: bytes) -> Inspection:
    """See ``limner.models.inspection.inspect_model``."""
    try:
        from ai_edge_litert import schema_py_generated as schema
    except ImportError:
        raise MissingExtraError("inspecting a .tflite file", "ai-edge-litert", "litert") from None
    try:
        model = schema.ModelT.InitFromPackedBuf(data, 0)
        return _inspect(path, data, model, schema)
    except ModelError:
        raise
    except Exception:  # flatbuffers reads wherever a damaged offset points
        raise ModelError(f"{path}: is a damaged .tflite model") from None


def _inspect(path: Path, data: bytes, model: Any, schema: Any) -> Inspection:
    if not model.subgraphs or not model.subgraphs[0].operators:
        raise ModelError(f"{path}: is not a .tflite model: it has no operators")
    graph = model.subgraphs[0]
    operators = {code: name for name, code in vars(schema.BuiltinOperator).items() if isinstance(code, int)}
    types = {code: name.lower() for name, code in vars(schema.TensorType).items() if isinstance(code, int)}

    def kind(operator: Any) -> str:
        entry = model.operatorCodes[operator.opcodeIndex]
        code = max(entry.builtinCode, entry.deprecatedBuiltinCode)
        return _text(entry.customCode) if entry.customCode else operators.get(code, str(code))

    def shape(index: int) -> _Shape:
        tensor = graph.tensors[index]
        signature = tensor.shapeSignature if tensor.shapeSignature is not None else tensor.shape
        return tuple(int(size) if size > 0 else None for size in (signature if signature is not None else ()))

    def report(index: int) -> TensorReport:
        tensor = graph.tensors[index]
        return TensorReport(_text(tensor.name), shape(index), types.get(tensor.type, "unknown"))

    kinds = [kind(operator) for operator in graph.operators]
    shapes = [tensor.shape for tensor in graph.tensors if _has_data(model.buffers[tensor.buffer])]
    macs = [
        _macs(name, [shape(i) for i in op.inputs if i >= 0], shape(op.outputs[0]))
        for name, op in zip(kinds, graph.operators, strict=True)
    ]
    makers = {
        index: (name, op.inputs[0] if len(op.inputs) else -1)
        for name, op in zip(kinds, graph.operators, strict=True)
        for index in op.outputs
    }
    return Inspection(
        file=str(path),
        format="TFLite",
        bytes=len(data),
        version=f"schema {model.version}",
        producer=_text(model.description) or "unknown",
        metadata={_text(entry.name): f"{_size(model.buffers[entry.buffer])} bytes" for entry in model.metadata or ()},
        inputs=tuple(report(index) for index in graph.inputs),
        outputs=tuple(report(index) for index in graph.outputs),
        operators=dict(Counter(kinds).most_common()),
        parameters=sum(math.prod(shape.tolist()) for shape in shapes if shape is not None and len(shape)),
        macs=None if None in macs else sum(count for count in macs if count is not None),
        output_operators={report(index).name: maker(index, makers) for index in graph.outputs},
    )


def _macs(kind: str, inputs: list[_Shape], output: _Shape) -> int | None:
    """Multiply-accumulates of one operator; 0 for kinds not counted, None where shapes are open."""
    if kind == "CONV_2D":  # weights (out, kernel, kernel, in)
        sizes = (*output[1:], *inputs[1][1:])
    elif kind == "DEPTHWISE_CONV_2D":  # weights (1, kernel, kernel, out)
        sizes = (*output[1:], *inputs[1][1:3])
    elif kind == "TRANSPOSE_CONV":  # inputs: output shape, weights (out, kernel, kernel, in), image
        sizes = (*inputs[2][1:], *inputs[1][:3])
    elif kind == "Convolution2DTransposeBias":  # MediaPipe's own: image, weights (out, kernel, kernel, in), bias
        sizes = (*inputs[0][1:], *inputs[1][:3])
    elif kind == "FULLY_CONNECTED":  # weights (out, in)
        sizes = (*output, *inputs[1][-1:])
    elif kind == "BATCH_MATMUL":
        sizes = (*output, *inputs[0][-1:])
    else:
        return 0
    return None if None in sizes else math.prod(size for size in sizes if size is not None)


def _has_data(buffer: Any) -> bool:
    return _size(buffer) > 0


def _size(buffer: Any) -> int:
    """Bytes of a buffer, which large models keep behind the flatbuffer instead of in it."""
    return len(buffer.data) if buffer.data is not None else int(getattr(buffer, "size", 0))


def _text(value: Any) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value or "")
