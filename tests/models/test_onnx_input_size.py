"""A .onnx net with folded enlargement sizes at another input size, edited without the package onnx."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from limner.errors import ModelError
from limner.models.catalogue import find_model
from limner.models.onnx_input_size import decode, encode, with_input_size
from limner.runtimes.onnx_runtime import OnnxRuntime


def folded_net(side: int, *, sizes: tuple[int, int] | None = None) -> bytes:
    """Half, then back: the enlargement's sizes are [N, C] of the graph and a constant, as PyTorch exports them."""
    onnx = pytest.importorskip("onnx")
    helper, proto = onnx.helper, onnx.TensorProto
    kernel = np.random.default_rng(0).normal(size=(2, 3, 3, 3)).astype(np.float32)
    constant = onnx.numpy_helper.from_array(np.array(sizes or (side, side), np.int64))
    other = onnx.numpy_helper.from_array(np.array([side], np.int64))
    nodes = [
        helper.make_node("Conv", ["x", "w"], ["c"], kernel_shape=[3, 3], pads=[1] * 4),
        helper.make_node("MaxPool", ["c"], ["p"], kernel_shape=[2, 2], strides=[2, 2]),
        helper.make_node("Shape", ["p"], ["shape"]),
        helper.make_node("Slice", ["shape", "zero", "two"], ["start"]),
        helper.make_node("Constant", [], ["sizes"], value=constant),
        helper.make_node("Constant", [], ["unrelated"], value=other),
        helper.make_node("Concat", ["start", "sizes"], ["all"], axis=0),
        helper.make_node("Resize", ["p", "", "", "all"], ["big"], mode="linear"),
        helper.make_node("Sigmoid", ["big"], ["alpha"]),
        helper.make_node("Cast", ["unrelated"], ["number"], to=proto.FLOAT),
        helper.make_node("Add", ["alpha", "number"], ["sum"]),
    ]
    arrays = {"w": kernel, "zero": np.array([0]), "two": np.array([2])}
    graph = helper.make_graph(
        nodes,
        "net",
        [helper.make_tensor_value_info("x", proto.FLOAT, [1, 3, side, side])],
        [helper.make_tensor_value_info(name, proto.FLOAT, [1, 2, side, side]) for name in ("sum", "alpha")],
        [onnx.numpy_helper.from_array(array, name) for name, array in arrays.items()],
        value_info=[helper.make_tensor_value_info("p", proto.FLOAT, [1, 2, side // 2, side // 2])],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
    model.ir_version = 8
    data: bytes = model.SerializeToString()
    return data


def run(data: bytes, path: Path, image: Any) -> Any:
    path.write_bytes(data)
    runtime = OnnxRuntime(path, threads=1)
    return runtime, runtime.run({"x": image})


def test_it_is_the_net_that_was_exported_at_that_size(tmp_path: Path) -> None:
    image = np.random.default_rng(1).random((1, 3, 48, 48), np.float32)
    runtime, got = run(
        with_input_size(folded_net(64), old=(64, 64), new=(48, 48), output="alpha"), tmp_path / "a.onnx", image
    )
    _, expected = run(folded_net(48), tmp_path / "b.onnx", image)
    assert [(info.name, info.shape) for info in runtime.outputs] == [("alpha", (1, 2, 48, 48))]
    assert runtime.inputs[0].shape == (1, 3, 48, 48)
    np.testing.assert_array_equal(got["alpha"], expected["alpha"])


def test_constants_that_are_no_sizes_stay(tmp_path: Path) -> None:
    image = np.zeros((1, 3, 48, 48), np.float32)
    _, got = run(with_input_size(folded_net(64), old=(64, 64), new=(48, 48), output="sum"), tmp_path / "a.onnx", image)
    np.testing.assert_allclose(got["sum"], 64.5)


def test_one_side_alone(tmp_path: Path) -> None:
    image = np.random.default_rng(1).random((1, 3, 48, 96), np.float32)
    runtime, got = run(with_input_size(folded_net(64), old=(64, 64), new=(48, 96)), tmp_path / "a.onnx", image)
    assert {info.name: info.shape for info in runtime.outputs} == {"sum": (1, 2, 48, 96), "alpha": (1, 2, 48, 96)}
    assert got["alpha"].shape == (1, 2, 48, 96)


@pytest.mark.parametrize("name", ["fast", "video", "tiny", "quality"])
def test_shipped_nets_at_their_other_sizes_are_those_of_pytorch(name: str, tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    from limner.export.source import load_source
    from limner.media.images import read_image
    from limner.samples import PORTRAIT
    from limner.segment.preprocess import Preprocessor

    source = load_source(name, None)
    card = source.card
    assert card is not None
    assert len(card.input.other_sizes) >= 3
    model, photo = find_model(name).path.read_bytes(), read_image(PORTRAIT).pixels
    previous = np.zeros(photo.shape[:2], np.float32)
    for size in card.input.other_sizes:
        path = tmp_path / "sized.onnx"
        path.write_bytes(with_input_size(model, old=card.input.size, new=size))
        runtime = OnnxRuntime(path, threads=1)
        own = replace(card, input=replace(card.input, size=size, other_sizes=()))
        feeds = Preprocessor(own, runtime.inputs[0]).feeds(photo, previous)
        with torch.no_grad():
            expected = torch.sigmoid(source.net(torch.from_numpy(feeds["image"]))).numpy()
        assert 0.1 < (expected > 0.5).mean() < 0.9
        np.testing.assert_allclose(runtime.run(feeds)["alpha"], expected, atol=2e-3)


@pytest.mark.parametrize(
    ("data", "new", "output", "says"),
    [
        (lambda: folded_net(64), 48, "beta", "it has no output 'beta'"),
        (lambda: folded_net(64, sizes=(63, 64)), 48, "alpha", "an enlargement to 64x63 has no whole size"),
        (lambda: folded_net(64, sizes=(0, 64)), 48, "alpha", "the size of an enlargement is none"),
        (lambda: folded_net(64, sizes=(64, 1 << 62)), 48, "alpha", "the size of an enlargement is none"),
        (lambda: folded_net(64)[:-9], 48, "alpha", "cannot be given the input size 48x48"),
        (lambda: b"\x0f\x01", 48, "alpha", "unknown wire type 7"),
        (lambda: b"", 48, "alpha", "it is not a .onnx model"),
    ],
)
def test_what_cannot_be_scaled(data: Any, new: int, output: str, says: str) -> None:
    with pytest.raises(ModelError, match=says):
        with_input_size(data(), old=(64, 64), new=(new, new), output=output)


def test_messages_survive_decoding() -> None:
    data = folded_net(64)
    assert encode(decode(data)) == data
    assert encode([(3, 0, 300), (1, 5, b"abcd"), (2, 2, b"")]) == b"\x18\xac\x02\x0dabcd\x12\x00"
