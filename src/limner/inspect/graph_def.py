"""TensorFlow's graphs, read from their Protocol Buffers without TensorFlow: nodes, functions, signatures.

Numbers of fields are those of TensorFlow's graph.proto, node_def.proto, attr_value.proto, tensor.proto,
tensor_shape.proto, function.proto, meta_graph.proto and saved_model.proto. The wire format is read by
``limner.models.protobuf``: the package protobuf would need TensorFlow's generated classes, which come with it alone.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from limner.models.protobuf import Field, as_bytes, decode

Shape = tuple[int | None, ...] | None
"""None where the number of axes is not known."""

TYPES = {
    **{1: "float32", 2: "float64", 3: "int32", 4: "uint8", 5: "int16", 6: "int8", 7: "string", 9: "int64", 10: "bool"},
    **{14: "bfloat16", 17: "uint16", 19: "float16", 20: "resource", 22: "uint32", 23: "uint64"},
}
"""Number of a DataType -> what numpy calls it."""


@dataclass(frozen=True, slots=True)
class Node:
    """One operator.

    Attributes:
        name: of it, and of its first result.
        kind: type of operator.
        inputs: names of nodes, without the number of the result, and without those that only have to run first.
        dtype: "dtype" or "T" of its attributes; "" where it has neither.
        shape: "shape" of its attributes, that of a constant's values, or of its first result where the file has it.
        functions: names of the functions that it calls.
    """

    name: str
    kind: str
    inputs: tuple[str, ...] = ()
    dtype: str = ""
    shape: Shape = None
    functions: tuple[str, ...] = ()

    @property
    def size(self) -> int:
        """Numbers in its shape; 0 where that is open, and for single ones."""
        if not self.shape or None in self.shape:
            return 0
        return math.prod(size for size in self.shape if size is not None)


@dataclass(frozen=True, slots=True)
class Function:
    """The nodes of a function's body, and the names of those whose results it gives, in their order."""

    nodes: tuple[Node, ...]
    results: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class End:
    """An input or output of a signature: the name that users see, the tensor's, its type and shape."""

    name: str
    tensor: str
    dtype: str
    shape: Shape


@dataclass(frozen=True, slots=True)
class TensorflowGraph:
    """A graph with its functions.

    Attributes:
        nodes: of the graph itself.
        functions: by name.
        signatures: name -> (inputs, outputs), of a SavedModel.
        version: of TensorFlow that wrote it; "" where it does not say.
        tags: of a SavedModel.
    """

    nodes: tuple[Node, ...]
    functions: Mapping[str, Function] = field(default_factory=dict)
    signatures: Mapping[str, tuple[tuple[End, ...], tuple[End, ...]]] = field(default_factory=dict)
    version: str = ""
    tags: tuple[str, ...] = ()

    def used(self, results: Iterable[str] = ()) -> Iterator[Node]:
        """The nodes behind ``results`` (all where there are none) and those of the functions that they call, directly
        or by others; each function once."""
        seen: set[str] = set()
        waiting = [self._behind(results) if results else self.nodes]
        while waiting:
            for node in waiting.pop():
                yield node
                for name in node.functions:
                    if name not in seen and name in self.functions:
                        seen.add(name)
                        waiting.append(self.functions[name].nodes)

    def _behind(self, results: Iterable[str]) -> tuple[Node, ...]:
        named = {node.name: node for node in self.nodes}
        found: dict[str, Node] = {}
        waiting = list(results)
        while waiting:
            name = waiting.pop()
            if name in named and name not in found:
                found[name] = named[name]
                waiting += named[name].inputs
        return tuple(found.values())


def read_graph_def(data: bytes) -> TensorflowGraph:
    """Of the bytes of a GraphDef; ValueError or IndexError where they are none."""
    fields = decode(data)
    nodes = tuple(_node(value) for value in _all(fields, 1))
    functions = {}
    for library in _all(fields, 2):
        for body in _all(decode(library), 1):
            parts = decode(body)
            head, given = decode(_first(parts, 1)), dict(_pair(entry) for entry in _all(parts, 4))
            outputs = [_text(decode(value), 1) for value in _all(head, 3)]
            results = tuple(given.get(name, b"").decode().partition(":")[0] for name in outputs)
            functions[_text(head, 1)] = Function(tuple(_node(value) for value in _all(parts, 3)), results)
    return TensorflowGraph(nodes, functions)


def read_saved_model(data: bytes) -> TensorflowGraph:
    """Of the bytes of a saved_model.pb: its first graph; ValueError or IndexError where they are none."""
    graph = decode(_first(decode(data), 2))
    about = decode(_first(graph, 1))
    signatures = {}
    for entry in _all(graph, 5):
        name, value = _pair(entry)
        parts = decode(value)
        signatures[name] = (tuple(map(_end, _all(parts, 1))), tuple(map(_end, _all(parts, 2))))
    found = read_graph_def(_first(graph, 2))
    tags = tuple(value.decode() for value in _all(about, 4))
    return TensorflowGraph(found.nodes, found.functions, signatures, _text(about, 5), tags)


def is_saved_model(data: bytes) -> bool:
    """Whether the bytes begin as a SavedModel does, with its version, and not as a GraphDef, with a node."""
    return data[:1] == b"\x08"


def _node(data: bytes) -> Node:
    fields = decode(data)
    attributes = dict(_pair(entry) for entry in _all(fields, 5))
    inputs = [value.decode() for value in _all(fields, 3)]
    kind = _number(attributes, "dtype") or _number(attributes, "T")
    functions = [
        _text(decode(_first(parts, 10)), 1)
        for parts in map(decode, attributes.values())
        if any(f[0] == 10 for f in parts)
    ]
    return Node(
        name=_text(fields, 1),
        kind=_text(fields, 2),
        inputs=tuple(name.partition(":")[0] for name in inputs if not name.startswith("^")),
        dtype=TYPES.get(kind, "unknown") if kind else "",
        shape=_attribute_shape(attributes),
        functions=tuple(functions),
    )


def _attribute_shape(attributes: Mapping[str, bytes]) -> Shape:
    """Of the attribute "shape", of the constant "value", or the first of "_output_shapes"."""
    for name, number in (("shape", 7), ("value", 8), ("_output_shapes", 1)):
        if name not in attributes:
            continue
        for part in _all(decode(attributes[name]), number):
            if name == "value":
                return _shape(next(_all(decode(part), 2), b""))
            if name == "_output_shapes":
                part = next(_all(decode(part), 7), b"\x18\x01")
            return _shape(part)
    return None


def _shape(data: bytes) -> Shape:
    fields = decode(data)
    if any(number == 3 and value for number, _, value in fields):
        return None
    sizes: list[int | None] = []
    for dim in _all(fields, 2):
        size = next((value for number, _, value in decode(dim) if number == 1), 0)
        known = isinstance(size, int) and size < 1 << 63  # -1, an open size, is the largest of them
        sizes.append(size if known and isinstance(size, int) else None)
    return tuple(sizes)


def _end(entry: bytes) -> End:
    name, value = _pair(entry)
    fields = decode(value)
    kind = next((number for field_, _, number in fields if field_ == 2 and isinstance(number, int)), 0)
    shape = next(_all(fields, 3), None)
    return End(name, _text(fields, 1), TYPES.get(kind, "unknown"), None if shape is None else _shape(shape))


def _number(attributes: Mapping[str, bytes], name: str) -> int:
    """The type that an attribute names; 0 where there is none."""
    fields = decode(attributes.get(name, b""))
    return next((value for number, _, value in fields if number == 6 and isinstance(value, int)), 0)


def _pair(entry: bytes) -> tuple[str, bytes]:
    """Key and value of an entry of a map."""
    fields = decode(entry)
    return _text(fields, 1), next(_all(fields, 2), b"")


def _all(fields: list[Field], number: int) -> Iterator[bytes]:
    return (as_bytes(value) for own, _, value in fields if own == number)


def _first(fields: list[Field], number: int) -> bytes:
    found = next(_all(fields, number), None)
    if found is None:
        raise ValueError(f"it has no field {number}")
    return found


def _text(fields: list[Field], number: int) -> str:
    return next(_all(fields, number), b"").decode()
