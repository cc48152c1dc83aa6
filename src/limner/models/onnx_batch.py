"""Gives a .onnx net that was exported for one image at a time an open batch, without the package onnx.

The shapes of inputs and outputs lose their 1. An exporter also folds it into constants: the sizes of an enlargement,
the shape that values are brought to. Sizes are joined anew from the batch of the values that are enlarged; shapes get a
0, which keeps an axis as it is. What else is folded in cannot be seen here: whoever loads the result compares it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from limner.checking import checked
from limner.errors import ModelError
from limner.models.onnx_fields import (
    ATTRIBUTE_TENSOR,
    DIM_PARAM,
    DIM_VALUE,
    GRAPH_INITIALIZER,
    GRAPH_INPUT,
    GRAPH_NODE,
    GRAPH_OUTPUT,
    GRAPH_VALUE_INFO,
    INT64,
    MODEL_GRAPH,
    NODE_ATTRIBUTE,
    NODE_INPUT,
    NODE_OUTPUT,
    NODE_TYPE,
    RESIZE_SIZES,
    TENSOR_NAME,
    TENSOR_RAW,
    TENSOR_TYPE,
    node,
    only,
    swap,
    value_name,
    whole_numbers,
    with_dims,
)
from limner.models.protobuf import VARINT, Field, as_bytes, decode, encode, texts

Numbers = NDArray[np.int64]
_LENGTH = 2
_BATCH = b"batch"
_RESHAPE_SHAPE = 1  # its second input
_MARK = "_for_any_batch"


@checked
def with_open_batch(model: bytes) -> bytes:
    """The same net for any number of images at once, along the first axis of every input and output.

    Args:
        model: a .onnx file of opset 15 or later, whose inputs and outputs have a first axis of 1 or an open one.

    Raises:
        ModelError: the bytes are no such file.
    """
    try:
        top = decode(model)
        graph = only(top, MODEL_GRAPH)
        return encode(swap(top, {MODEL_GRAPH: lambda _: encode(_opened(decode(graph)))}))
    except (IndexError, ValueError, UnicodeDecodeError) as error:
        raise ModelError(f"the model cannot be given batches: {error}") from None


def _opened(graph: list[Field]) -> list[Field]:
    constants = _constants(graph)
    fixed = {_tensor_name(as_bytes(value)) for number, _, value in graph if number == GRAPH_INITIALIZER}
    fields: list[Field] = []
    for number, kind, value in graph:
        if number == GRAPH_VALUE_INFO:  # shapes in between, which are worked out again
            continue
        if number == GRAPH_NODE:
            fields += _for_any_batch(decode(as_bytes(value)), constants)
            continue
        if number == GRAPH_OUTPUT or (number == GRAPH_INPUT and value_name(value) not in fixed):
            value = with_dims(as_bytes(value), _open_first(value_name(value)))
        fields.append((number, kind, value))
    return fields


def _open_first(name: str) -> Callable[[int, bytes], bytes]:
    def opened(axis: int, dim: bytes) -> bytes:
        sides = [value for number, _, value in decode(dim) if number == DIM_VALUE]
        if axis or not sides:
            return dim
        if sides != [1]:
            raise ValueError(f"{name!r} has a first axis of {sides[0]!r}, not of 1")
        return encode([(DIM_PARAM, _LENGTH, _BATCH)])

    return opened


def _for_any_batch(own: list[Field], constants: Mapping[str, Numbers]) -> list[Field]:
    """The operator, with what it needs before it so that it takes any batch."""
    inputs, kind = texts(own, NODE_INPUT), texts(own, NODE_TYPE)
    place = {"Resize": RESIZE_SIZES, "Reshape": _RESHAPE_SHAPE}.get("".join(kind), len(inputs))
    folded = constants.get(inputs[place]) if place < len(inputs) else None
    if folded is None or folded.size < 2 or folded[0] != 1:
        return [(GRAPH_NODE, _LENGTH, encode(own))]
    name = texts(own, NODE_OUTPUT)[0] + _MARK
    if kind == ["Reshape"]:
        return [whole_numbers(name, np.array([0, *folded[1:]])), _fed(own, place, name)]
    return [
        whole_numbers(f"{name}_rest", folded[1:]),
        node("Shape", [inputs[0]], f"{name}_count", start=0, end=1),
        node("Concat", [f"{name}_count", f"{name}_rest"], name, axis=0),
        _fed(own, place, name),
    ]


def _fed(own: list[Field], place: int, name: str) -> Field:
    """The operator with another value for one of its inputs."""
    at = [index for index, (number, _, _) in enumerate(own) if number == NODE_INPUT][place]
    return GRAPH_NODE, _LENGTH, encode([*own[:at], (NODE_INPUT, _LENGTH, name.encode()), *own[at + 1 :]])


def _constants(graph: list[Field]) -> dict[str, Numbers]:
    """Name -> whole numbers, of constants that have such."""
    found: dict[str, Numbers] = {}
    for number, _, value in graph:
        if number == GRAPH_INITIALIZER:
            tensor = as_bytes(value)
            if (numbers := _whole(tensor)) is not None:
                found[_tensor_name(tensor)] = numbers
        elif number == GRAPH_NODE and texts(own := decode(as_bytes(value)), NODE_TYPE) == ["Constant"]:
            for attribute in (decode(as_bytes(part)) for own_number, _, part in own if own_number == NODE_ATTRIBUTE):
                for tensor in (as_bytes(part) for own_number, _, part in attribute if own_number == ATTRIBUTE_TENSOR):
                    if (numbers := _whole(tensor)) is not None:
                        found[texts(own, NODE_OUTPUT)[0]] = numbers
    return found


_LARGEST = 1024
"""Bytes of a constant that may be a shape; weights are not looked into."""


def _whole(tensor: bytes) -> Numbers | None:
    if len(tensor) > _LARGEST or (TENSOR_TYPE, VARINT, INT64) not in (fields := decode(tensor)):
        return None
    raw = [as_bytes(value) for number, _, value in fields if number == TENSOR_RAW]
    return np.frombuffer(raw[0], "<i8").astype(np.int64) if raw else None


def _tensor_name(tensor: bytes) -> str:
    return "".join(texts(decode(tensor), TENSOR_NAME))
