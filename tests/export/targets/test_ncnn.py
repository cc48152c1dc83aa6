"""ncnn files compute what PyTorch computes, under the graph's names."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from limner.errors import OptionError, ToolchainError
from limner.export.targets.ncnn import NcnnTarget, rewritten
from limner.export.toolchains.known import PNNX
from limner.nets.deployed import GraphOptions
from limner.runtimes.loading import load_runtime
from small_graphs import SIZE, needs, small_graph

PARAM = """7767517
3 3
Input                    in0                      0 1 in0
Convolution              conv_0                   1 1 in0 1 0=8 1=3 6=216
Sigmoid                  sigmoid_1                1 1 1 out0
"""


def test_blobs_get_the_graphs_names_and_inputs_their_sizes() -> None:
    text = rewritten(PARAM, {"in0": "image", "out0": "alpha"}, {"image": (1, 3, 32, 48)})
    assert text.splitlines()[2:] == [
        "Input image 0 1 image 0=48 1=32 2=3",
        "Convolution conv_0 1 1 image 1 0=8 1=3 6=216",
        "Sigmoid sigmoid_1 1 1 1 alpha",
    ]


def test_a_net_without_an_output_is_one_line() -> None:
    with pytest.raises(ToolchainError, match=r"^ncnn: pnnx made a net without state$"):
        rewritten(PARAM, {"in0": "image", "out0": "alpha", "out1": "state"}, {})


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (GraphOptions(dynamic="batch"), "dynamic batch: ncnn has no batch"),
        (GraphOptions(uint8_input=True), "uint8_input: ncnn takes floats only"),
        (GraphOptions(output="argmax"), "output argmax: ncnn gives floats only"),
    ],
)
def test_what_ncnn_has_not_is_one_line(tmp_path: Path, options: GraphOptions, told: str) -> None:
    with pytest.raises(OptionError, match=f"^{told}"):
        NcnnTarget().convert(small_graph(tmp_path, options=options), "fp32", tmp_path / "small.ncnn.param")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("channels", "options"),
    [(3, GraphOptions(dynamic="size")), (4, GraphOptions(output="logits")), (4, GraphOptions(layout="NHWC"))],
    ids=["open", "state", "NHWC"],
)
def test_both_precisions_agree_with_pytorch(tmp_path: Path, channels: int, options: GraphOptions) -> None:
    pytest.importorskip("ncnn")
    needs(PNNX)
    graph = small_graph(tmp_path, options=options, in_channels=channels)
    rng = np.random.default_rng(2)
    rows, columns = (2 * SIZE[0], 2 * SIZE[1]) if options.dynamic == "size" else SIZE
    feeds = {
        name: rng.random((1, 3 if name == "image" else 1, rows, columns)).astype(np.float32)
        for name in graph.input_names
    }
    turned = {name: value.transpose(0, 2, 3, 1) for name, value in feeds.items()}
    truth = graph.torch_outputs(turned if options.layout == "NHWC" else feeds, reference=True)
    if options.layout == "NHWC":
        truth = {name: value.transpose(0, 3, 1, 2) for name, value in truth.items()}
    target = NcnnTarget()
    for precision, limit in (("fp32", 1e-5), ("fp16", 2e-3)):
        out = tmp_path / target.file_name("small", precision)
        assert target.convert(graph, precision, out).layout == "NCHW"
        runtime = load_runtime(out, threads=1)
        if options.dynamic == "none":
            assert all(info.shape[2:] == SIZE for info in runtime.inputs)
        found = runtime.run(feeds)
        for name in graph.output_names:
            assert found[name].shape == truth[name].shape
            assert np.abs(found[name] - truth[name]).mean() < limit
