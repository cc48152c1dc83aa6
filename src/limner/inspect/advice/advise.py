"""All advice on one model file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from limner.errors import ModelError
from limner.inspect.advice import channel_rules, operator_rules
from limner.inspect.advice.finding import Finding
from limner.inspect.advice.layers import LayerGraph
from limner.inspect.advice.number_rules import half_precision
from limner.inspect.advice.ranges import Feeds, Range, measure_ranges
from limner.inspect.advice.reading import read_layers

_ORDER = ("change", "know", "fine")


def advise(path: str | Path, feeds: Sequence[Feeds] | str, *, size: tuple[int, int] | None = None) -> list[Finding]:
    """What would make a .onnx or .tflite file run better, what matters most first.

    Args:
        feeds: every input by name, one mapping a run, to measure activations with; or why there are none.
        size: (height, width) of the input image, for files that leave it open.

    Raises:
        ModelError: the file is no such model.
        MissingExtraError: the package that reads it is not installed.
    """
    graph = read_layers(path, size=size)
    ranges = _ranges(path, graph, feeds)
    findings = [
        *_open_shapes(graph),
        channel_rules.padded_channels(graph),
        channel_rules.tensor_cores(graph),
        channel_rules.ends(graph),
        operator_rules.moving(graph),
        operator_rules.pads(graph),
        operator_rules.order(graph),
        operator_rules.costly(graph),
        operator_rules.kernels(graph),
        operator_rules.mobile_gpu(graph),
        operator_rules.edge_tpu(graph),
        operator_rules.webgpu(graph),
        *half_precision(graph, ranges),
    ]
    return sorted((item for item in findings if item is not None), key=lambda item: _ORDER.index(item.level))


def _ranges(path: str | Path, graph: LayerGraph, feeds: Sequence[Feeds] | str) -> dict[str, Range] | str:
    if isinstance(feeds, str) or not graph.floats:
        return feeds if isinstance(feeds, str) else {}
    try:
        return measure_ranges(path, graph, feeds)
    except ModelError as error:  # such as operators that only their maker's runtime has; the rest can be told
        return str(error)


def _open_shapes(graph: LayerGraph) -> list[Finding]:
    if graph.macs is not None:
        return []
    text = "shapes are open, so that shares cannot be told, and GPU delegates, the Edge TPU and CoreML want them fixed"
    return [Finding(level="know", topic="shapes", text=f"{text}: export with a fixed size")]
