"""Converts a TensorFlow SavedModel to a graph model of TensorFlow.js; runs in the toolchain ``tensorflow``.

    savedmodel_to_tfjs.py SAVEDMODEL OUT [float16|uint16|uint8]

OUT gets model.json and files of weights, which are kept in the type that is named, float32 otherwise.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

os.environ["CUDA_VISIBLE_DEVICES"] = ""
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["TF_ENABLE_ONEDNN_OPTS"] = "0"  # it fuses hard-swish into an operator that no backend of TensorFlow.js has


def _stand_in(name: str, **content: object) -> None:
    """Modules that tensorflowjs imports for models of other kinds: heavy, and not installed."""
    module = ModuleType(name)
    vars(module).update(content)
    sys.modules[name] = module


_stand_in("tensorflow_decision_forests")
_stand_in("tensorflowjs.converters.jax_conversion", convert_jax=None)

from tensorflowjs.converters import normalize_bias_add  # noqa: E402
from tensorflowjs.converters.tf_saved_model_conversion_v2 import convert_tf_saved_model  # noqa: E402

_add_biases = normalize_bias_add.normalize_bias_add_op


def _add_only_biases(graph: Any) -> Any:
    """tensorflowjs takes whatever is added to a convolution for its bias, numbers and feature maps too."""
    ranks = {node.name: len(node.attr["value"].tensor.tensor_shape.dim) for node in graph.node if node.op == "Const"}
    sums = {node.name: node.op for node in graph.node if node.op in ("Add", "AddV2") and ranks.get(node.input[1]) != 1}
    graph = _add_biases(graph)
    for node in graph.node:
        if node.name in sums and node.op == "BiasAdd":
            node.op = sums[node.name]
            del node.attr["data_format"]
    return graph


normalize_bias_add.normalize_bias_add_op = _add_only_biases


def main(folder: str, out: str, kept: str | None = None) -> None:
    """``kept``: "float16", "uint16" or "uint8"."""
    try:
        types = {kept: "*"} if kept else None
        convert_tf_saved_model(folder, out, quantization_dtype_map=types, use_structured_outputs_names=True)
    except ValueError as error:  # operators that TensorFlow.js does not have
        raise SystemExit(" ".join(str(error).split())) from None
    _name_outputs(Path(out, "model.json"))


def _name_outputs(path: Path) -> None:
    """Give the signature's outputs their names, which tensorflowjs loses where two have one shape."""
    model = json.loads(path.read_text(encoding="utf-8"))
    names = model["userDefinedMetadata"]["structuredOutputKeys"]  # in the order of the tensors Identity, Identity_1, …
    tensors = sorted(model["signature"]["outputs"].values(), key=lambda tensor: _number(tensor["name"]))
    model["signature"]["outputs"] = dict(zip(names, tensors, strict=True))
    path.write_text(json.dumps(model), encoding="utf-8")


def _number(tensor: str) -> int:
    return int(tensor.partition(":")[0].removeprefix("Identity").lstrip("_") or 0)


if __name__ == "__main__":
    main(*sys.argv[1:])
