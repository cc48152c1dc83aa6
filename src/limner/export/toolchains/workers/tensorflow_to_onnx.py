"""Converts a model of TensorFlow to ONNX with tf2onnx, and runs it; runs in the toolchain ``tensorflow``.

    tensorflow_to_onnx.py KIND MODEL OUT.onnx ABOUT.json FEEDS.npz RESULTS.npz

KIND is frozen, savedmodel or tfjs. ABOUT is an object: "inputs" and "outputs" of a frozen graph (names of nodes), or
"signature" and "tag" of a SavedModel. FEEDS holds one array for each input; RESULTS gets the outputs of TensorFlow
itself for them. Those of TensorFlow.js, which nothing runs here, get none.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

os.environ["CUDA_VISIBLE_DEVICES"] = ""
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

import numpy as np
import tensorflow as tf
from tf2onnx import convert

OPSET = "17"


def main(kind: str, model: str, out: str, about_file: str, feeds_file: str, results_file: str) -> None:
    about = json.loads(Path(about_file).read_text(encoding="utf-8"))
    given = ["tf2onnx", "--opset", OPSET, "--output", out]
    if kind == "frozen":
        inputs, outputs = about["inputs"], about["outputs"]
        given += ["--graphdef", model, "--inputs", _results(inputs), "--outputs", _results(outputs)]
        given += ["--rename-inputs", ",".join(inputs), "--rename-outputs", ",".join(outputs)]
    elif kind == "savedmodel":
        given += ["--saved-model", model, "--signature_def", about["signature"], "--tag", about["tag"]]
    else:
        given += ["--tfjs", model]
    sys.argv = given
    try:
        convert.main()
    except Exception as error:
        raise SystemExit(" ".join(str(error).split())[:300] or type(error).__name__) from None
    if kind == "tfjs":
        return
    feeds = dict(np.load(feeds_file))
    found = _run_frozen(model, about, feeds) if kind == "frozen" else _run_saved(model, about, feeds)
    np.savez(results_file, **found)  # type: ignore[arg-type]


def _results(names: list[str]) -> str:
    return ",".join(f"{name}:0" for name in names)


def _run_frozen(model: str, about: Mapping[str, Any], feeds: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    graph = tf.compat.v1.GraphDef()
    graph.ParseFromString(Path(model).read_bytes())
    with tf.Graph().as_default(), tf.compat.v1.Session() as session:
        tf.import_graph_def(graph, name="")
        values = session.run(
            [f"{name}:0" for name in about["outputs"]], {f"{name}:0": array for name, array in feeds.items()}
        )
    return dict(zip(about["outputs"], values, strict=True))


def _run_saved(model: str, about: Mapping[str, Any], feeds: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    loaded = tf.saved_model.load(model, tags=[about["tag"]])
    serve = loaded.signatures[about["signature"]]
    return {name: value.numpy() for name, value in serve(**{n: tf.constant(a) for n, a in feeds.items()}).items()}


if __name__ == "__main__":
    main(*sys.argv[1:])
