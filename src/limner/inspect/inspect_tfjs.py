"""Takes models of TensorFlow.js apart: a model.json, of a graph or of Keras's layers, with its list of weights."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from limner.errors import ModelError
from limner.inspect.report import Inspection, TensorReport, maker

GRAPH_MODEL, LAYERS_MODEL = "a TensorFlow.js graph model", "a TensorFlow.js layers model"
MODEL_FILE = "model.json"
_TYPES = {"DT_FLOAT": "float32", "DT_HALF": "float16", "DT_INT32": "int32", "DT_INT64": "int64", "DT_UINT8": "uint8"}
_NO_WORK = ("Const", "NoOp", "Placeholder", "InputLayer")

Json = Mapping[str, Any]


def inspect_tfjs(path: Path, data: bytes) -> Inspection:
    """Of the bytes of a model.json; ``path`` is that of the file."""
    try:
        model = json.loads(data)
        topology = model["modelTopology"]
        layers = "model_config" in topology or "model_config" in topology.get("modelTopology", {})
        read = _layers if layers else _graph
        inputs, outputs, operators, makers = read(model, topology)
        weights = [weight for group in model.get("weightsManifest", ()) for weight in group["weights"]]
        parameters = sum(math.prod(weight["shape"]) for weight in weights)
        facts = _facts(path, model, weights)
    except (ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError):
        raise ModelError(f"{path}: is no model.json of TensorFlow.js, or is damaged") from None
    return Inspection(
        file=str(path),
        format=LAYERS_MODEL if layers else GRAPH_MODEL,
        bytes=len(data) + sum(file.stat().st_size for file in _files(path, model) if file.is_file()),
        version=f"TensorFlow {model.get('generatedBy') or 'of an unknown version'}",
        producer=str(model.get("convertedBy") or "unknown"),
        metadata=facts,
        inputs=inputs,
        outputs=outputs,
        operators=dict(Counter(kind for kind in operators if kind not in _NO_WORK).most_common()),
        parameters=parameters,
        macs=None,
        output_operators={name: maker(source, makers) for name, source in _sources(model, outputs).items()},
    )


_Read = tuple[tuple[TensorReport, ...], tuple[TensorReport, ...], list[str], dict[str, tuple[str, str]]]


def _graph(model: Json, topology: Json) -> _Read:
    nodes = topology["node"]
    kinds = [node["op"] for node in nodes]
    for function in topology.get("library", {}).get("function", ()):
        kinds += [node["op"] for node in function.get("nodeDef", ())]
    sources = {node["name"]: [name.partition(":")[0] for name in node.get("input", ())] for node in nodes}
    makers = {node["name"]: (node["op"], next(iter(sources[node["name"]]), "")) for node in nodes}
    signature = model.get("signature") or topology.get("signature") or {}
    if signature.get("inputs") and signature.get("outputs"):
        ends = [
            tuple(_report(name, about["dtype"], about.get("tensorShape")) for name, about in signature[key].items())
            for key in ("inputs", "outputs")
        ]
        return ends[0], ends[1], kinds, makers
    taken = {name for names in sources.values() for name in names}
    placeholders = [node for node in nodes if node["op"] == "Placeholder"]
    results = [node for node in nodes if node["name"] not in taken and node["op"] not in _NO_WORK]
    inputs = tuple(
        _report(node["name"], node["attr"]["dtype"]["type"], node["attr"].get("shape", {}).get("shape"))
        for node in placeholders
    )
    return inputs, tuple(_report(node["name"], "", None) for node in results), kinds, makers


def _layers(model: Json, topology: Json) -> _Read:
    config = (topology.get("model_config") or topology["modelTopology"]["model_config"])["config"]
    layers: Sequence[Json] = config if isinstance(config, list) else config["layers"]
    named = {layer["config"]["name"]: layer for layer in layers}
    makers = {name: (_layer_kind(layer), next(_before(layer), "")) for name, layer in named.items()}
    if isinstance(config, list) or "input_layers" not in config:  # one after the other
        order = list(named)
        makers = {name: (makers[name][0], before) for name, before in zip(order, ["", *order], strict=False)}
        starts, ends = order[:1], order[-1:]
    else:
        starts, ends = ([entry[0] for entry in _entries(config[key])] for key in ("input_layers", "output_layers"))
    inputs = tuple(_layer_report(name, named[name]) for name in starts)
    outputs = tuple(TensorReport(name, (), "float32") for name in ends)
    return inputs, outputs, [layer["class_name"] for layer in layers], makers


def _layer_kind(layer: Json) -> str:
    """Its last operator: the activation where it has one that matters, else its class."""
    activation = str(layer["config"].get("activation"))
    return {"sigmoid": "Sigmoid", "softmax": "Softmax"}.get(activation) or str(layer["class_name"])


def _before(layer: Json) -> Iterator[str]:
    for entry in layer.get("inbound_nodes") or ():
        while isinstance(entry, list) and entry and isinstance(entry[0], list):
            entry = entry[0]
        if isinstance(entry, list) and entry:
            yield str(entry[0])


def _entries(value: Any) -> list[list[Any]]:
    """[name, node, tensor], or a list of them."""
    return value if value and isinstance(value[0], list) else [value]


def _layer_report(name: str, layer: Json) -> TensorReport:
    config = layer["config"]
    shape = config.get("batch_input_shape") or config.get("batch_shape") or ()
    sizes = tuple(size if isinstance(size, int) else None for size in shape)
    return TensorReport(name, sizes, str(config.get("dtype", "float32")))


def _report(name: str, kind: Any, shape: Json | None) -> TensorReport:
    sizes: list[int | None] = []
    for dim in (shape or {}).get("dim", ()):
        size = int(dim.get("size", 0))
        sizes.append(size if size > 0 else None)
    return TensorReport(name, tuple(sizes), _TYPES.get(str(kind), "unknown"))


def _sources(model: Json, outputs: Sequence[TensorReport]) -> dict[str, str]:
    """Output -> the node that makes it."""
    said = (model.get("signature") or {}).get("outputs") or {}
    return {end.name: str(said.get(end.name, {}).get("name", end.name)).partition(":")[0] for end in outputs}


def _facts(path: Path, model: Json, weights: Sequence[Json]) -> dict[str, str]:
    kept = Counter(weight.get("quantization", {}).get("dtype") or weight["dtype"] for weight in weights)
    facts = {"weights kept as": ", ".join(f"{name} ×{count}" for name, count in kept.most_common())} if kept else {}
    missing = [file.name for file in _files(path, model) if not file.is_file()]
    if missing:
        facts["missing beside it"] = ", ".join(missing)
    return facts


def _files(path: Path, model: Json) -> list[Path]:
    """The files of weights, which lie beside the model.json; a path that leads elsewhere is left out."""
    names = [str(name) for group in model.get("weightsManifest", ()) for name in group["paths"]]
    return [path.parent / name for name in names if ".." not in Path(name).parts and not Path(name).is_absolute()]
