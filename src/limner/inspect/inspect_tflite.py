"""Takes .tflite files apart, with the schema that comes with LiteRT (extra `litert`)."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from limner.errors import MissingExtraError, ModelError
from limner.inspect.report import Inspection, TensorHints, TensorReport, maker
from limner.inspect.tflite_metadata import ENTRY, read_metadata

_Shape = tuple[int | None, ...]
_Result = TypeVar("_Result")


def inspect_tflite(path: Path, data: bytes) -> Inspection:
    """See ``limner.inspect.inspection.inspect_model``."""
    file = TfliteFile(path, data)
    return file.guarded(lambda: _inspect(path, data, file))


class TfliteFile:
    """A parsed file and its first subgraph, in words.

    Raises:
        ModelError: it is damaged, or has no operators.
        MissingExtraError: ai-edge-litert is not installed.
    """

    def __init__(self, path: Path, data: bytes) -> None:
        try:
            from ai_edge_litert import schema_py_generated as schema
        except ImportError:
            raise MissingExtraError("inspecting a .tflite file", "ai-edge-litert", "litert") from None
        self._path, self._schema = path, schema
        self.model = self.guarded(lambda: schema.ModelT.InitFromPackedBuf(data, 0))
        if not self.model.subgraphs or not self.model.subgraphs[0].operators:
            raise ModelError(f"{path}: is not a .tflite model: it has no operators")
        self.graph = self.model.subgraphs[0]
        kinds, types = vars(schema.BuiltinOperator), vars(schema.TensorType)
        self._operators: dict[int, str] = {code: name for name, code in kinds.items() if isinstance(code, int)}
        self._types: dict[int, str] = {code: name.lower() for name, code in types.items() if isinstance(code, int)}

    def guarded(self, read: Callable[[], _Result]) -> _Result:
        """What ``read`` finds in the file; ModelError where the file is damaged."""
        try:
            return read()
        except ModelError:
            raise
        except Exception:  # flatbuffers reads wherever a damaged offset points
            raise ModelError(f"{self._path}: is a damaged .tflite model") from None

    def kind(self, operator: Any) -> str:
        """Type of an operator: LiteRT's name, or that of a custom one."""
        entry = self.model.operatorCodes[operator.opcodeIndex]
        code = max(entry.builtinCode, entry.deprecatedBuiltinCode)
        return text(entry.customCode) if entry.customCode else self._operators.get(code, str(code))

    def shape(self, index: int) -> _Shape:
        """Of a tensor; None where a size is open."""
        tensor = self.graph.tensors[index]
        signature = tensor.shapeSignature if tensor.shapeSignature is not None else tensor.shape
        return tuple(int(size) if size > 0 else None for size in (signature if signature is not None else ()))

    def dtype(self, index: int) -> str:
        """Of a tensor, as numpy would call it."""
        return self._types.get(self.graph.tensors[index].type, "unknown")

    def report(self, index: int) -> TensorReport:
        """Of an input or output."""
        return TensorReport(text(self.graph.tensors[index].name), self.shape(index), self.dtype(index))

    def range(self, index: int) -> tuple[float, float] | None:
        """The real numbers that the least and the largest integer of a quantized tensor stand for; None of others."""
        about = self.graph.tensors[index].quantization
        kind = self.dtype(index)
        if about is None or about.scale is None or len(about.scale) != 1 or kind not in ("int8", "uint8", "int16"):
            return None
        scale = float(about.scale[0])
        zero = int(about.zeroPoint[0]) if about.zeroPoint is not None and len(about.zeroPoint) else 0
        limits = np.iinfo(kind)
        return (limits.min - zero) * scale, (limits.max - zero) * scale

    def is_constant(self, index: int) -> bool:
        """Whether a tensor's values are in the file."""
        return _size(self.model.buffers[self.graph.tensors[index].buffer]) > 0

    def macs(self, operator: Any) -> int | None:
        """Multiply-accumulates of one operator; 0 for kinds not counted, None where shapes are open."""
        inputs = [self.shape(index) for index in operator.inputs if index >= 0]
        return _macs(self.kind(operator), inputs, self.shape(operator.outputs[0]))


def _inspect(path: Path, data: bytes, file: TfliteFile) -> Inspection:
    graph, model = file.graph, file.model
    facts, ends = _described(file, data)
    kinds = [file.kind(operator) for operator in graph.operators]
    shapes = [tensor.shape for index, tensor in enumerate(graph.tensors) if file.is_constant(index)]
    macs = [file.macs(operator) for operator in graph.operators]
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
        producer=text(model.description) or "unknown",
        metadata=facts,
        inputs=tuple(ends[index] for index in graph.inputs),
        outputs=tuple(ends[index] for index in graph.outputs),
        operators=dict(Counter(kinds).most_common()),
        parameters=sum(math.prod(shape.tolist()) for shape in shapes if shape is not None and len(shape)),
        macs=None if None in macs else sum(count for count in macs if count is not None),
        output_operators={file.report(index).name: maker(index, makers) for index in graph.outputs},
    )


def _described(file: TfliteFile, data: bytes) -> tuple[dict[str, str], dict[int, TensorReport]]:
    """The metadata as text, and the inputs and outputs with what the file says of them, by their numbers."""
    facts = {}
    told: dict[int, TensorHints] = {}
    for entry in file.model.metadata or ():
        buffer = file.model.buffers[entry.buffer]
        facts[text(entry.name)] = f"{_size(buffer)} bytes"
        if text(entry.name) == ENTRY and buffer.data is not None:
            more, inputs, outputs = read_metadata(bytes(buffer.data), data)
            facts |= more
            told = dict(zip(map(int, file.graph.inputs), inputs, strict=False))
            told |= dict(zip(map(int, file.graph.outputs), outputs, strict=False))
    ends = {}
    for index in (*file.graph.inputs, *file.graph.outputs):
        hints = told.get(int(index))
        quantized = file.range(index)
        if quantized is not None:
            hints = replace(hints or TensorHints(), low=quantized[0], high=quantized[1])
        ends[index] = replace(file.report(index), hints=hints)
    return facts, ends


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


def _size(buffer: Any) -> int:
    """Bytes of a buffer, which large models keep behind the flatbuffer instead of in it."""
    return len(buffer.data) if buffer.data is not None else int(getattr(buffer, "size", 0))


def text(value: Any) -> str:
    """Text of the file, which is bytes or missing."""
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value or "")
