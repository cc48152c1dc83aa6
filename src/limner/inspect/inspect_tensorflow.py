"""Takes models of TensorFlow apart without TensorFlow: frozen graphs (.pb) and SavedModels."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from limner.errors import ModelError
from limner.inspect.graph_def import End, Node, TensorflowGraph, is_saved_model, read_graph_def, read_saved_model
from limner.inspect.report import Inspection, TensorReport, made_value, maker

FROZEN, SAVED, SAVED_FILE = "a frozen TensorFlow graph", "a TensorFlow SavedModel", "saved_model.pb"
DEFAULT_SIGNATURE = "serving_default"
_INTERNAL = "__"
"""How signatures begin that are TensorFlow's own."""
_PLACEHOLDERS = ("Placeholder", "PlaceholderWithDefault")
_NO_WORK = ("Const", "NoOp", "VarHandleOp", *_PLACEHOLDERS)
"""Kinds that compute nothing."""
_NO_RESULT = ("Const", "NoOp", "Assert", "SaveV2", "RestoreV2", "MergeV2Checkpoints", "AssignVariableOp", "VarHandleOp")
"""Kinds whose results nobody wants."""


def inspect_graph(path: Path, data: bytes) -> Inspection:
    """Of a .pb file: a frozen graph, or the file of a SavedModel."""
    if is_saved_model(data):
        return inspect_saved_model(path.parent if path.name == SAVED_FILE else path, data)
    graph = _read(path, data, saved=False)
    inputs, outputs = graph_ends(graph.nodes)
    makers = _makers(graph.nodes)
    return _inspection(
        path,
        FROZEN,
        len(data),
        graph,
        inputs=tuple(_report(node.name, node.dtype, node.shape) for node in inputs),
        outputs=tuple(_report(node.name, _dtype(node, graph.nodes), node.shape) for node in outputs),
        output_operators={node.name: maker(node.name, makers) for node in outputs},
    )


def inspect_saved_model(folder: Path, data: bytes) -> Inspection:
    """Of the bytes of its saved_model.pb; ``folder`` is what the report names."""
    graph = _read(folder, data, saved=True)
    name = default_signature(graph)
    inputs, outputs = graph.signatures.get(name, ((), ()))
    if not inputs or not outputs:
        raise ModelError(f"{folder}: is a SavedModel without a signature: nobody said what goes in and what comes out")
    others = [other for other in graph.signatures if other != name and not other.startswith(_INTERNAL)]
    facts = {"signature": name, "tags": ", ".join(graph.tags)}
    if others:
        facts["other signatures"] = ", ".join(others)
    facts |= {f"tensor of {end.name}": end.tensor for end in (*inputs, *outputs)}
    size = sum(file.stat().st_size for file in folder.rglob("*") if file.is_file()) if folder.is_dir() else len(data)
    return _inspection(
        folder,
        SAVED,
        size,
        graph,
        metadata=facts,
        inputs=tuple(_report(end.name, end.dtype, end.shape) for end in inputs),
        outputs=tuple(_report(end.name, end.dtype, end.shape) for end in outputs),
        output_operators={end.name: _end_maker(end, graph) for end in outputs},
        results=[end.tensor.partition(":")[0] for end in outputs],
    )


def default_signature(graph: TensorflowGraph) -> str:
    """The signature that is run where nobody names one; "" where there is none."""
    names = [name for name in graph.signatures if not name.startswith(_INTERNAL)]
    return DEFAULT_SIGNATURE if DEFAULT_SIGNATURE in names else next(iter(names), "")


def graph_ends(nodes: Iterable[Node]) -> tuple[list[Node], list[Node]]:
    """What goes into a graph and what comes out of it: placeholders, and nodes whose result no other takes."""
    nodes = list(nodes)
    taken = {name for node in nodes for name in node.inputs}
    inputs = [node for node in nodes if node.kind in _PLACEHOLDERS]
    outputs = [node for node in nodes if node.name not in taken and node.kind not in (*_NO_RESULT, *_PLACEHOLDERS)]
    return inputs, outputs


def _read(path: Path, data: bytes, *, saved: bool) -> TensorflowGraph:
    try:
        graph = read_saved_model(data) if saved else read_graph_def(data)
    except (ValueError, IndexError):  # UnicodeDecodeError is a ValueError
        raise ModelError(f"{path}: is not {SAVED if saved else FROZEN}, or is damaged") from None
    if not graph.nodes or any(not node.kind for node in graph.nodes):
        raise ModelError(f"{path}: is not {SAVED if saved else FROZEN}: it has no operators")
    if not saved and not all(graph_ends(graph.nodes)):
        raise ModelError(
            f"{path}: is a TensorFlow graph without inputs or outputs: it has no placeholders, or no results"
        )
    return graph


def _inspection(
    path: Path,
    kind: str,
    size: int,
    graph: TensorflowGraph,
    *,
    inputs: tuple[TensorReport, ...],
    outputs: tuple[TensorReport, ...],
    output_operators: dict[str, str],
    metadata: dict[str, str] | None = None,
    results: Iterable[str] = (),
) -> Inspection:
    used = list(graph.used(results))
    stored = ("Const", "VarHandleOp")
    return Inspection(
        file=str(path),
        format=kind,
        bytes=size,
        version=f"TensorFlow {graph.version or 'of an unknown version'}",
        producer="TensorFlow",
        metadata=metadata or {},
        inputs=inputs,
        outputs=outputs,
        operators=dict(Counter(node.kind for node in used if node.kind not in _NO_WORK).most_common()),
        parameters=sum(node.size for node in used if node.kind in stored),
        macs=None,
        output_operators=output_operators,
    )


def _report(name: str, dtype: str, shape: tuple[int | None, ...] | None) -> TensorReport:
    return TensorReport(name, shape if shape is not None else (), dtype or "unknown")


def _makers(nodes: Iterable[Node]) -> dict[str, tuple[str, str]]:
    return {node.name: (node.kind, node.inputs[0] if node.inputs else "") for node in nodes}


def _dtype(node: Node, nodes: Iterable[Node]) -> str:
    if node.kind == "ArgMax":
        return "int64"
    return node.dtype or next((other.dtype for other in nodes if other.name in node.inputs[:1]), "")


def _end_maker(end: End, graph: TensorflowGraph) -> str:
    """The kind of operator behind an output of a signature, looking into the functions that it calls."""
    tensor, nodes = end.tensor, graph.nodes
    for _ in range(len(graph.functions) + 1):
        name, _, place = tensor.partition(":")
        makers = _makers(nodes)
        made = made_value(name, makers)
        if made is None:
            return ""
        called = next((node.functions[0] for node in nodes if node.name == made and node.functions), "")
        if called not in graph.functions:
            return makers[made][0]
        function = graph.functions[called]
        number = int(place) if made == name and place.isdecimal() else 0
        if number >= len(function.results):
            return ""
        tensor, nodes = function.results[number], function.nodes
    return ""
