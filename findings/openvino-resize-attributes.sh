#!/bin/sh
# OpenVINO 2026.4.1 reads ONNX's Resize without three of its attributes and says nothing: antialias, exclude_outside and
# keep_aspect_ratio_policy. The results are those of a Resize that has none of them, the last one with another shape.
# What it does not know at all (half_pixel_symmetric, tf_crop_and_resize) it refuses. ONNX Runtime 1.32.0 minds them.
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

image = np.random.default_rng(0).random((1, 2, 13, 17)).astype(np.float32)
core = openvino.Core()


def both(**attributes):
    """What ONNX Runtime and OpenVINO make of it at 6 × 6."""
    node = helper.make_node("Resize", ["x", "", "", "size"], ["y"], axes=[2, 3], **attributes)
    graph = helper.make_graph(
        [node],
        "resize",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, image.shape)],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)],
        [numpy_helper.from_array(np.array([6, 6]), "size")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=8)
    data = model.SerializeToString()
    right = onnxruntime.InferenceSession(data, providers=["CPUExecutionProvider"]).run(None, {"x": image})[0]
    compiled = core.compile_model(core.read_model(data), "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    return right, compiled({0: image})[0].copy()


held = True
for mode, name, value in (
    ("linear", "antialias", 1),
    ("cubic", "antialias", 1),
    ("cubic", "exclude_outside", 1),
    ("linear", "keep_aspect_ratio_policy", "not_larger"),
    ("linear", "keep_aspect_ratio_policy", "not_smaller"),
):
    (plain, ours), (right, theirs) = both(mode=mode), both(mode=mode, **{name: value})
    same_as_without = theirs.shape == ours.shape and float(np.abs(theirs - ours).max()) < 1e-5
    if right.shape == theirs.shape:
        apart = f"{np.abs(right - theirs).max():.3f} off at most"
        wrong = not np.allclose(right, theirs, atol=1e-3)
    else:
        apart, wrong = f"shape {theirs.shape} instead of {right.shape}", True
    held &= same_as_without and wrong and np.allclose(plain, ours, atol=1e-4)
    print(f"{mode}, {name}={value}: {apart}; as without it: {same_as_without}")
print("openvino", openvino.__version__, "onnxruntime", onnxruntime.__version__)
sys.exit(not held)
PYTHON
