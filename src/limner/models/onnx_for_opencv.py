"""Rewrites .onnx graphs so that OpenCV computes what they say (seen in 4.14.0 and 5.0.0, see findings/)."""

from __future__ import annotations

import struct
from collections.abc import Iterator

from limner.models.onnx_fields import (
    ATTRIBUTE_NAME,
    GRAPH_NODE,
    MODEL_GRAPH,
    NODE_ATTRIBUTE,
    NODE_INPUT,
    NODE_OUTPUT,
    NODE_TYPE,
    node,
    only,
    swap,
)
from limner.models.protobuf import Field, as_bytes, decode, encode, texts

_ATTRIBUTE_FLOAT = 2
_USUAL_BETA = 0.5
_POOLS = ("GlobalAveragePool", "GlobalMaxPool", "ReduceMean")
_KEEP_SIZE = ("BatchNormalization", "Cast", "Clip", "HardSigmoid", "HardSwish", "LeakyRelu", "Relu", "Sigmoid")


def for_opencv(model: bytes) -> bytes:
    """The same function in operators that OpenCV does not mistake for others.

    A gate, Mul(HardSigmoid(c), s), is taken for HardSwish(c) where both of HardSigmoid's numbers are written down, so
    the one that has its usual value is left out. Add(k, Conv(pooled)) fails in 5.0.0, which folds it into the
    convolution: it becomes a Sub of a Neg.

    Args:
        model: a .onnx file.

    Raises:
        ValueError: it is none.
    """
    return encode(swap(decode(model), {MODEL_GRAPH: _graph}))


def _graph(body: bytes) -> bytes:
    fields = decode(body)
    nodes = [decode(as_bytes(value)) for number, _, value in fields if number == GRAPH_NODE]
    made = {name: one for one in nodes for name in texts(one, NODE_OUTPUT)}
    changed: list[Field] = []
    for number, kind, value in fields:
        if number == GRAPH_NODE:
            changed += _rewritten(decode(as_bytes(value)), made)
        else:
            changed.append((number, kind, value))
    return encode(changed)


def _rewritten(one: list[Field], made: dict[str, list[Field]]) -> Iterator[Field]:
    kind = texts(one, NODE_TYPE)
    if kind == ["HardSigmoid"]:
        yield _as_field([field for field in one if not _is_usual_beta(field)])
        return
    pooled = [name for name in texts(one, NODE_INPUT) if _is_pooled_convolution(name, made)] if kind == ["Add"] else []
    if len(pooled) != 1:
        yield _as_field(one)
        return
    (other,) = (name for name in texts(one, NODE_INPUT) if name != pooled[0])
    negative = f"{pooled[0]}.negative"
    yield node("Neg", [pooled[0]], negative)
    yield node("Sub", [other, negative], only(one, NODE_OUTPUT).decode())


def _as_field(one: list[Field]) -> Field:
    return GRAPH_NODE, 2, encode(one)


def _is_usual_beta(field: Field) -> bool:
    number, _, value = field
    if number != NODE_ATTRIBUTE:
        return False
    attribute = decode(as_bytes(value))
    numbers = [as_bytes(raw) for own, _, raw in attribute if own == _ATTRIBUTE_FLOAT]
    return texts(attribute, ATTRIBUTE_NAME) == ["beta"] and numbers == [struct.pack("<f", _USUAL_BETA)]


def _is_pooled_convolution(name: str, made: dict[str, list[Field]]) -> bool:
    one = made.get(name)
    return one is not None and texts(one, NODE_TYPE) == ["Conv"] and _is_pooled(texts(one, NODE_INPUT)[0], made)


def _is_pooled(name: str, made: dict[str, list[Field]]) -> bool:
    """Whether a value has one number for each channel, as far as the operators that made it tell."""
    while (one := made.get(name)) is not None:
        (kind,) = texts(one, NODE_TYPE) or [""]
        if kind in _POOLS:
            return True
        if kind not in (*_KEEP_SIZE, "Conv"):
            return False
        name = texts(one, NODE_INPUT)[0]
    return False
