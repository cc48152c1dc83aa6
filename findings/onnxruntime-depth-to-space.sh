#!/bin/sh
# ONNX Runtime 1.32.0 on a CPU: DepthToSpace of four channels (the pixel shuffle at the end of many nets) takes two to four
# times as long as a ConvTranspose with a one-hot 2 × 2 kernel, which gives the same numbers to the bit. The way that
# exporters decompose it, Reshape, Transpose, Reshape, takes twice as long again. One thread, 128 × 128 to 256 × 256.
# Exit 0: still so. Exit 1: it has changed.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet --disable-pip-version-check onnxruntime==1.32.0 onnx==1.23.2 numpy==2.3.5
export ORT_DISABLE_TELEMETRY=1
"$folder/env/bin/python" - <<'PYTHON'
import sys
import time

import numpy as np
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

SIDE = 128


def session(*nodes, **constants):
    graph = helper.make_graph(
        nodes,
        "shuffle",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 4, SIDE, SIDE])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, 1, 2 * SIDE, 2 * SIDE])],
        [numpy_helper.from_array(value, name) for name, value in constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])


node = helper.make_node
ways = {
    "DepthToSpace": session(node("DepthToSpace", ["x"], ["y"], blocksize=2, mode="CRD")),
    "ConvTranspose": session(
        node("ConvTranspose", ["x", "kernel"], ["y"], strides=[2, 2], kernel_shape=[2, 2]),
        kernel=np.eye(4, dtype=np.float32).reshape(4, 1, 2, 2),
    ),
    "Reshape, Transpose, Reshape": session(
        node("Reshape", ["x", "apart"], ["a"]),
        node("Transpose", ["a"], ["b"], perm=[0, 3, 1, 4, 2]),
        node("Reshape", ["b", "whole"], ["y"]),
        apart=np.array([1, 2, 2, SIDE, SIDE]),
        whole=np.array([1, 1, 2 * SIDE, 2 * SIDE]),
    ),
}
x = np.random.default_rng(0).random((1, 4, SIDE, SIDE)).astype(np.float32)
results = {name: way.run(None, {"x": x})[0] for name, way in ways.items()}
same = all(np.array_equal(result, results["DepthToSpace"]) for result in results.values())
times = {name: [] for name in ways}
for _ in range(1500):  # in turns, so that whatever else the machine does falls on all of them
    for name, way in ways.items():
        start = time.process_time()
        way.run(None, {"x": x})
        times[name].append(time.process_time() - start)
best = {name: float(np.percentile(taken, 20)) for name, taken in times.items()}
for name, taken in best.items():
    print(f"{name}: {taken * 1e6:.0f} µs, {taken / best['ConvTranspose']:.1f} times a ConvTranspose")
print("the same to the bit:", same)
print("onnxruntime", onnxruntime.__version__)
held = same and best["DepthToSpace"] > 1.5 * best["ConvTranspose"]
held &= best["Reshape, Transpose, Reshape"] > 1.3 * best["DepthToSpace"]
sys.exit(not held)
PYTHON
