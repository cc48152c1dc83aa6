"""Shuffles of one channel become transposed convolutions that give the same numbers; others stay."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper

from limner.export.graphs.shuffles import convolve_shuffles


def _shuffle(channels: int, block: int, mode: str, *, height: int | str = 5) -> Any:
    graph = helper.make_graph(
        [
            helper.make_node("Relu", ["x"], ["a"]),
            helper.make_node("DepthToSpace", ["a"], ["y"], name="shuffle", blocksize=block, mode=mode),
        ],
        "shuffle",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, channels, height, 7])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, "channels", "height", "width"])],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)


def _run(model: Any, x: np.ndarray) -> Any:
    onnx.checker.check_model(model)
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    return session.run(None, {"x": x})[0]


@pytest.mark.parametrize(
    ("channels", "block", "mode", "height"), [(4, 2, "CRD", 5), (4, 2, "DCR", "h"), (9, 3, "CRD", 5), (16, 4, "DCR", 5)]
)
def test_one_channel_comes_out_the_same_to_the_bit(channels: int, block: int, mode: str, height: int | str) -> None:
    x = np.random.default_rng(0).normal(size=(1, channels, 5, 7)).astype(np.float32)
    model = _shuffle(channels, block, mode, height=height)
    expected = _run(model, x)
    assert convolve_shuffles(model) == 1
    assert [node.op_type for node in model.graph.node] == ["Relu", "ConvTranspose"]
    np.testing.assert_array_equal(_run(model, x), expected)


@pytest.mark.parametrize(("channels", "block"), [(8, 2), (12, 2)])
def test_several_channels_stay_a_shuffle(channels: int, block: int) -> None:
    model = _shuffle(channels, block, "CRD")
    before = model.SerializeToString()
    assert convolve_shuffles(model) == 0
    assert model.SerializeToString() == before
