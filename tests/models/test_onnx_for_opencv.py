"""Graphs for OpenCV: the same function, other operators, and nothing else changed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest

from limner.models.catalogue import find_model
from limner.models.onnx_for_opencv import for_opencv

onnx: Any = pytest.importorskip("onnx")
SHAPE = [1, 4, 6, 6]


def model(*nodes: Any, **weights: np.ndarray) -> bytes:
    helper, proto = onnx.helper, onnx.TensorProto
    values = [onnx.numpy_helper.from_array(value, name) for name, value in weights.items()]
    ends = [helper.make_tensor_value_info(name, proto.FLOAT, SHAPE) for name in "xy"]
    graph = helper.make_graph(list(nodes), "net", ends[:1], ends[1:], values)
    made: bytes = helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8
    ).SerializeToString()  # fmt: skip
    return made


def run(data: bytes, x: np.ndarray) -> np.ndarray:
    session = onnxruntime.InferenceSession(data, providers=["CPUExecutionProvider"])
    found: np.ndarray = session.run(None, {"x": x})[0]
    return found


def kinds(data: bytes) -> list[str]:
    return [node.op_type for node in onnx.load_from_string(data).graph.node]


def weights(seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(4, 4, 1, 1)).astype(np.float32)


X = np.random.default_rng(7).normal(size=SHAPE).astype(np.float32)


@pytest.mark.parametrize(
    ("numbers", "left"),
    [
        ({"alpha": 1 / 6, "beta": 0.5}, ["alpha"]),
        ({"beta": 0.5, "alpha": 0.2}, ["alpha"]),
        ({"alpha": 1 / 6, "beta": 0.4}, ["alpha", "beta"]),
        ({}, []),
    ],
)
def test_what_hardsigmoid_has_anyway_is_left_out(numbers: dict[str, float], left: list[str]) -> None:
    node = onnx.helper.make_node
    before = model(
        node("Conv", ["x", "w"], ["c"]), node("HardSigmoid", ["c"], ["h"], **numbers), node("Mul", ["x", "h"], ["y"]),
        w=weights(),
    )  # fmt: skip
    after = for_opencv(before)
    hard = onnx.load_from_string(after).graph.node[1]
    assert sorted(attribute.name for attribute in hard.attribute) == left
    np.testing.assert_array_equal(run(after, X), run(before, X))


@pytest.mark.parametrize("order", [["k", "c"], ["c", "k"]])
@pytest.mark.parametrize("pool", ["GlobalAveragePool", "GlobalMaxPool"])
def test_a_pooled_residual_is_subtracted_from_its_negative(order: list[str], pool: str) -> None:
    node = onnx.helper.make_node
    before = model(
        node("Conv", ["x", "u"], ["k"]), node(pool, ["k"], ["p"]), node("Relu", ["p"], ["q"]),
        node("Conv", ["q", "w"], ["c"]), node("Add", order, ["y"]), u=weights(1), w=weights(2),
    )  # fmt: skip
    after = for_opencv(before)
    assert kinds(after) == ["Conv", pool, "Relu", "Conv", "Neg", "Sub"]
    np.testing.assert_array_equal(run(after, X), run(before, X))


def test_usual_residuals_stay() -> None:
    node = onnx.helper.make_node
    before = model(
        node("Conv", ["x", "u"], ["k"]), node("Relu", ["k"], ["r"]), node("Conv", ["r", "w"], ["c"]),
        node("Add", ["k", "c"], ["y"]), u=weights(1), w=weights(2),
    )  # fmt: skip
    assert for_opencv(before) == before


def test_a_shipped_net_stays_the_same_function() -> None:
    path: Path = find_model("fast").path
    x = np.random.default_rng(0).random((1, 3, 256, 256)).astype(np.float32)
    sessions = [
        onnxruntime.InferenceSession(data, providers=["CPUExecutionProvider"])
        for data in (path.read_bytes(), for_opencv(path.read_bytes()))
    ]
    first, second = (session.run(None, {session.get_inputs()[0].name: x})[0] for session in sessions)
    np.testing.assert_allclose(first, second, atol=1e-6)


def test_what_is_no_model() -> None:
    with pytest.raises(ValueError, match="unknown wire type"):
        for_opencv(b"no model at all")
