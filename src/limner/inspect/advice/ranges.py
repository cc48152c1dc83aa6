"""Runs a model file with every inner tensor shown, and keeps how large its numbers get."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from limner.errors import ModelError
from limner.inspect.advice.layers import LayerGraph
from limner.inspect.inspection import read_model_file

Feeds = Mapping[str, NDArray[Any]]
_SMALLEST_NORMAL = 2.0**-14


@dataclass(frozen=True, slots=True)
class Range:
    """The numbers of one tensor over all runs.

    Attributes:
        largest: absolute value, of those that are finite.
        rms: root of the mean square.
        subnormal: part of the numbers that are not 0 but below the smallest normal number of half precision.
        largest_sum: absolute value of a channel's sum over the map; 0 where the tensor has not four axes.
        finite: whether all of them are.
    """

    largest: float
    rms: float
    subnormal: float
    largest_sum: float
    finite: bool


def measure_ranges(path: str | Path, graph: LayerGraph, feeds: Sequence[Feeds]) -> dict[str, Range]:
    """Tensor name -> its range, for floating-point outputs of layers and inputs of the net.

    Args:
        graph: the file's, from ``read_layers``.
        feeds: every input by name, one mapping a run.

    Raises:
        ModelError: the file cannot be run on these inputs.
        MissingExtraError: what runs it is not installed.
    """
    path = Path(path)
    kind, data = read_model_file(path)
    names = {*graph.inputs, *(layer.output for layer in graph.layers)}
    run = _run_onnx if kind == "onnx" else _run_tflite
    found: dict[str, list[Range]] = {}
    try:
        for values in run(path, data, names, feeds):
            for name, array in values.items():
                if np.issubdtype(array.dtype, np.floating) and array.size:
                    found.setdefault(name, []).append(_range(array, graph.channel_axis))
    except (RuntimeError, ValueError) as error:
        raise ModelError(
            f"{path}: cannot be run to measure its activations: {str(error).splitlines()[0][:200]}"
        ) from None
    return {name: _widest(ranges) for name, ranges in found.items()}


def _range(array: NDArray[Any], channel_axis: int) -> Range:
    values = array.astype(np.float64)
    finite = np.isfinite(values)
    kept = np.abs(np.where(finite, values, 0.0))
    sums = 0.0
    if values.ndim == 4:
        axes = tuple(axis for axis in (1, 2, 3) if axis != channel_axis)
        sums = float(np.abs(np.where(finite, values, 0.0).sum(axis=axes)).max())
    return Range(
        largest=float(kept.max()),
        rms=float(np.sqrt(np.mean(kept**2))),
        subnormal=float(np.mean((kept > 0) & (kept < _SMALLEST_NORMAL))),
        largest_sum=sums,
        finite=bool(finite.all()),
    )


def _widest(ranges: Sequence[Range]) -> Range:
    return Range(
        largest=max(item.largest for item in ranges),
        rms=max(item.rms for item in ranges),
        subnormal=min(item.subnormal for item in ranges),
        largest_sum=max(item.largest_sum for item in ranges),
        finite=all(item.finite for item in ranges),
    )


def _run_onnx(path: Path, data: bytes, names: set[str], feeds: Sequence[Feeds]) -> Iterator[Feeds]:
    import onnxruntime

    from limner.inspect.inspect_onnx import parse_onnx

    onnx, model = parse_onnx(path, data)
    given = {value.name for value in model.graph.output}
    made = {name for node in model.graph.node for name in node.output}
    model.graph.output.extend(onnx.ValueInfoProto(name=name) for name in sorted(names & made - given))
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.log_severity_level = 4
    try:
        session = onnxruntime.InferenceSession(model.SerializeToString(), options, ["CPUExecutionProvider"])
        outputs = [output.name for output in session.get_outputs()]
        for feed in feeds:
            yield {**feed, **dict(zip(outputs, session.run(None, dict(feed)), strict=True))}
    except Exception as error:  # the runtime's errors have no common base
        raise RuntimeError(str(error)) from None


def _run_tflite(path: Path, data: bytes, names: set[str], feeds: Sequence[Feeds]) -> Iterator[Feeds]:
    from ai_edge_litert.interpreter import Interpreter, OpResolverType

    from limner.inspect.advice.tflite_layers import tensor_names
    from limner.inspect.inspect_tflite import TfliteFile

    interpreter = Interpreter(
        model_content=data,
        experimental_preserve_all_tensors=True,
        experimental_op_resolver_type=OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES,
    )
    interpreter.allocate_tensors()
    by_name = {name: index for index, name in enumerate(tensor_names(TfliteFile(path, data).graph.tensors))}
    details = {detail["name"]: detail["index"] for detail in interpreter.get_input_details()}
    for feed in feeds:
        for name, values in feed.items():
            interpreter.set_tensor(details[name], values)
        interpreter.invoke()
        yield {name: interpreter.get_tensor(by_name[name]) for name in names if name in by_name}
