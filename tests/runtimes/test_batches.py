"""Several images a call: the same outputs as alone, or one by one with the reason."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from limner.models.catalogue import find_model
from limner.runtimes.auto import smooth_noise
from limner.runtimes.base import Runtime
from limner.runtimes.batches import load_for_batches
from limner.segment.example import example_inputs


def calls(runtime: Runtime, count: int) -> list[dict[str, np.ndarray]]:
    first = smooth_noise(runtime)
    return [{name: np.roll(values, 7 * index, axis=2) for name, values in first.items()} for index in range(count)]


@pytest.mark.parametrize(
    ("runtime", "how"), [("auto", "batch"), ("openvino:requests=2", "requests"), ("openvino", "one by one")]
)
def test_every_call_gets_its_own_outputs(runtime: str, how: str) -> None:
    if "openvino" in runtime:
        pytest.importorskip("openvino")
    found = find_model("tiny")
    loaded = load_for_batches(found.path, runtime=runtime, threads=1, example=example_inputs(found.card))
    assert loaded.how == how
    assert bool(loaded.why) == (how == "one by one")
    several = calls(loaded.runtime, 3)
    for own, together in zip(several, loaded.run(several), strict=True):
        (alone,) = loaded.run([own])
        np.testing.assert_allclose(together["alpha"], alone["alpha"], atol=1e-5)
        assert together["alpha"].shape == alone["alpha"].shape


def mixing_net(path: Path) -> Path:
    """Takes from every image the mean over its batch: what is folded in somewhere may do as much."""
    onnx = pytest.importorskip("onnx")
    helper, proto = onnx.helper, onnx.TensorProto
    nodes = [
        helper.make_node("ReduceMean", ["x"], ["mean"], axes=[0], keepdims=1),
        helper.make_node("Sub", ["x", "mean"], ["alpha"]),
    ]
    graph = helper.make_graph(
        nodes,
        "net",
        [helper.make_tensor_value_info("x", proto.FLOAT, [1, 3, 8, 8])],
        [helper.make_tensor_value_info("alpha", proto.FLOAT, [1, 3, 8, 8])],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
    model.ir_version = 8
    onnx.save(model, path)
    return path


def test_a_net_that_mixes_the_images_of_a_batch_runs_one_by_one(tmp_path: Path) -> None:
    loaded = load_for_batches(mixing_net(tmp_path / "net.onnx"), threads=1, example=smooth_noise)
    assert loaded.how == "one by one"
    assert "when another one is in its batch" in loaded.why
    assert all(not outputs["alpha"].any() for outputs in loaded.run(calls(loaded.runtime, 2)))


def test_an_open_batch_of_the_file_is_used(make_onnx: Callable[..., Path], tmp_path: Path) -> None:
    path = make_onnx(tmp_path / "net.onnx", batch="n")
    assert load_for_batches(path, threads=1, example=smooth_noise).how == "batch"


def test_a_file_that_takes_one_image_only(make_tflite: Callable[..., Path], tmp_path: Path) -> None:
    pytest.importorskip("ai_edge_litert")
    path = make_tflite(tmp_path / "net.tflite")
    loaded = load_for_batches(path, threads=1, example=smooth_noise)
    assert (loaded.how, loaded.why) == ("one by one", "litert runs it for one image at a time")
