"""ONNX at its precisions: half and int8 where they are asked for, the same inputs and outputs in all."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import onnx
import pytest
import torch
from torch import Tensor, nn

from limner.export.graphs.graph import Graph, make_graph
from limner.export.targets.onnx import OnnxTarget
from limner.export.targets.openvino import OpenVinoTarget
from limner.nets.base import SegmentationNet
from limner.nets.deployed import GraphOptions
from limner.nets.quantized.pairs import overflows
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
    if glare > 1:
        assert 255 * float(scale) == pytest.approx(sum(most) / len(most), rel=0.05)
    said = target.execute(path, usual).outputs
    off = [
        np.abs(out["alpha"] - graph.torch_outputs(row)["alpha"]).mean() for row, out in zip(usual, said, strict=True)
    ]
    assert max(off) < 0.05


class Bright(SegmentationNet):
    """Convolutions of weights that are nearly all alike, and bright between: as near to an overflow as nets come."""

    size_divisor: ClassVar[int] = 8

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.layers = nn.Sequential(
            nn.Conv2d(3, 16, 3, padding=1), nn.ReLU(), nn.Conv2d(16, 16, 1), nn.ReLU(), nn.Conv2d(16, 1, 1)
        )
        with torch.no_grad():
            for layer in self.layers:
                if isinstance(layer, nn.Conv2d):
                    layer.weight.copy_((1 + 0.05 * torch.randn_like(layer.weight)) / layer.weight[0].numel())
                    layer.bias.zero_()  # type: ignore[union-attr]
            self.layers[4].weight *= 4
            self.layers[4].bias.fill_(-2)  # type: ignore[union-attr]

    def run(self, x: Tensor, *, heads: bool) -> tuple[Tensor, dict[str, Tensor]]:
        return self.layers(x), {}


RUN = """
import sys, numpy, openvino
core = openvino.Core()
model = core.compile_model(sys.argv[1], "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
numpy.save(sys.argv[3], numpy.stack([model({0: row})[0] for row in numpy.load(sys.argv[2])]))
"""


@pytest.mark.parametrize("precision", ["onnx", "openvino"])
def test_processors_without_vnni_give_the_same(tmp_path: Path, precision: str) -> None:
    """OpenVINO's kernels can be held to AVX2, where sums of two 8-bit products overflow; ONNX Runtime's do the same."""
    pytest.importorskip("openvino")
    rng = np.random.default_rng(0)
    rows = [{"image": (0.5 + 0.5 * rng.random((1, 3, 16, 24))).astype(np.float32)} for _ in range(6)]
    graph = make_graph(Bright(), name="b", size=(16, 24), workspace=tmp_path, calibration=rows)
    if precision == "onnx":
        path = tmp_path / "b.int8.onnx"
        OnnxTarget().convert(graph, "int8", path)
    else:
        pytest.importorskip("nncf")
        path = tmp_path / "b.int8.xml"
        OpenVinoTarget().convert(graph, "int8", path)
    np.save(tmp_path / "rows.npy", np.stack([row["image"] for row in rows]))
    said = []
    for number, environment in enumerate(({}, {"ONEDNN_MAX_CPU_ISA": "AVX2"})):
        out = tmp_path / f"{number}.npy"
        command = [sys.executable, "-c", RUN, str(path), str(tmp_path / "rows.npy"), str(out)]
        subprocess.run(command, env={**os.environ, **environment}, check=True, capture_output=True)
        said.append(np.load(out))
    truth = np.stack([graph.torch_outputs(row)["alpha"] for row in rows])
    assert np.abs(said[0] - truth).mean() < 0.02
    np.testing.assert_array_equal(said[1], said[0])


def test_weights_of_int8_files_cannot_overflow(tmp_path: Path) -> None:
    rows = [{"image": np.random.default_rng(0).random((1, 3, 16, 24)).astype(np.float32)}]
    graph = make_graph(Bright(), name="b", size=(16, 24), workspace=tmp_path, calibration=rows)
    OnnxTarget().convert(graph, "int8", tmp_path / "b.onnx")
    arrays = [onnx.numpy_helper.to_array(tensor) for tensor in onnx.load(tmp_path / "b.onnx").graph.initializer]
    weights = [torch.from_numpy(array.copy()) for array in arrays if array.dtype == np.int8 and array.ndim == 4]
    assert len(weights) == 2  # the last one, which gives logits, stays in float
    assert not any(map(overflows, weights))


def test_exact_numbers_are_those_of_the_kernels_within_a_level(tmp_path: Path) -> None:
    rows = [{"image": np.random.default_rng(seed).random((1, 3, 16, 24)).astype(np.float32)} for seed in range(4)]
    graph = make_graph(Bright(), name="b", size=(16, 24), workspace=tmp_path, calibration=rows)
    target, path = OnnxTarget(), tmp_path / "b.onnx"
    target.convert(graph, "int8", path)
    exactly = target.exactly("int8")
    assert exactly is not None
    assert target.exactly("fp16") is None
    ours, theirs = (made.execute(path, rows) for made in (target, exactly))
    for kernels, exact in zip(ours.outputs, theirs.outputs, strict=True):
        assert np.abs(kernels["alpha"] - exact["alpha"]).max() <= 2 / 255


class Scaled(SegmentationNet):
    """What a convolution gives, times ``factor`` and divided by it again."""

    size_divisor: ClassVar[int] = 8

    def __init__(self, factor: float) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.conv = nn.Conv2d(3, 1, 1)
        self.register_buffer("factor", torch.tensor([[[[factor]]]]))

    def run(self, x: Tensor, *, heads: bool) -> tuple[Tensor, dict[str, Tensor]]:
        return self.conv(x) * self.factor / self.factor, {}


@pytest.mark.parametrize(("factor", "noted"), [(20_000.0, False), (65_504.0, False), (1e6, True), (1e-7, False)])
def test_half_files_hold_all_that_half_precision_can_say(tmp_path: Path, factor: float, noted: bool) -> None:
    graph = make_graph(Scaled(factor), name="s", size=(16, 24), workspace=tmp_path)
    row = {"image": np.random.default_rng(0).random((1, 3, 16, 24)).astype(np.float32)}
    target, path = OnnxTarget(), tmp_path / "s.onnx"
    made = target.convert(graph, "fp16", path)
    stored = [onnx.numpy_helper.to_array(tensor) for tensor in onnx.load(path).graph.initializer]
    factors = [float(array.reshape(-1)[0]) for array in stored if array.size == 1 and array.ndim == 4]
    assert factors == [pytest.approx(factor, rel=0.2)]
    assert bool(made.notes) is noted
    if noted:
        assert "stays in float: half precision ends at 65504" in made.notes[0]
        assert "factor" in made.notes[0]
    if factor >= 1:
        (got,) = target.execute(path, [row]).outputs
        np.testing.assert_allclose(got["alpha"], graph.torch_outputs(row)["alpha"], atol=2e-3)
