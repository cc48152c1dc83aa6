#!/bin/sh
# OpenCV 4.14.0.94 and 5.0.0.93, DNN: auto_pad SAME_LOWER of ONNX's Conv, MaxPool and AveragePool is taken for SAME_UPPER: kernels of an
# even size look one pixel further right and down than they should. Nothing is said.
# Exit 0: still so. Exit 1: it has changed.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cat > "$folder/pad.py" <<'PYTHON'
import os
import sys

os.environ["OPENCV_LOG_LEVEL"] = "SILENT"
import cv2
import numpy as np
from onnx import TensorProto, helper, numpy_helper

SHAPE = (1, 1, 5, 5)
X = np.random.default_rng(0).random(SHAPE, dtype=np.float32)
KERNEL = np.array([[1, 2], [3, 4]], np.float32)[None, None]


def computed(kind, auto_pad):
    """What OpenCV makes of one operator of 2 × 2."""
    value = helper.make_tensor_value_info
    more = {"auto_pad": auto_pad, "kernel_shape": [2, 2]}
    node = helper.make_node(kind, ["x", "w"] if kind == "Conv" else ["x"], ["y"], **more)
    weights = [numpy_helper.from_array(KERNEL, "w")] if kind == "Conv" else []
    graph = helper.make_graph(
        [node], "pad", [value("x", TensorProto.FLOAT, SHAPE)], [value("y", TensorProto.FLOAT, SHAPE)], weights
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 11)], ir_version=8)
    net = cv2.dnn.readNetFromONNX(np.frombuffer(model.SerializeToString(), np.uint8))
    net.setInput(X, "x")
    return net.forward()


def right(kind, lower):
    """The same by its definition."""
    fill = -np.inf if kind == "MaxPool" else np.nan if kind == "AveragePool" else 0.0
    padded = np.pad(X[0, 0], ((1, 0), (1, 0)) if lower else ((0, 1), (0, 1)), constant_values=fill)
    windows = np.lib.stride_tricks.sliding_window_view(padded, (2, 2))
    reduce = {"MaxPool": np.max, "AveragePool": np.nanmean}.get(kind)
    return (windows * KERNEL[0, 0]).sum((2, 3)) if reduce is None else reduce(windows, axis=(2, 3))


held = True
for kind in ("Conv", "MaxPool", "AveragePool"):
    lower = computed(kind, "SAME_LOWER")[0, 0]
    off, shifted = np.abs(lower - right(kind, True)).max(), np.abs(lower - right(kind, False)).max()
    print(f"OpenCV {cv2.__version__}, {kind}, SAME_LOWER: off by {off:.2g}, from SAME_UPPER by {shifted:.2g}")
    held &= bool(off > 0.1 and shifted < 1e-5)
sys.exit(not held)
PYTHON
status=0
for version in 5.0.0.93 4.14.0.94; do
    python3 -m venv "$folder/$version"
    "$folder/$version/bin/pip" install --quiet --disable-pip-version-check "opencv-python-headless==$version" onnx==1.23.2 numpy==2.3.5
    "$folder/$version/bin/python" "$folder/pad.py" || status=1
done
exit $status
