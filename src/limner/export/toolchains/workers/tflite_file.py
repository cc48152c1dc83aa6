"""Reads and writes .tflite files with LiteRT's schema, and names their inputs and outputs."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import flatbuffers
import numpy as np
from ai_edge_litert import schema_py_generated as schema


def read(path: Path) -> Any:
    """The model as objects, with weights that lie behind the flatbuffer taken into it."""
    data = path.read_bytes()
    model = schema.ModelT.InitFromPackedBuf(data, 0)
    for buffer in model.buffers:
        if buffer.offset > 1:  # 0 and 1 stand for none
            buffer.data = np.frombuffer(data, np.uint8, count=buffer.size, offset=buffer.offset)
            buffer.offset = buffer.size = 0
    return model


def write(model: Any, path: Path) -> None:
    """The model as one flatbuffer."""
    builder = flatbuffers.Builder(1 << 16)
    builder.Finish(model.Pack(builder), b"TFL3")
    path.write_bytes(bytes(builder.Output()))


def name_ends(model: Any, inputs: Sequence[str], outputs: Sequence[str]) -> None:
    """Give inputs and outputs these names, in the order of the signature's ``args_0``, …, ``output_0``, ….

    A program that computes nothing of an input, or gives one output twice, has fewer of them than there are names.
    """
    signature = model.signatureDefs[0]
    for entries, names, what in ((signature.inputs, inputs, "inputs"), (signature.outputs, outputs, "outputs")):
        if len({entry.tensorIndex for entry in entries}) != len(names):
            raise SystemExit(f"the converted model has other {what} than {', '.join(names)}")
        for entry in entries:
            entry.name = names[int(entry.name.decode().rpartition("_")[2])].encode()
    name_tensors(model)


def float_inputs(model: Any) -> None:
    """Let inputs that are int8 be float32, quantized by the first operators, in place."""
    graph = model.subgraphs[0]
    for place, index in enumerate(graph.inputs):
        inner = graph.tensors[index]
        if inner.type != schema.TensorType.INT8:
            continue
        outer = schema.TensorT()
        outer.name, outer.shape, outer.shapeSignature = inner.name, inner.shape, inner.shapeSignature
        outer.type, outer.buffer = schema.TensorType.FLOAT32, 0
        graph.tensors.append(outer)
        operator = schema.OperatorT()
        operator.opcodeIndex = _operator_code(model, schema.BuiltinOperator.QUANTIZE)
        operator.inputs, operator.outputs = [len(graph.tensors) - 1], [int(index)]
        graph.operators.insert(0, operator)
        for entry in model.signatureDefs[0].inputs:
            if entry.tensorIndex == index:
                entry.tensorIndex = len(graph.tensors) - 1
        graph.inputs = [*graph.inputs[:place], len(graph.tensors) - 1, *graph.inputs[place + 1 :]]


def _operator_code(model: Any, kind: int) -> int:
    """The place of a kind of operator among those that the model names; it is added where it is not there yet."""
    for place, code in enumerate(model.operatorCodes):
        if max(code.builtinCode, code.deprecatedBuiltinCode) == kind:
            return place
    code = schema.OperatorCodeT()
    code.builtinCode = code.deprecatedBuiltinCode = kind
    code.version = 1
    model.operatorCodes.append(code)
    return len(model.operatorCodes) - 1


def name_tensors(model: Any) -> None:
    """Call the tensors of the signature as the signature calls them, and no other tensor so."""
    signature, tensors = model.signatureDefs[0], model.subgraphs[0].tensors
    ends = {entry.tensorIndex: entry.name for entry in (*signature.inputs, *signature.outputs)}
    for index, tensor in enumerate(tensors):
        if index in ends:
            tensor.name = ends[index]
        elif tensor.name in ends.values():
            tensor.name = tensor.name + b"/inner"
