"""ONNX at its precisions: half and int8 where they are asked for, the same inputs and outputs in all."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest

from limner.export.graphs.graph import Graph, make_graph
from limner.export.targets.onnx import OnnxTarget
from limner.nets.deployed import GraphOptions
from limner.segment.packed import unpack_mask
from small_graphs import small_graph
from small_nets import small_net


@pytest.fixture(scope="module")
def graph(tmp_path_factory: pytest.TempPathFactory) -> Graph:
    """Bytes in, bits out: casts at both ends."""
    options = GraphOptions(output="packed", uint8_input=True)
    rng = np.random.default_rng(0)
    rows = [{"image": rng.integers(0, 256, (1, 3, 16, 24), np.uint8)} for _ in range(4)]
    folder = tmp_path_factory.mktemp("workspace")
    return make_graph(small_net(), name="s", size=(16, 24), workspace=folder, options=options, calibration=rows)


@pytest.mark.parametrize("precision", OnnxTarget.precisions)
def test_every_precision_takes_bytes_and_gives_bits(graph: Graph, tmp_path: Path, precision: str) -> None:
    target, path = OnnxTarget(), tmp_path / "s.onnx"
    made = target.convert(graph, precision, path)
    assert graph.calibration is not None
    got = target.execute(path, graph.calibration).outputs
    for row, outputs in zip(graph.calibration, got, strict=True):
        expected: dict[str, Any] = graph.torch_outputs(row, reference=True)
        assert outputs["packed"].dtype == np.uint8
        ours, theirs = (unpack_mask(found["packed"][0, 0], width=24) for found in (outputs, expected))
        assert (ours != theirs).mean() <= {"fp32": 0.0, "fp16": 0.01, "int8": 0.05}[precision]
        assert theirs.any()
    model = onnx.load(path).graph
    kinds = {node.op_type for node in model.node}
    halves = [tensor.name for tensor in model.initializer if tensor.data_type == onnx.TensorProto.FLOAT16]
    assert bool(halves) == (precision == "fp16")
    assert ("QuantizeLinear" in kinds) == (precision == "int8")
    assert bool(made.notes) == (precision == "int8")  # the packing stays in float, and it says so


def test_weights_have_a_scale_for_each_channel(graph: Graph, tmp_path: Path) -> None:
    OnnxTarget().convert(graph, "int8", tmp_path / "s.onnx")
    model = onnx.load(tmp_path / "s.onnx").graph
    arrays = {tensor.name: onnx.numpy_helper.to_array(tensor) for tensor in model.initializer}
    first = next(node for node in model.node if node.op_type == "Conv")
    makers = {node.output[0]: node for node in model.node}
    weight, activation = (makers[first.input[index]] for index in (1, 0))
    assert (arrays[weight.input[0]].dtype, arrays[weight.input[1]].shape) == (np.int8, (8,))
    assert arrays[activation.input[2]].dtype == np.uint8


@pytest.mark.parametrize("glare", [1.0, 300.0])
def test_one_odd_photo_does_not_spoil_the_ranges(tmp_path: Path, glare: float) -> None:
    graph = small_graph(tmp_path)
    assert graph.calibration is not None
    usual, odd = graph.calibration[:-1], {"image": graph.calibration[-1]["image"] * np.float32(glare)}
    graph.calibration = [*usual, odd]
    target, path = OnnxTarget(), tmp_path / "small.int8.onnx"
    target.convert(graph, "int8", path)
    model = onnx.load(path).graph
    arrays = {tensor.name: onnx.numpy_helper.to_array(tensor) for tensor in model.initializer}
    (scale,) = (arrays[node.input[1]] for node in model.node if node.input[0] == "image")
    most = [float(row["image"].max()) for row in graph.calibration]
    expected = max(most) if glare == 1 else sum(most) / len(most)
    assert 255 * float(scale) == pytest.approx(expected, rel=0.05)
    said = target.execute(path, usual).outputs
    off = [
        np.abs(out["alpha"] - graph.torch_outputs(row)["alpha"]).mean() for row, out in zip(usual, said, strict=True)
    ]
    assert max(off) < 0.05
