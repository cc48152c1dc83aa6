"""Graphs for tests of the TensorFlow targets, made, run and compared; and nets that converters stumble over."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from limner.export.graphs.graph import Graph, make_graph
from limner.export.targets.base import Execution, Target
from limner.nets import make_net
from limner.nets.base import SegmentationNet
from limner.nets.deployed import GraphOptions
from small_nets import small_net

SIZE = (32, 48)


def graph(folder: Path, net: SegmentationNet | None = None, size: tuple[int, int] = SIZE, **options: Any) -> Graph:
    net = net or small_net()
    return make_graph(net.eval(), name="small", size=size, workspace=folder, options=GraphOptions(**options))


def feeds(graph: Graph, count: int = 3) -> list[dict[str, NDArray[Any]]]:
    """Random inputs as the graph takes them."""
    rng = np.random.default_rng(0)

    def one(example: torch.Tensor) -> NDArray[Any]:
        noise = rng.random(example.shape, np.float32)
        return (255 * noise).astype(np.uint8) if example.dtype == torch.uint8 else noise

    return [{name: one(example) for name, example in graph.inputs.items()} for _ in range(count)]


def turned(array: NDArray[Any], graph: Graph) -> NDArray[Any]:
    return np.ascontiguousarray(array.transpose(0, 2, 3, 1)) if graph.options.layout == "NCHW" else array


def differences(graph: Graph, done: Execution, given: list[dict[str, NDArray[Any]]]) -> dict[str, float]:
    """Mean absolute difference from PyTorch of each output, whose type and shape must be the graph's."""
    found: dict[str, list[float]] = {name: [] for name in graph.output_names}
    for row, outputs in zip(given, done.outputs, strict=True):
        assert set(outputs) == set(graph.output_names)
        for name, value in graph.torch_outputs(row).items():
            expected = turned(value, graph)
            assert outputs[name].shape == expected.shape
            found[name].append(float(np.abs(outputs[name].astype(float) - expected).mean()))
    return {name: float(np.mean(values)) for name, values in found.items()}


def made_and_run(target: Target, graph: Graph, precision: str, out: Path) -> dict[str, float]:
    made = target.convert(graph, precision, out)
    assert made.layout == "NHWC"
    given = feeds(graph)
    done = target.execute(out, [{name: turned(value, graph) for name, value in row.items()} for row in given])
    assert done.load_ms is not None
    assert done.load_ms > 0
    assert done.latency_ms > 0
    return differences(graph, done, given)


def stumbling_block(folder: Path, case: str) -> Graph:
    """A graph of one of ``STUMBLING_BLOCKS``."""
    name, options, size = STUMBLING_BLOCKS[case]
    torch.manual_seed(0)
    return graph(folder, make_net(name, **options), size)


STUMBLING_BLOCKS: dict[str, tuple[str, dict[str, Any], tuple[int, int]]] = {
    "align_corners, pooling spread out again, dilation": ("deeplab_v3plus", {"quant_friendly": False}, (65, 65)),
    "hard-swish": ("mobile_unet", {"encoder": "mobilenet_v3_small"}, (64, 96)),
}
KINDS: dict[str, tuple[dict[str, int], dict[str, Any]]] = {
    "plain": ({}, {}),
    "open batch": ({}, {"dynamic": "batch", "output": "logits"}),
    "state, NHWC, bytes": ({"in_channels": 4}, {"layout": "NHWC", "uint8_input": True}),
    "argmax": ({"classes": 3, "person_class": 2}, {"output": "argmax"}),
    "packed": ({}, {"output": "packed"}),
}
"""Options of the small net, and of its graph."""
