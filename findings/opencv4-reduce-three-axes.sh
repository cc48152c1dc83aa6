#!/bin/sh
# OpenCV 4.12.0.88 to 4.14.0.94, DNN: ONNX's ReduceMax, ReduceMean and the like over axes 1, 2 and 3, all but the batch, as
# in GroupNorm of one group or a mean over a whole picture, read some elements several times and others never: the
# largest of 0 … 287 in (1, 8, 6, 6) comes out as 71. Other sets of axes are right, and so is OpenCV 5.0.0.93.
# Exit 0: still so. Exit 1: it has changed.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cat > "$folder/reduce.py" <<'PYTHON'
import os
import sys

os.environ["OPENCV_LOG_LEVEL"] = "SILENT"
import cv2
import numpy as np
from onnx import TensorProto, helper

SHAPE = (1, 8, 6, 6)
X = np.arange(288, dtype=np.float32).reshape(SHAPE)


def reduced(kind, axes):
    """What OpenCV makes of one operator."""
    value = helper.make_tensor_value_info
    result = [1 if axis in axes else size for axis, size in enumerate(SHAPE)]
    graph = helper.make_graph(
        [helper.make_node(kind, ["x"], ["y"], axes=list(axes), keepdims=1)],
        "reduce", [value("x", TensorProto.FLOAT, SHAPE)], [value("y", TensorProto.FLOAT, result)],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 11)], ir_version=8)
    net = cv2.dnn.readNetFromONNX(np.frombuffer(model.SerializeToString(), np.uint8))
    net.setInput(X, "x")
    return net.forward()


wrong = {}
for axes in ((1, 2, 3), (0, 1, 2), (2, 3), (1, 2), (1, 3), (1,)):
    most, mean = reduced("ReduceMax", axes), reduced("ReduceMean", axes)
    wrong[axes] = not (np.allclose(most, X.max(axes, keepdims=True)) and np.allclose(mean, X.mean(axes, keepdims=True)))
    if axes == (1, 2, 3):
        print(f"OpenCV {cv2.__version__}: largest {most.item():g}, mean {mean.item():g}; right: {X.max():g}, {X.mean():g}")
print(f"OpenCV {cv2.__version__}: wrong over axes", [axes for axes, is_wrong in wrong.items() if is_wrong])
expected = [(1, 2, 3)] if cv2.__version__ < "5" else []
sys.exit([axes for axes, is_wrong in wrong.items() if is_wrong] != expected)
PYTHON
status=0
for version in 4.12.0.88 4.14.0.94 5.0.0.93; do
    python3 -m venv "$folder/$version"
    "$folder/$version/bin/pip" install --quiet --disable-pip-version-check "opencv-python-headless==$version" onnx==1.23.2 "numpy<2.4"
    "$folder/$version/bin/python" "$folder/reduce.py" || status=1
done
exit $status
