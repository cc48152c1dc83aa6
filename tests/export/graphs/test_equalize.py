"""Channels between a convolution and a depthwise one get one range; what the graph computes stays."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

pytest.importorskip("onnx")

import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

from limner.export.graphs.equalize import equalize
from limner.export.graphs.int8_ranges import observe

ROWS = [{"image": np.random.default_rng(number).random((1, 3, 12, 12), np.float32)} for number in range(4)]
SIZES = np.array([0.02, 1.0, 5.0, 90.0], np.float32)


def make(*, activation: str = "Relu", groups: int = 4, second_reader: bool = False) -> Any:
    """Pointwise convolution with channels of very different sizes -> activation -> 3×3 convolution."""
    rng = np.random.default_rng(1)
    stored = {
        "first": rng.normal(size=(4, 3, 1, 1)).astype(np.float32) * SIZES[:, None, None, None],
        "bias": rng.normal(size=4).astype(np.float32) * SIZES,
        "second": rng.normal(size=(4, 4 // groups, 3, 3)).astype(np.float32),
        "low": np.float32(0),
        "high": np.float32(6),
    }
    nodes = [
        helper.make_node("Conv", ["image", "first", "bias"], ["a"]),
        helper.make_node(activation, ["a", "low", "high"] if activation == "Clip" else ["a"], ["b"]),
        helper.make_node("Conv", ["b", "second"], ["c"], group=groups),
        helper.make_node("ReduceMean", ["b" if second_reader else "c"], ["mean"], keepdims=1),
        helper.make_node("Add", ["c", "mean"], ["out"]),
    ]
    graph = helper.make_graph(
        nodes,
        "net",
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, [1, 3, 12, 12])],
        [helper.make_tensor_value_info("out", TensorProto.FLOAT, None)],
        [numpy_helper.from_array(np.asarray(value), name) for name, value in stored.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
    model.ir_version = 8
    return onnx.shape_inference.infer_shapes(model)


def outputs(model: Any) -> np.ndarray:
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    return np.stack([session.run(None, row)[0] for row in ROWS])


def test_one_range_for_all_and_the_same_result() -> None:
    model = make()
    expected, before = outputs(model), observe(model, ROWS)["b"].channel_highs
    assert before.max() / before.min() > 1000
    equalize(model.graph, observe(model, ROWS))
    np.testing.assert_allclose(outputs(model), expected, rtol=1e-4, atol=1e-4)
    after = observe(model, ROWS)["b"].channel_highs
    np.testing.assert_allclose(after[1:], after.max(), rtol=1e-4)
    assert after[0] > 100 * before[0]  # held back where a channel has next to nothing
    assert after.max() == pytest.approx(before.max())


@pytest.mark.parametrize("options", [{"activation": "Clip"}, {"groups": 1}, {"second_reader": True}])
def test_what_would_change_the_result_is_left_alone(options: dict[str, Any]) -> None:
    model = make(**options)
    before = model.SerializeToString()
    equalize(model.graph, observe(model, ROWS))
    assert model.SerializeToString() == before
