"""Finds Resize operators that OpenVINO computes otherwise than ONNX says, without a word (seen up to 2026.4.1)."""

from __future__ import annotations

from collections.abc import Iterator

from limner.models.protobuf import Field, as_bytes, decode, texts

_MODEL_GRAPH, _MODEL_FUNCTION = 7, 25
_GRAPH_NODE, _FUNCTION_NODE = 1, 7
_NODE_OUTPUT, _NODE_NAME, _NODE_TYPE, _NODE_ATTRIBUTE = 2, 3, 4, 5
_ATTRIBUTE_NAME, _ATTRIBUTE_INT, _ATTRIBUTE_TEXT, _ATTRIBUTE_GRAPH, _ATTRIBUTE_GRAPHS = 1, 3, 4, 6, 11
_FLAGS = ("antialias", "exclude_outside")
_POLICY, _USUAL_POLICY = "keep_aspect_ratio_policy", "stretch"


def ignored(model: bytes) -> list[str]:
    """What OpenVINO would ignore, such as "antialias of Resize 'up_2'"; empty where it computes what the file says.

    Args:
        model: a .onnx file. Of bytes that are none nothing is said.
    """
    found = []
    try:
        for node in _nodes(decode(model)):
            if texts(node, _NODE_TYPE) == ["Resize"]:
                name = "".join(texts(node, _NODE_NAME) or texts(node, _NODE_OUTPUT)[:1])
                found += [f"{attribute} of Resize {name!r}" for attribute in _ignored_attributes(node)]
    except (ValueError, IndexError):  # OpenVINO itself will say what is wrong
        return []
    return found


def _nodes(model: list[Field]) -> Iterator[list[Field]]:
    """All nodes, those of functions and of branches and loops too."""
    waiting = [(_GRAPH_NODE, as_bytes(value)) for number, _, value in model if number == _MODEL_GRAPH]
    waiting += [(_FUNCTION_NODE, as_bytes(value)) for number, _, value in model if number == _MODEL_FUNCTION]
    while waiting:
        kind, body = waiting.pop()
        for number, _, value in decode(body):
            if number != kind:
                continue
            node = decode(as_bytes(value))
            yield node
            for attribute in _attributes(node):
                inner = (_ATTRIBUTE_GRAPH, _ATTRIBUTE_GRAPHS)
                waiting += [(_GRAPH_NODE, as_bytes(part)) for own, _, part in attribute if own in inner]


def _attributes(node: list[Field]) -> list[list[Field]]:
    return [decode(as_bytes(value)) for number, _, value in node if number == _NODE_ATTRIBUTE]


def _ignored_attributes(node: list[Field]) -> list[str]:
    found = []
    for attribute in _attributes(node):
        name = "".join(texts(attribute, _ATTRIBUTE_NAME))
        flag = any(number == _ATTRIBUTE_INT and value for number, _, value in attribute)
        policy = "".join(texts(attribute, _ATTRIBUTE_TEXT)) if name == _POLICY else _USUAL_POLICY
        if (name in _FLAGS and flag) or policy != _USUAL_POLICY:
            found.append(name)
    return found
