#!/bin/sh
# OpenVINO 2026.4.1 on a CPU cannot run a graph in which an input of open sizes is expanded to the shape of a
# convolution's result, where that input is given as 1x1x1x1: "Reorder node ... getShape().isCompatible(dims)". With the
# sizes of the result, and the same zeros, it runs. This is how recurrent nets such as Robust Video Matting are fed for the
# first frame, as their authors export them; ONNX Runtime 1.32.0 takes both.
# Exit 0: still so. Exit 1: it has changed.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet --disable-pip-version-check \
    openvino==2026.4.1 onnxruntime==1.32.0 onnx==1.23.2 numpy==2.3.5
export ORT_DISABLE_TELEMETRY=1
"$folder/env/bin/python" - <<'PYTHON'
import sys

import numpy as np
import onnxruntime
import openvino
from onnx import TensorProto, helper, numpy_helper

nodes = [
    helper.make_node("Conv", ["image", "weights"], ["features"], kernel_shape=[1, 1]),
    helper.make_node("Shape", ["features"], ["shape"]),
    helper.make_node("Expand", ["state", "shape"], ["before"]),
    helper.make_node("Add", ["features", "before"], ["after"]),
]
graph = helper.make_graph(
    nodes,
    "recurrent",
    [
        helper.make_tensor_value_info("image", TensorProto.FLOAT, [1, 3, 8, 8]),
        helper.make_tensor_value_info("state", TensorProto.FLOAT, ["n", "c", "h", "w"]),
    ],
    [helper.make_tensor_value_info("after", TensorProto.FLOAT, None)],
    [numpy_helper.from_array(np.ones((16, 3, 1, 1), np.float32), "weights")],
)
data = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8).SerializeToString()
session = onnxruntime.InferenceSession(data, providers=["CPUExecutionProvider"])
core = openvino.Core()
compiled = core.compile_model(core.read_model(data), "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
image = np.random.default_rng(0).random((1, 3, 8, 8)).astype(np.float32)
ran = {}
for sizes in ((1, 1, 1, 1), (1, 16, 8, 8)):
    state = np.zeros(sizes, np.float32)
    right = session.run(None, {"image": image, "state": state})[0]
    try:
        found = compiled({"image": image, "state": state})[0]
        ran[sizes] = bool(np.allclose(found, right, atol=1e-4))
        print(f"a state of {sizes}: as ONNX Runtime has it: {ran[sizes]}")
    except RuntimeError as error:
        ran[sizes] = False
        print(f"a state of {sizes}: {str(error).strip().splitlines()[2][:120]}")
print("openvino", openvino.__version__, "onnxruntime", onnxruntime.__version__)
sys.exit(ran != {(1, 1, 1, 1): False, (1, 16, 8, 8): True})
PYTHON
