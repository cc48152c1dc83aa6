#!/bin/sh
# OpenCV 5.0.0.93, DNN: Add(k, Conv(GlobalAveragePool(k))), the image-level context of DeepLab's kind of heads, raises at
# forward() where k is the output of a Conv, whichever engine is asked for: the larger operand is folded into the
# convolution as its residual, and then found to have another shape. OpenCV 4.14.0.94 computes it; with Sub of a Neg in
# the place of Add 5.0.0 does, too.
# Exit 0: still so. Exit 1: it has changed.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cat > "$folder/context.py" <<'PYTHON'
import os
import sys

os.environ["OPENCV_LOG_LEVEL"] = "SILENT"
import cv2
import numpy as np
from onnx import TensorProto, helper, numpy_helper

SHAPE = [1, 8, 6, 6]
node, rng = helper.make_node, np.random.default_rng(0)
x, u, w = (rng.normal(size=size).astype(np.float32) for size in (SHAPE, (8, 8, 1, 1), (8, 8, 1, 1)))


def forward(nodes, engine):
    """What OpenCV makes of these nodes, or the first words of its error."""
    value = helper.make_tensor_value_info
    weights = [numpy_helper.from_array(array, name) for name, array in (("u", u), ("w", w))]
    graph = helper.make_graph(
        nodes, "context", [value("x", TensorProto.FLOAT, SHAPE)], [value("y", TensorProto.FLOAT, SHAPE)], weights
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    data = np.frombuffer(model.SerializeToString(), np.uint8)
    net = cv2.dnn.readNetFromONNX(data) if engine is None else cv2.dnn.readNetFromONNX(data, engine)
    net.setInput(x, "x")
    try:
        return net.forward()
    except cv2.error as error:
        return str(error).partition("error: ")[2][:70]


k = np.einsum("oi,bihw->bohw", u[..., 0, 0], x)
right = k + np.einsum("oi,bi->bo", w[..., 0, 0], k.mean((2, 3)))[:, :, None, None]
head = [node("Conv", ["x", "u"], ["k"]), node("GlobalAveragePool", ["k"], ["p"]), node("Conv", ["p", "w"], ["c"])]
added = [*head, node("Add", ["k", "c"], ["y"])]
subtracted = [*head, node("Neg", ["c"], ["n"]), node("Sub", ["k", "n"], ["y"])]
held = True
for name in ("ENGINE_AUTO", "ENGINE_NEW", "ENGINE_CLASSIC") if hasattr(cv2.dnn, "ENGINE_AUTO") else (None,):
    for what, nodes in (("Add", added), ("Sub of Neg", subtracted)):
        found = forward(nodes, None if name is None else getattr(cv2.dnn, name))
        off = found if isinstance(found, str) else f"off by {np.abs(found - right).max():.2g}"
        held &= isinstance(found, str) or bool(np.abs(found - right).max() < 1e-4)
        print(f"OpenCV {cv2.__version__}, {name or 'the only engine'}, {what}: {off}")
        fails = what == "Add" and name is not None
        held &= ("residual added after convolution" in off) if fails else off.startswith("off by")
sys.exit(not held)
PYTHON
status=0
for version in 5.0.0.93 4.14.0.94; do
    python3 -m venv "$folder/$version"
    "$folder/$version/bin/pip" install --quiet --disable-pip-version-check "opencv-python-headless==$version" onnx==1.23.2 numpy==2.3.5
    "$folder/$version/bin/python" "$folder/context.py" || status=1
done
exit $status
