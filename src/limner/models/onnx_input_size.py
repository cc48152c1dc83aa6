"""Gives a .onnx net that was exported at one input size another, without the package onnx.

Such files have the sizes of their enlargements as constants, each followed by a Resize. They are scaled with the input.
Only the few messages around them are decoded (see onnx.proto and the wire format of Protocol Buffers); weights are
copied as they are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np

from limner.errors import ModelError

Field = tuple[int, int, bytes | int]
"""Number, wire type and value of one field of a message: bytes where it has a length, else a whole number."""

_VARINT, _FIXED64, _LENGTH, _FIXED32 = 0, 1, 2, 5
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


def decode(message: bytes) -> list[Field]:
    """The fields of a message, in order; ValueError where it is none."""
    fields: list[Field] = []
    place = 0
    while place < len(message):
        key, place = _varint(message, place)
        number, kind = key >> 3, key & 7
        value: bytes | int
        if kind == _VARINT:
            value, place = _varint(message, place)
        elif kind in (_LENGTH, _FIXED32, _FIXED64):
            size, place = _varint(message, place) if kind == _LENGTH else (4 if kind == _FIXED32 else 8, place)
            value, place = message[place : place + size], place + size
            if place > len(message):
                raise ValueError("it ends in the middle of a field")
        else:
            raise ValueError(f"it has a field of the unknown wire type {kind}")
        fields.append((number, kind, value))
    return fields


def encode(fields: Iterable[Field]) -> bytes:
    """The message of these fields."""
    parts: list[bytes] = []
    for number, kind, value in fields:
        parts.append(_as_varint(number << 3 | kind))
        if isinstance(value, int):
            parts.append(_as_varint(value))
        else:
            parts += [_as_varint(len(value)), value] if kind == _LENGTH else [value]
    return b"".join(parts)


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
            value = _scaled_value(_bytes(value), old, new)
        elif number == _GRAPH_NODE:
            node = decode(_bytes(value))
            if _texts(node, _NODE_TYPE) == ["Constant"] and sizes.intersection(_texts(node, _NODE_OUTPUT)):
                value = encode(_swap(node, {_NODE_ATTRIBUTE: lambda part: _scaled_attribute(part, old, new)}))
        fields.append((number, kind, value))
    if not any(number == _GRAPH_OUTPUT for number, _, _ in fields):
        raise ValueError(f"it has no output {output!r}")
    return encode(fields)


def _size_names(graph: list[Field]) -> set[str]:
    """Names of the values that Resize nodes take as sizes, and of those that these are joined from."""
    nodes = [decode(_bytes(value)) for number, _, value in graph if number == _GRAPH_NODE]
    sizes = {
        inputs[_RESIZE_SIZES]
        for node in nodes
        if _texts(node, _NODE_TYPE) == ["Resize"] and len(inputs := _texts(node, _NODE_INPUT)) > _RESIZE_SIZES
    }
    for node in nodes:
        if _texts(node, _NODE_TYPE) == ["Concat"] and sizes.intersection(_texts(node, _NODE_OUTPUT)):
            sizes.update(_texts(node, _NODE_INPUT))
    return sizes


def _scaled_attribute(attribute: bytes, old: int, new: int) -> bytes:
    return encode(_swap(decode(attribute), {_ATTRIBUTE_TENSOR: lambda tensor: _scaled_tensor(tensor, old, new)}))


def _scaled_tensor(tensor: bytes, old: int, new: int) -> bytes:
    fields = decode(tensor)
    if (_TENSOR_TYPE, _VARINT, _INT64) not in fields:
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
    found = [_bytes(value) for own, _, value in fields if own == number]
    if len(found) != 1:
        raise ValueError("it is not a .onnx model")
    return found[0]


def _texts(fields: list[Field], number: int) -> list[str]:
    return [_bytes(value).decode() for own, _, value in fields if own == number]


def _name(value: bytes | int) -> str:
    return "".join(_texts(decode(_bytes(value)), _VALUE_NAME))


def _bytes(value: bytes | int) -> bytes:
    if isinstance(value, int):
        raise ValueError("it is not a .onnx model")
    return value


def _varint(message: bytes, place: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = message[place]
        place += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, place
        shift += 7


def _as_varint(value: int) -> bytes:
    parts = bytearray()
    while value > 0x7F:
        parts.append(value & 0x7F | 0x80)
        value >>= 7
    parts.append(value)
    return bytes(parts)
