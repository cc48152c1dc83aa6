"""Numbers of the fields of .onnx files (see onnx.proto) that are edited here, and how one of them is replaced."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

import numpy as np
from numpy.typing import NDArray

from limner.models.protobuf import Field, as_bytes, decode, encode, texts

MODEL_GRAPH = 7
GRAPH_NODE, GRAPH_INITIALIZER, GRAPH_INPUT, GRAPH_OUTPUT, GRAPH_VALUE_INFO = 1, 5, 11, 12, 13
NODE_INPUT, NODE_OUTPUT, NODE_TYPE, NODE_ATTRIBUTE = 1, 2, 4, 5
ATTRIBUTE_NAME, ATTRIBUTE_INT, ATTRIBUTE_TENSOR, ATTRIBUTE_TYPE = 1, 3, 5, 20
TENSOR_DIMS, TENSOR_TYPE, TENSOR_NAME, TENSOR_RAW = 1, 2, 8, 9
DIM_VALUE, DIM_PARAM = 1, 2
INT64 = 7
"""A tensor's data type."""
RESIZE_SIZES = 3
"""Which input of a Resize has the sizes."""
_VALUE_NAME, _VALUE_TYPE, _TYPE_TENSOR, _TENSOR_SHAPE, _SHAPE_DIM = 1, 2, 1, 2, 1
_VARINT, _LENGTH = 0, 2


def swap(fields: Iterable[Field], changes: Mapping[int, Callable[[bytes], bytes]]) -> list[Field]:
    """The fields with those of some numbers changed."""
    return [
        (number, kind, changes[number](value) if number in changes and isinstance(value, bytes) else value)
        for number, kind, value in fields
    ]


def only(fields: Iterable[Field], number: int) -> bytes:
    """The value of a field that is there once; ValueError where it is not."""
    found = [as_bytes(value) for own, _, value in fields if own == number]
    if len(found) != 1:
        raise ValueError("it is not a .onnx model")
    return found[0]


def value_name(value: bytes | int) -> str:
    """The name of an input or output of the graph."""
    return "".join(texts(decode(as_bytes(value)), _VALUE_NAME))


def with_dims(value: bytes, change: Callable[[int, bytes], bytes]) -> bytes:
    """An input or output of the graph with ``change(axis, dimension)`` in place of each dimension of its shape."""
    axis = -1

    def counted(dim: bytes) -> bytes:
        nonlocal axis
        axis += 1
        return change(axis, dim)

    def shape(part: bytes) -> bytes:
        return encode(swap(decode(part), {_SHAPE_DIM: counted}))

    def tensor(part: bytes) -> bytes:
        return encode(swap(decode(part), {_TENSOR_SHAPE: shape}))

    def kind_of(part: bytes) -> bytes:
        return encode(swap(decode(part), {_TYPE_TENSOR: tensor}))

    return encode(swap(decode(value), {_VALUE_TYPE: kind_of}))


def node(kind: str, inputs: Iterable[str], output: str, **attributes: int) -> Field:
    """An operator of the graph with one output; its attributes are whole numbers."""
    fields: list[Field] = [(NODE_INPUT, _LENGTH, name.encode()) for name in inputs]
    fields += [(NODE_OUTPUT, _LENGTH, output.encode()), (NODE_TYPE, _LENGTH, kind.encode())]
    for name, value in attributes.items():
        own: list[Field] = [(ATTRIBUTE_NAME, _LENGTH, name.encode()), (ATTRIBUTE_INT, _VARINT, value)]
        own.append((ATTRIBUTE_TYPE, _VARINT, 2))
        fields.append((NODE_ATTRIBUTE, _LENGTH, encode(own)))
    return GRAPH_NODE, _LENGTH, encode(fields)


def whole_numbers(name: str, values: NDArray[np.int64]) -> Field:
    """A constant of the graph: int64, with one axis."""
    fields: list[Field] = [(TENSOR_DIMS, _VARINT, values.size), (TENSOR_TYPE, _VARINT, INT64)]
    fields += [(TENSOR_NAME, _LENGTH, name.encode()), (TENSOR_RAW, _LENGTH, values.astype("<i8").tobytes())]
    return GRAPH_INITIALIZER, _LENGTH, encode(fields)
