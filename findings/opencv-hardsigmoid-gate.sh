#!/bin/sh
# OpenCV 5.0.0.93 and 4.14.0.94, DNN: a gate, Mul(HardSigmoid(c), s) with alpha 1/6 and beta 1/2, is computed as
# Mul(HardSigmoid(c), c), HardSwish, whatever s is. Nothing is said. Squeeze-and-excitation blocks of MobileNetV3, as
# torch exports them, are such gates, so such nets give other numbers than ONNX says. 5.0.0 does it with all three of its
# engines' names. Where beta is left to its default of 1/2, or the gate is a Sigmoid, the numbers are right.
# Exit 0: still so. Exit 1: it has changed.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cat > "$folder/gate.py" <<'PYTHON'
import os
import sys

os.environ["OPENCV_LOG_LEVEL"] = "ERROR"
import cv2
import numpy as np
from onnx import TensorProto, helper, numpy_helper

SHAPE = [1, 8, 6, 6]
node, rng = helper.make_node, np.random.default_rng(0)


def computed(nodes, feeds, engine, **constants):
    """What OpenCV makes of these nodes, whose output is y."""
    given = [helper.make_tensor_value_info(name, TensorProto.FLOAT, list(value.shape)) for name, value in feeds.items()]
    result = helper.make_tensor_value_info("y", TensorProto.FLOAT, SHAPE)
    weights = [numpy_helper.from_array(value, name) for name, value in constants.items()]
    graph = helper.make_graph(nodes, "gate", given, [result], weights)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    data = np.frombuffer(model.SerializeToString(), np.uint8)
    net = cv2.dnn.readNetFromONNX(data) if engine is None else cv2.dnn.readNetFromONNX(data, engine)
    for name, value in feeds.items():
        net.setInput(value, name)
    return net.forward()


def gate(c):
    return np.clip(c / 6 + 0.5, 0, 1)


x = rng.normal(size=SHAPE).astype(np.float32)
w = rng.normal(size=(8, 8, 1, 1)).astype(np.float32)
told, conv, mul = {"alpha": 1 / 6, "beta": 0.5}, node("Conv", ["x", "w"], ["c"]), node("Mul", ["x", "h"], ["y"])
pool = [node("GlobalAveragePool", ["x"], ["p"]), node("Conv", ["p", "w"], ["c"])]
c = np.einsum("oi,bihw->bohw", w[..., 0, 0], x)
mean = np.einsum("oi,bi->bo", w[..., 0, 0], x.mean((2, 3)))[:, :, None, None]
names = ("ENGINE_CLASSIC", "ENGINE_NEW", "ENGINE_AUTO")
engines = {name: getattr(cv2.dnn, name) for name in names if hasattr(cv2.dnn, name)}
held = True
for name, engine in (engines or {"the only engine": None}).items():
    gated = computed([conv, node("HardSigmoid", ["c"], ["h"], **told), mul], {"x": x}, engine, w=w)
    quiet = computed([conv, node("HardSigmoid", ["c"], ["h"], alpha=1 / 6), mul], {"x": x}, engine, w=w)
    smooth = computed([conv, node("Sigmoid", ["c"], ["h"]), mul], {"x": x}, engine, w=w)
    found = {
        "off from x × HardSigmoid(c)": np.abs(gated - x * gate(c)).max(),
        "off from c × HardSigmoid(c)": np.abs(gated - c * gate(c)).max(),
        "beta left out, off from x × HardSigmoid(c)": np.abs(quiet - x * gate(c)).max(),
        "Sigmoid, off": np.abs(smooth - x / (1 + np.exp(-c))).max(),
    }
    wrong, hardswish, default, sigmoid = found.values()
    held &= bool(wrong > 0.5 and hardswish < 1e-4 and default < 1e-4 and sigmoid < 1e-4)
    try:
        excited = computed([*pool, node("HardSigmoid", ["c"], ["h"], **told), mul], {"x": x}, engine, w=w)
        found["squeeze and excitation, off"] = off = np.abs(excited - x * gate(mean)).max()
        held &= bool(off > 0.1)
    except cv2.error as error:
        found["squeeze and excitation"] = str(error)
        held = False
    said = (f"{what} {value if isinstance(value, str) else format(value, '.2g')}" for what, value in found.items())
    print(f"OpenCV {cv2.__version__}, {name}: " + "; ".join(said))
sys.exit(not held)
PYTHON
status=0
for version in 5.0.0.93 4.14.0.94; do
    python3 -m venv "$folder/$version"
    "$folder/$version/bin/pip" install --quiet --disable-pip-version-check "opencv-python-headless==$version" onnx==1.23.2 numpy==2.3.5
    "$folder/$version/bin/python" "$folder/gate.py" || status=1
done
exit $status
