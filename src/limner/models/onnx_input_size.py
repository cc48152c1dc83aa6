"""Gives a .onnx net that was exported at one input size another, without the package onnx.

Such files have the sizes of their enlargements as constants, each followed by a Resize. They are scaled with the input.
Only the few messages around them are decoded (see onnx.proto); weights are copied as they are.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from limner.errors import ModelError
from limner.models.onnx_fields import (
    ATTRIBUTE_TENSOR,
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
    only,
    swap,
    value_name,
    with_dims,
)
from limner.models.protobuf import VARINT, Field, as_bytes, decode, encode, texts
from limner.proportions import proportioned

_LARGEST = 1 << 20
"""Pixels of a side at most."""
_LEVELS = 8
"""How often the input is halved at most."""


Size = tuple[int, int]
"""Height and width in pixels."""


def with_input_size(model: bytes, *, old: Size, new: Size, output: str | None = None) -> bytes:
    """The same net for an input of another size.

    A graph may hold a second net that sees the picture at a square size of its own (``quality`` does): the enlargements
    that are no input size halved again and again are that one's, and get the proportions of the new input.

    Args:
        model: a .onnx file whose inputs are all (1, C, *old); its weights are in the file.
        old, new: (height, width) of the input.
        output: the only output that is kept; None keeps them all. They are scaled with the input.

    Raises:
        ModelError: the bytes are no such file, or one of its enlargements does not scale to whole pixels.
    """
    try:
        top = decode(model)
        graph = only(top, MODEL_GRAPH)
        return encode(swap(top, {MODEL_GRAPH: lambda _: _scaled_graph(decode(graph), old, new, output)}))
    except (IndexError, ValueError, UnicodeDecodeError) as error:
        size = f"{new[1]}x{new[0]}"
        raise ModelError(f"the model cannot be given the input size {size}: {error}") from None


def _scaled_graph(graph: list[Field], old: Size, new: Size, output: str | None) -> bytes:
    """Without the outputs that are not kept and without the shapes in between, which ONNX works out again."""
    names = _size_names(graph)
    scale = _Scale(old, new, list(_sizes(graph, names)))
    fields: list[Field] = []
    for number, kind, value in graph:
        if number == GRAPH_VALUE_INFO:
            continue
        if number == GRAPH_OUTPUT and output is not None and value_name(value) != output:
            continue
        if number in (GRAPH_INPUT, GRAPH_OUTPUT):
            value = with_dims(as_bytes(value), scale.dimension)
        elif number == GRAPH_INITIALIZER and names.intersection(texts(decode(as_bytes(value)), TENSOR_NAME)):
            value = scale.tensor(as_bytes(value))
        elif number == GRAPH_NODE:
            node = decode(as_bytes(value))
            if _gives_size(node, names):
                value = encode(swap(node, {NODE_ATTRIBUTE: scale.attribute}))
        fields.append((number, kind, value))
    if output is not None and not any(number == GRAPH_OUTPUT for number, _, _ in fields):
        raise ValueError(f"it has no output {output!r}")
    return encode(fields)


def _size_names(graph: list[Field]) -> set[str]:
    """Names of the values that Resize nodes take as sizes, and of those that these are joined from."""
    nodes = [decode(as_bytes(value)) for number, _, value in graph if number == GRAPH_NODE]
    sizes = {
        inputs[RESIZE_SIZES]
        for node in nodes
        if texts(node, NODE_TYPE) == ["Resize"] and len(inputs := texts(node, NODE_INPUT)) > RESIZE_SIZES
    }
    for node in nodes:
        if texts(node, NODE_TYPE) == ["Concat"] and sizes.intersection(texts(node, NODE_OUTPUT)):
            sizes.update(texts(node, NODE_INPUT))
    return sizes


def _gives_size(node: list[Field], names: set[str]) -> bool:
    return texts(node, NODE_TYPE) == ["Constant"] and bool(names.intersection(texts(node, NODE_OUTPUT)))


def _sizes(graph: list[Field], names: set[str]) -> Iterator[Size]:
    """Every size that an enlargement of the graph has as a constant."""
    for number, _, value in graph:
        if number == GRAPH_INITIALIZER and names.intersection(texts(fields := decode(as_bytes(value)), TENSOR_NAME)):
            yield _size(_numbers(fields))
        elif number == GRAPH_NODE and _gives_size(node := decode(as_bytes(value)), names):
            for attribute in (decode(as_bytes(part)) for own, _, part in node if own == NODE_ATTRIBUTE):
                for tensor in (as_bytes(part) for own, _, part in attribute if own == ATTRIBUTE_TENSOR):
                    yield _size(_numbers(decode(tensor)))


def _numbers(tensor: list[Field]) -> NDArray[np.int64]:
    if (TENSOR_TYPE, VARINT, INT64) not in tensor:
        raise ValueError("the size of an enlargement is not int64")
    raw = [as_bytes(value) for number, _, value in tensor if number == TENSOR_RAW]
    return np.frombuffer(raw[0], "<i8").astype(np.int64)


def _size(numbers: NDArray[np.int64]) -> Size:
    """Height and width, which come last: alone, or after batch and channels."""
    if len(numbers) not in (2, 4):
        raise ValueError(f"the size of an enlargement has {len(numbers)} numbers")
    if not all(1 <= side <= _LARGEST for side in numbers[-2:]):
        raise ValueError("the size of an enlargement is none")
    return int(numbers[-2]), int(numbers[-1])


class _Scale:
    """From sizes in the graph as it is to those of another input."""

    def __init__(self, old: Size, new: Size, sizes: Sequence[Size]) -> None:
        self._factors = (Fraction(new[0], old[0]), Fraction(new[1], old[1]))
        halves = [(old[0] >> level, old[1] >> level) for level in range(_LEVELS)]
        others = [size for size in sizes if size not in halves]
        square = old[0] == old[1] and all(size[0] == size[1] for size in others)
        self._inner = max((size[0] for size in others), default=0) if square and old != new else 0
        self._inner_new = proportioned(self._inner, new) if self._inner else new
        self._halves = halves

    def of(self, size: Size) -> Size:
        """What a size becomes."""
        if self._inner and size not in self._halves and not self._inner % size[0]:
            factors = [Fraction(side, self._inner) for side in self._inner_new]
        else:
            factors = list(self._factors)
        scaled = [side * factor for side, factor in zip(size, factors, strict=True)]
        if any(side.denominator != 1 for side in scaled):
            whole = "x".join(str(side) for side in reversed(size))
            raise ValueError(f"an enlargement to {whole} has no whole size there")
        return int(scaled[0]), int(scaled[1])

    def dimension(self, axis: int, dim: bytes) -> bytes:
        """A dimension of an input or output: batch and channels stay."""
        if axis < 2:
            return dim
        factor = self._factors[axis - 2]

        def scaled(side: int) -> int:
            if (side * factor).denominator != 1:
                raise ValueError(f"an output of {side} pixels has no whole size there")
            return int(side * factor)

        return encode(
            (number, kind, scaled(side) if number == DIM_VALUE and isinstance(side, int) else side)
            for number, kind, side in decode(dim)
        )

    def attribute(self, attribute: bytes) -> bytes:
        """The value of a constant."""
        return encode(swap(decode(attribute), {ATTRIBUTE_TENSOR: self.tensor}))

    def tensor(self, tensor: bytes) -> bytes:
        """The size in a tensor."""
        fields = decode(tensor)
        numbers = _numbers(fields)
        numbers[-2:] = self.of(_size(numbers))
        return encode(swap(fields, {TENSOR_RAW: lambda _: numbers.astype("<i8").tobytes()}))
