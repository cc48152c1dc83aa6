"""A graph of quantize and dequantize nodes runs in integer kernels, and says what it said."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("onnx")

import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

from limner.export.graphs.qdq_graph import for_int8_kernels


def _graph(*, activation: str, scale: float = 6 / 255, zero: int = -128) -> onnx.ModelProto:
    """Picture -> convolution with bias -> ReLU or ReLU6 -> mean over height and width, everything rounded."""
    rng = np.random.default_rng(0)
    stored = {
        "weight": rng.integers(-127, 128, (4, 3, 3, 3)).astype(np.int8),
        "weight_scale": np.array([0.01, 0.02, 0.004, 0.03], np.float32),
        "weight_zero": np.zeros(4, np.int8),
        "bias": rng.normal(size=4).astype(np.float32),
        "in_scale": np.float32(1 / 255),
        "in_zero": np.int8(-128),
        "scale": np.float32(scale),
        "zero": np.int8(zero),
        "low": np.float32(0),
        "high": np.float32(6),
        "axes": np.array([2, 3]),
    }
    node = helper.make_node
    limits = ["low", "high"] if activation == "Clip" else []
    nodes = [
        node("QuantizeLinear", ["image", "in_scale", "in_zero"], ["q0"]),
        node("DequantizeLinear", ["q0", "in_scale", "in_zero"], ["d0"]),
        node("DequantizeLinear", ["weight", "weight_scale", "weight_zero"], ["w"], axis=0),
        node("Conv", ["d0", "w", "bias"], ["y"], kernel_shape=[3, 3]),
        node(activation, ["y", *limits], ["a"]),
        node("QuantizeLinear", ["a", "scale", "zero"], ["q1"]),
        node("DequantizeLinear", ["q1", "scale", "zero"], ["d1"]),
        node("ReduceMean", ["d1", "axes"], ["m"], keepdims=1),
        node("QuantizeLinear", ["m", "scale", "zero"], ["q2"]),
        node("DequantizeLinear", ["q2", "scale", "zero"], ["out"]),
    ]
    graph = helper.make_graph(
        nodes,
        "net",
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, [1, 3, 8, 8])],
        [helper.make_tensor_value_info("out", TensorProto.FLOAT, [1, 4, 1, 1])],
        [numpy_helper.from_array(np.asarray(value), name) for name, value in stored.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)])
    model.ir_version = 9
    return model


def _run(model: onnx.ModelProto, path: Path, image: np.ndarray) -> tuple[np.ndarray, set[str]]:
    """The output, and the kinds of nodes that really ran."""
    options = onnxruntime.SessionOptions()
    options.optimized_model_filepath = str(path)
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_EXTENDED
    session = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    return session.run(None, {"image": image})[0], {node.op_type for node in onnx.load(path).graph.node}


@pytest.mark.parametrize("activation", ["Relu", "Clip"])
def test_it_says_the_same_in_integer_kernels(activation: str, tmp_path: Path) -> None:
    model = _graph(activation=activation)
    image = np.random.default_rng(1).random((1, 3, 8, 8)).astype(np.float32)
    expected, _ = _run(model, tmp_path / "before.onnx", image)
    for_int8_kernels(model)
    onnx.checker.check_model(model)
    got, kinds = _run(model, tmp_path / "after.onnx", image)
    assert np.abs(got - expected).max() <= 6 / 255 + 1e-6  # one level: kernels may round a half the other way
    assert {"QLinearConv", "QLinearGlobalAveragePool"} <= kinds
    assert not kinds & {"Conv", "Relu", "Clip", "ReduceMean", "GlobalAveragePool"}


@pytest.mark.parametrize(
    ("activation", "scale", "zero"), [("Relu", 6 / 255, -100), ("Clip", 8 / 255, -128), ("Clip", 6 / 255, -100)]
)
def test_an_activation_stays_where_rounding_does_not_cut_as_it_does(activation: str, scale: float, zero: int) -> None:
    model = _graph(activation=activation, scale=scale, zero=zero)
    for_int8_kernels(model)
    assert activation in {node.op_type for node in model.graph.node}


def test_what_is_not_rounded_is_left_alone(tmp_path: Path) -> None:
    node = helper.make_node
    graph = helper.make_graph(
        [node("Conv", ["image", "w", "b"], ["y"]), node("Relu", ["y"], ["out"])],
        "net",
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, [1, 3, 8, 8])],
        [helper.make_tensor_value_info("out", TensorProto.FLOAT, [1, 4, 8, 8])],
        [
            numpy_helper.from_array(np.ones((4, 3, 1, 1), np.float32), "w"),
            numpy_helper.from_array(np.ones(4, np.float32), "b"),
        ],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)])
    before = model.SerializeToString()
    for_int8_kernels(model)
    assert model.SerializeToString() == before
