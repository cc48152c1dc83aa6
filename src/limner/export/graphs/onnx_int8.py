"""ONNX int8: static quantization as QDQ pairs, u8 activations, s8 weights with a scale for each channel."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnxruntime import InferenceSession
from onnxruntime.quantization import (
    CalibrationDataReader,
    CalibrationMethod,
    QuantFormat,
    QuantType,
    quantize_static,
)
from onnxruntime.quantization.shape_inference import quant_pre_process

from limner.export.graphs.equalize import equalize
from limner.export.graphs.graph import Feeds, Graph
from limner.export.graphs.int8_ranges import gates, logits, observe, ranges, swishes, weight_scales
from limner.nets.deployed import PACKING
from limner.silence import silence


class _Reader(CalibrationDataReader):  # type: ignore[misc]
    def __init__(self, rows: Sequence[Feeds]) -> None:
        self._rows: Iterator[Feeds] = iter(rows)

    def get_next(self) -> dict[str, Any] | None:
        row = next(self._rows, None)
        return None if row is None else dict(row)


def quantize(graph: Graph, out: Path) -> tuple[str, ...]:
    """Write the graph at ``out`` in int8; returns what was left in float, in words.

    Ranges of activations are found on the graph's calibration photos: the means over photos of each one's smallest and
    largest value, or the extremes of all, whichever differs less from the float graph on these photos. Before that,
    channels between two convolutions get one range (``equalize``). Gates of one value a channel and the insides of
    swishes stay in float. Weights are scaled so that no kernel's sum of two products overflows (``pair_bound``): the
    file gives the same on x86 processors with VNNI and without. Inputs and outputs stay as they are.

    Raises:
        OptionError: there are no calibration photos.
    """
    rows = graph.calibration_for("int8")
    prepared = graph.workspace / "int8.onnx"
    with silence():
        quant_pre_process(str(graph.onnx_file()), str(prepared), skip_symbolic_shape=True)
        model = onnx.load(prepared)
        for number, node in enumerate(model.graph.node):
            node.name = node.name or f"{node.op_type}_{number}"
        equalize(model.graph, observe(model, rows))
        onnx.save(model, prepared)
        seen, packing = observe(model, rows), _packing(model.graph)
        apart = [*packing, *gates(model.graph, seen), *logits(model.graph), *swishes(model.graph)]
        scales, best = weight_scales(model.graph), float("inf")
        for means in (True, False):
            path = graph.workspace / f"int8_{'means' if means else 'extremes'}.onnx"
            _quantize(prepared, path, rows[:1], apart, _overrides(ranges(model.graph, seen, means=means), scales))
            if (lost := _error(prepared, path, rows)) < best:
                best = lost
                shutil.copyfile(path, out)
    return ("the packing of mask bits stays in float, where it is exact",) if packing else ()


def _quantize(source: Path, out: Path, rows: Sequence[Feeds], apart: list[str], overrides: dict[str, Any]) -> None:
    """``rows`` are not looked at, since all ranges are given, but the library wants some."""
    quantize_static(
        str(source),
        str(out),
        _Reader(rows),
        quant_format=QuantFormat.QDQ,
        per_channel=True,
        reduce_range=True,  # of weights without a scale of their own: matrices
        activation_type=QuantType.QUInt8,
        weight_type=QuantType.QInt8,
        calibrate_method=CalibrationMethod.MinMax,
        nodes_to_exclude=apart,
        extra_options={"TensorQuantOverrides": overrides},
    )


def _overrides(
    activations: Mapping[str, tuple[float, float]], weights: Mapping[str, NDArray[np.float32]]
) -> dict[str, list[dict[str, Any]]]:
    """What the library is to take instead of its own ranges and scales."""
    found: dict[str, list[dict[str, Any]]]
    found = {name: [{"rmin": np.float32(low), "rmax": np.float32(high)}] for name, (low, high) in activations.items()}
    for name, scales in weights.items():
        found[name] = [{"axis": 0, "scale": scale, "zero_point": np.int8(0)} for scale in scales]
    return found


def _error(source: Path, quantized: Path, rows: Sequence[Feeds]) -> float:
    """How far the first output is off: the share of integers that differ, or the mean difference of real numbers as a
    share of their mean distance from their mean."""
    one, other = (InferenceSession(str(path), providers=["CPUExecutionProvider"]) for path in (source, quantized))
    off = spread = 0.0
    for row in rows:
        expected, said = (np.asarray(session.run(None, dict(row))[0]) for session in (one, other))
        if np.issubdtype(expected.dtype, np.integer):
            off, spread = off + float((expected != said).mean()), spread + 1.0
        else:
            off += float(np.abs(expected - said).mean())
            spread += float(np.abs(expected - expected.mean()).mean())
    return off / max(spread, 1e-6)


def _packing(graph: Any) -> list[str]:
    """Names of the nodes that pack bits, from the threshold on: int8 does not hold their sums of powers of two."""
    makers = {name: node for node in graph.node for name in node.output}
    found = []
    for node in graph.node:
        if node.op_type == "Conv" and node.input[1].startswith(f"{PACKING}."):
            found.append(node.name)
            before = makers.get(node.input[0])
            while before is not None and before.op_type in ("Pad", "Floor", "Clip"):
                found.append(before.name)
                before = makers.get(before.input[0])
    return found
