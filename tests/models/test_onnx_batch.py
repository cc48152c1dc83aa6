""".onnx nets that were exported for one image take several, edited without the package onnx."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from limner.errors import ModelError
from limner.models.catalogue import find_model
from limner.models.onnx_batch import with_open_batch
from limner.runtimes.onnx_runtime import OnnxRuntime

SIDE = 32


def folded_net(*, initializer: bool = True, first: int = 1, batch: int | str = 1) -> bytes:
    """Half, then back, then flattened: sizes and shape are constants with the batch in them."""
    onnx = pytest.importorskip("onnx")
    helper, proto, array = onnx.helper, onnx.TensorProto, onnx.numpy_helper.from_array
    kernel = np.random.default_rng(0).normal(size=(2, 3, 3, 3)).astype(np.float32)
    sizes = np.array([first, 2, SIDE, SIDE], np.int64)
    nodes = [] if initializer else [helper.make_node("Constant", [], ["sizes"], value=array(sizes))]
    nodes += [
        helper.make_node("Conv", ["x", "w"], ["c"], kernel_shape=[3, 3], pads=[1] * 4),
        helper.make_node("MaxPool", ["c"], ["p"], kernel_shape=[2, 2], strides=[2, 2]),
        helper.make_node("Resize", ["p", "", "", "sizes"], ["big"], mode="linear"),
        helper.make_node("Resize", ["c", "", "", "sizes"], ["same"], mode="linear"),
        helper.make_node("Add", ["big", "same"], ["sum"]),
        helper.make_node("Reshape", ["sum", "flat"], ["alpha"]),
    ]
    arrays = {"w": kernel, "flat": np.array([1, 2, SIDE * SIDE], np.int64)} | ({"sizes": sizes} if initializer else {})
    graph = helper.make_graph(
        nodes,
        "net",
        [helper.make_tensor_value_info("x", proto.FLOAT, [batch, 3, SIDE, SIDE])],
        [helper.make_tensor_value_info("alpha", proto.FLOAT, [batch, 2, SIDE * SIDE])],
        [array(values, name) for name, values in arrays.items()],
        value_info=[helper.make_tensor_value_info("p", proto.FLOAT, [1, 2, SIDE // 2, SIDE // 2])],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
    model.ir_version = 8
    data: bytes = model.SerializeToString()
    return data


def run(data: bytes, path: Path, images: Any) -> Any:
    path.write_bytes(data)
    runtime = OnnxRuntime(path, threads=1)
    return runtime, runtime.run({"x": images})["alpha"]


@pytest.mark.parametrize("initializer", [True, False], ids=["initializer", "operator"])
def test_each_image_of_a_batch_gives_what_it_gives_alone(tmp_path: Path, initializer: bool) -> None:
    images = np.random.default_rng(1).random((3, 3, SIDE, SIDE), np.float32)
    before = folded_net(initializer=initializer)
    runtime, got = run(with_open_batch(before), tmp_path / "batch.onnx", images)
    assert runtime.inputs[0].shape == (None, 3, SIDE, SIDE)
    assert runtime.outputs[0].shape == (None, 2, SIDE * SIDE)
    for index in range(3):
        _, expected = run(before, tmp_path / "alone.onnx", images[index : index + 1])
        np.testing.assert_allclose(got[index], expected[0], atol=1e-6)


def test_an_open_batch_stays_open(tmp_path: Path) -> None:
    opened = with_open_batch(folded_net(batch="n"))
    assert run(opened, tmp_path / "a.onnx", np.zeros((2, 3, SIDE, SIDE), np.float32))[1].shape[0] == 2


@pytest.mark.parametrize("name", ["tiny", "selfie", "fast", "video", "quality"])
def test_shipped_nets(tmp_path: Path, name: str) -> None:
    found = find_model(name)
    alone, together = OnnxRuntime(found.path, threads=1), OnnxRuntime(found.path, threads=1, open_batch=True)
    shape = alone.inputs[0].shape[1:]
    images = np.random.default_rng(2).random((3, *shape), np.float32)
    got = together.run({"image": images})["alpha"]
    expected = np.concatenate([alone.run({"image": images[i : i + 1]})["alpha"] for i in range(3)])
    np.testing.assert_allclose(got, expected, atol=1e-5)


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (lambda: folded_net(batch=2), "'x' has a first axis of 2, not of 1"),
        (lambda: folded_net()[:-9], "cannot be given batches"),
        (lambda: b"", "it is not a .onnx model"),
    ],
)
def test_what_cannot_be_opened(data: Any, says: str) -> None:
    with pytest.raises(ModelError, match=says):
        with_open_batch(data())
