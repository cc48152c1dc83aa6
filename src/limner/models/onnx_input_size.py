"""Gives a .onnx net that was exported at one input size another, without the package onnx.

Such files have the sizes of their enlargements as constants, each followed by a Resize. They are scaled with the input.
Only the few messages around them are decoded (see onnx.proto); weights are copied as they are.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from limner.errors import ModelError
from limner.models.protobuf import VARINT, Field, as_bytes, decode, encode, texts

_MODEL_GRAPH = 7
_GRAPH_NODE, _GRAPH_INPUT, _GRAPH_OUTPUT, _GRAPH_VALUE_INFO = 1, 11, 12, 13
_NODE_INPUT, _NODE_OUTPUT, _NODE_TYPE, _NODE_ATTRIBUTE = 1, 2, 4, 5
_ATTRIBUTE_TENSOR = 5
_TENSOR_TYPE, _TENSOR_RAW = 2, 9
_VALUE_NAME, _VALUE_TYPE, _TYPE_TENSOR, _TENSOR_SHAPE, _SHAPE_DIM, _DIM_VALUE = 1, 2, 1, 2, 1, 1
_INT64 = 7
_RESIZE_SIZES = 3  # its fourth input


def with_input_size(model: bytes, *, old: int, new: int, output: str) -> bytes:
    """The same net for another square input.

    Args:
        model: a .onnx file with one input, (1, C, old, old).
        old, new: pixels of a side.
        output: the only output that is kept; it is scaled with the input.

    Raises:
        ModelError: the bytes are no such file, or one of its enlargements does not scale to whole pixels.
    """
    try:
        top = decode(model)
        graph = _only(top, _MODEL_GRAPH)
        return encode(_swap(top, {_MODEL_GRAPH: lambda _: _scaled_graph(decode(graph), old, new, output)}))
    except (IndexError, ValueError, UnicodeDecodeError) as error:
        raise ModelError(f"the model cannot be given the input size {new}: {error}") from None


def _scaled_graph(graph: list[Field], old: int, new: int, output: str) -> bytes:
    """Without the outputs that are not kept and without the shapes in between, which ONNX works out again."""
    sizes = _size_names(graph)
    fields: list[Field] = []
    for number, kind, value in graph:
        if number == _GRAPH_VALUE_INFO:
            continue
        if number == _GRAPH_OUTPUT and _name(value) != output:
            continue
        if number in (_GRAPH_INPUT, _GRAPH_OUTPUT):
            value = _scaled_value(as_bytes(value), old, new)
        elif number == _GRAPH_NODE:
            node = decode(as_bytes(value))
            if texts(node, _NODE_TYPE) == ["Constant"] and sizes.intersection(texts(node, _NODE_OUTPUT)):
                value = encode(_swap(node, {_NODE_ATTRIBUTE: lambda part: _scaled_attribute(part, old, new)}))
        fields.append((number, kind, value))
    if not any(number == _GRAPH_OUTPUT for number, _, _ in fields):
        raise ValueError(f"it has no output {output!r}")
    return encode(fields)


def _size_names(graph: list[Field]) -> set[str]:
    """Names of the values that Resize nodes take as sizes, and of those that these are joined from."""
    nodes = [decode(as_bytes(value)) for number, _, value in graph if number == _GRAPH_NODE]
    sizes = {
        inputs[_RESIZE_SIZES]
        for node in nodes
        if texts(node, _NODE_TYPE) == ["Resize"] and len(inputs := texts(node, _NODE_INPUT)) > _RESIZE_SIZES
    }
    for node in nodes:
        if texts(node, _NODE_TYPE) == ["Concat"] and sizes.intersection(texts(node, _NODE_OUTPUT)):
            sizes.update(texts(node, _NODE_INPUT))
    return sizes


def _scaled_attribute(attribute: bytes, old: int, new: int) -> bytes:
    return encode(_swap(decode(attribute), {_ATTRIBUTE_TENSOR: lambda tensor: _scaled_tensor(tensor, old, new)}))


def _scaled_tensor(tensor: bytes, old: int, new: int) -> bytes:
    fields = decode(tensor)
    if (_TENSOR_TYPE, VARINT, _INT64) not in fields:
        raise ValueError("the size of an enlargement is not int64")

    def scaled(raw: bytes) -> bytes:
        sides = np.frombuffer(raw, "<i8") * new
        if (sides % old).any():
            raise ValueError(f"an enlargement to {(sides // new).tolist()} of {old} has no whole size at {new}")
        return (sides // old).astype("<i8").tobytes()

    return encode(_swap(fields, {_TENSOR_RAW: scaled}))


def _scaled_value(value: bytes, old: int, new: int) -> bytes:
    """An input or output with its height and width scaled; batch and channels stay."""
    axis = 0

    def scaled_axis(dim: bytes) -> bytes:
        nonlocal axis
        axis += 1
        if axis <= 2:
            return dim
        return encode(
            (number, kind, side * new // old if number == _DIM_VALUE and isinstance(side, int) else side)
            for number, kind, side in decode(dim)
        )

    def shape(part: bytes) -> bytes:
        return encode(_swap(decode(part), {_SHAPE_DIM: scaled_axis}))

    def tensor(part: bytes) -> bytes:
        return encode(_swap(decode(part), {_TENSOR_SHAPE: shape}))

    def kind_of(part: bytes) -> bytes:
        return encode(_swap(decode(part), {_TYPE_TENSOR: tensor}))

    return encode(_swap(decode(value), {_VALUE_TYPE: kind_of}))


def _swap(fields: list[Field], changes: dict[int, Callable[[bytes], bytes]]) -> list[Field]:
    return [
        (number, kind, changes[number](value) if number in changes and isinstance(value, bytes) else value)
        for number, kind, value in fields
    ]


def _only(fields: list[Field], number: int) -> bytes:
    found = [as_bytes(value) for own, _, value in fields if own == number]
    if len(found) != 1:
        raise ValueError("it is not a .onnx model")
    return found[0]


def _name(value: bytes | int) -> str:
    return "".join(texts(decode(as_bytes(value)), _VALUE_NAME))
