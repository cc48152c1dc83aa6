"""LiteRT files of every precision compute what PyTorch computes, under the graph's names."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import torch

from limner.errors import OptionError
from limner.export.graphs.graph import make_graph
from limner.export.targets.litert import LiteRtTarget
from limner.export.toolchains.environments import WORKERS
from limner.export.toolchains.known import LITERT
from limner.inspect.inspection import inspect_model
from limner.nets.deployed import GraphOptions
from limner.runtimes.litert import LiteRtRuntime
from small_graphs import SIZE, needs, small_graph
from small_nets import small_net

MEAN_ERRORS = {"fp32": 1e-6, "fp16": 1e-3, "dynamic": 5e-3, "int8": 8e-2, "int8-float-io": 8e-2}


@pytest.fixture(scope="module")
def tflite_file() -> ModuleType:
    """The workers' module of that name, which needs no toolchain of its own."""
    pytest.importorskip("ai_edge_litert")
    spec = importlib.util.spec_from_file_location("tflite_file", WORKERS / "tflite_file.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_open_sizes_are_refused_in_one_line(tmp_path: Path) -> None:
    graph = small_graph(tmp_path, options=GraphOptions(dynamic="size"))
    with pytest.raises(OptionError, match=r"^dynamic size: LiteRT files have fixed sizes"):
        LiteRtTarget().convert(graph, "fp32", tmp_path / "small.tflite")


def test_int8_without_photos_is_one_line(tmp_path: Path) -> None:
    graph = small_graph(tmp_path)
    graph.calibration = None
    (tmp_path / "small.float.tflite").touch()
    with pytest.raises(OptionError, match=r"^precision int8: needs real photos"):
        LiteRtTarget().convert(graph, "int8", tmp_path / "small.int8.tflite")


def test_ends_are_named_after_the_signature_and_weights_behind_the_flatbuffer_come_in(
    make_tflite, tflite_file: ModuleType, tmp_path: Path
) -> None:
    path = make_tflite(tmp_path / "plain.tflite")
    runtime = LiteRtRuntime(path, threads=1)
    x = np.random.default_rng(0).random((1, 32, 32, 3), np.float32)
    before = runtime.run({"image": x})["alpha"]

    schema = tflite_file.schema
    model = tflite_file.read(path)
    signature = schema.SignatureDefT()
    signature.signatureKey, signature.subgraphIndex = b"serving_default", 0
    signature.inputs, signature.outputs = [], []
    for kind, name, index in (("inputs", "args_0", 0), ("outputs", "output_0", model.subgraphs[0].outputs[0])):
        entry = schema.TensorMapT()
        entry.name, entry.tensorIndex = name.encode(), int(index)
        getattr(signature, kind).append(entry)
    model.signatureDefs = [signature]
    model.subgraphs[0].tensors[int(model.subgraphs[0].operators[0].outputs[0])].name = b"matte"
    weights = model.buffers[1].data
    with pytest.raises(SystemExit, match="other outputs than alpha, state"):
        tflite_file.name_ends(model, ["picture"], ["alpha", "state"])
    model.signatureDefs[0].inputs[0].name = b"args_0"
    tflite_file.name_ends(model, ["picture"], ["matte"])
    tflite_file.write(model, tmp_path / "named.tflite")
    named = LiteRtRuntime(tmp_path / "named.tflite", threads=1)
    assert [info.name for info in named.inputs + named.outputs] == ["picture", "matte"]
    np.testing.assert_array_equal(named.run({"picture": x})["matte"], before)

    # the same weights behind the flatbuffer
    model.buffers[1].data, model.buffers[1].size = None, len(weights)
    model.buffers[1].offset = 1 << 16
    tflite_file.write(model, tmp_path / "large.tflite")
    data = (tmp_path / "large.tflite").read_bytes()
    assert len(data) < 1 << 16
    (tmp_path / "large.tflite").write_bytes(data.ljust(1 << 16, b"\0") + bytes(weights))
    tflite_file.write(tflite_file.read(tmp_path / "large.tflite"), tmp_path / "whole.tflite")
    whole = LiteRtRuntime(tmp_path / "whole.tflite", threads=1)
    np.testing.assert_array_equal(whole.run({"picture": x})["matte"], before)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("channels", "options"),
    [
        (3, GraphOptions()),
        (4, GraphOptions(layout="NHWC")),
        (4, GraphOptions(uint8_input=True)),
        (3, GraphOptions(output="argmax")),
    ],
    ids=["plain", "state", "uint8", "argmax"],
)
def test_every_precision_agrees_with_pytorch(tmp_path: Path, channels: int, options: GraphOptions) -> None:
    needs(LITERT)
    graph = small_graph(tmp_path, options=options, in_channels=channels)
    rng = np.random.default_rng(2)
    feeds = {
        name: (rng.random(tuple(example.shape)) * (255 if example.dtype.itemsize == 1 else 1)).astype(
            example.numpy().dtype
        )
        for name, example in graph.inputs.items()
    }
    truth = graph.torch_outputs(feeds, reference=True)
    if options.layout == "NCHW":
        feeds = {name: np.ascontiguousarray(value.transpose(0, 2, 3, 1)) for name, value in feeds.items()}
        truth = {name: value.transpose(0, 2, 3, 1) for name, value in truth.items()}
    target, sizes = LiteRtTarget(), {}
    for precision in target.precisions:
        out = tmp_path / target.file_name("small", precision)
        assert target.convert(graph, precision, out).layout == "NHWC"
        sizes[precision] = out.stat().st_size
        hints = inspect_model(out).inputs[0].hints  # MediaPipe's segmenter takes nets of one picture and one mask
        described = (channels, options.output) == (3, "sigmoid") and precision != "int8"
        assert (hints is not None and hints.std == (255.0,)) == described
        runtime = LiteRtRuntime(out, threads=1)
        assert {info.name: info.shape for info in runtime.inputs} == {
            name: (1, *SIZE, 3 if name == "image" else 1) for name in graph.input_names
        }
        found = runtime.run(feeds)
        assert found.keys() == set(graph.output_names)
        for name in graph.output_names:
            error = np.abs(found[name].astype(np.float32) - truth[name])
            if found[name].dtype == np.int32:
                assert (error > 0).mean() < 0.05
            else:
                assert error.mean() < MEAN_ERRORS[precision], (precision, name)
    # Half the bits are half the weights only where there are many: the small net is mostly its description.
    assert len(set(sizes.values())) == len(sizes)


@pytest.mark.slow
def test_a_net_that_was_trained_rounded_keeps_its_ranges(tmp_path: Path) -> None:
    needs(LITERT)
    pytest.importorskip("torchao")
    from limner.export.targets.onnx import OnnxTarget
    from limner.nets.quantized.net import QuantizedNet
    from limner.nets.quantized.options import QuantizeRecipe
    from limner.runtimes.onnx_runtime import OnnxRuntime

    net, pictures = QuantizedNet(small_net(), 32, QuantizeRecipe()), torch.rand(8, 3, 32, 32)
    net.calibrate([pictures])
    graph = make_graph(net, name="small", size=(32, 32), workspace=tmp_path)
    assert graph.rounded
    image = np.ascontiguousarray(pictures[:1].numpy())
    truth = graph.torch_outputs({"image": image}, reference=True)["alpha"]
    OnnxTarget().convert(graph, "int8", tmp_path / "small.int8.onnx")
    other = OnnxRuntime(tmp_path / "small.int8.onnx").run({"image": image})["alpha"]
    (precision,) = LiteRtTarget.rounded
    LiteRtTarget().convert(graph, precision, tmp_path / "small.tflite")
    runtime = LiteRtRuntime(tmp_path / "small.tflite", threads=1)
    assert [(info.name, info.dtype) for info in runtime.inputs] == [("image", np.float32)]
    found = runtime.run({"image": np.ascontiguousarray(image.transpose(0, 2, 3, 1))})["alpha"].transpose(0, 3, 1, 2)
    assert truth.std() > 0.05
    for result in (found, other):
        assert np.abs(result - truth).mean() < 0.02
