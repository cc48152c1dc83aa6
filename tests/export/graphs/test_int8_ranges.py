"""Ranges of tensors are those seen on photos, or those operators promise; what must not be rounded is named."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

pytest.importorskip("onnx")

import onnx
from onnx import TensorProto, helper, numpy_helper

from limner.export.graphs.int8_ranges import gates, logits, observe, ranges, swishes, weight_scales


@pytest.fixture
def model() -> Any:
    """Hard swish of 20 x - 10, times a gate from its mean, then a sigmoid."""
    node = helper.make_node
    stored = {
        "w": np.full((2, 1, 1, 1), 20, np.float32),
        "b": np.full(2, -10, np.float32),
        "wg": np.eye(2, dtype=np.float32)[:, :, None, None],
        "half": np.float32(0.5),
    }
    nodes = [
        node("Conv", ["image", "w", "b"], ["before"], name="conv"),
        node("HardSigmoid", ["before"], ["inner"], name="inner", alpha=1 / 6, beta=0.5),
        node("Mul", ["inner", "before"], ["swish"], name="product"),
        node("GlobalAveragePool", ["swish"], ["mean"], name="pool"),
        node("Conv", ["mean", "wg"], ["gate_logits"], name="gate"),
        node("Sigmoid", ["gate_logits"], ["gate_value"], name="gate_sigmoid"),
        node("Mul", ["swish", "gate_value"], ["gated"], name="gating"),
        node("Sigmoid", ["gated"], ["out"], name="last"),
    ]
    graph = helper.make_graph(
        nodes,
        "net",
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, [1, 1, 4, 4])],
        [helper.make_tensor_value_info("out", TensorProto.FLOAT, None)],
        [numpy_helper.from_array(np.asarray(value), name) for name, value in stored.items()],
    )
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
    made.ir_version = 8
    return onnx.shape_inference.infer_shapes(made)


def rows(*levels: float) -> list[dict[str, np.ndarray]]:
    """Pictures of which one half is black."""
    found = []
    for level in levels:
        image = np.zeros((1, 1, 4, 4), np.float32)
        image[..., 2:] = level
        found.append({"image": image})
    return found


def test_means_and_extremes_over_photos(model: Any) -> None:
    seen = observe(model, rows(0.6, 0.8, 1.0))
    np.testing.assert_allclose(seen["before"].highs, [2, 6, 10], atol=1e-5)
    for means, high in ((True, 6), (False, 10)):
        found = ranges(model.graph, seen, means=means)
        low, top = found["before"]
        assert top == pytest.approx(high, abs=1e-5)
        assert low == pytest.approx(-3)  # a hard swish gives 0 below, so nothing below is worth a level
        assert found["out"] == found["gate_value"] == (0.0, 1.0)  # sigmoids, whatever photos show
        assert found["image"] == pytest.approx((0, 0.8 if means else 1.0))


def test_zero_is_always_in_the_range(model: Any) -> None:
    seen = observe(model, [{"image": np.full((1, 1, 4, 4), 0.9, np.float32)}])
    assert ranges(model.graph, seen, means=True)["before"] == pytest.approx((0, 8))


def test_gates_and_the_insides_of_swishes_are_named(model: Any) -> None:
    seen = observe(model, rows(0.5))
    assert gates(model.graph, seen) == ["gate", "gate_sigmoid"]
    assert swishes(model.graph) == ["inner", "product"]


def test_what_computes_logits_is_named_back_to_the_convolution(model: Any) -> None:
    node = helper.make_node
    last = model.graph.node[-1]
    last.input[0] = "doubled"
    del model.graph.node[-1]
    model.graph.node.extend(
        [
            node("Conv", ["gated", "wg"], ["head"], name="head"),
            node("Add", ["head", "head"], ["doubled"], name="twice"),
            node("Sigmoid", ["doubled"], ["out"], name="last"),
        ]
    )
    # Back to the head's and the gate's convolution; what is before these is rounded.
    assert sorted(logits(model.graph)) == ["gate", "head", "last", "twice"]


def test_scales_of_weights_are_those_of_pairs(model: Any) -> None:
    scales = weight_scales(model.graph)
    np.testing.assert_allclose(scales["w"], 20 / 127)
    np.testing.assert_allclose(scales["wg"], 1 / 127)
