"""ONNX int8: static quantization as QDQ pairs, u8 activations, s8 weights with a scale for each channel."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnxruntime import InferenceSession
from onnxruntime.quantization import (
    CalibrationDataReader,
    CalibrationMethod,
    QuantFormat,
    QuantType,
    quantize_static,
)
from onnxruntime.quantization.shape_inference import quant_pre_process

from limner.export.graphs.graph import Feeds, Graph
from limner.nets.deployed import PACKING
from limner.silence import silence

_TOO_MUCH = 0.05
"""Of ``_error``, above which other ranges are tried. Nets that lose 0.1 points of mIoU are at 0.02."""


class _Reader(CalibrationDataReader):  # type: ignore[misc]
    def __init__(self, rows: Sequence[Feeds]) -> None:
        self._rows: Iterator[Feeds] = iter(rows)

    def get_next(self) -> dict[str, Any] | None:
        row = next(self._rows, None)
        return None if row is None else dict(row)


def quantize(graph: Graph, out: Path) -> tuple[str, ...]:
    """Write the graph at ``out`` in int8; returns what was left in float, in words.

    Ranges are the smallest and largest values on the graph's calibration photos. Where those cost too much, as after
    unbounded activations of which one photo makes far more than all others, the means over photos of each one's
    smallest and largest are tried, and what differs less from the float graph on these photos is kept. Percentiles and
    entropy took five times as long and gave masks no better. Inputs and outputs stay as they are.

    Raises:
        OptionError: there are no calibration photos.
    """
    rows = graph.calibration_for("int8")
    prepared = graph.workspace / "int8.onnx"
    with silence():
        quant_pre_process(str(graph.onnx_file()), str(prepared), skip_symbolic_shape=True)
        packing = _packing(onnx.load(prepared).graph)
        _quantize(prepared, out, rows, packing, means=False)
        lost = _error(prepared, out, rows)
        if lost > _TOO_MUCH:
            other = graph.workspace / "int8_means.onnx"
            _quantize(prepared, other, rows, packing, means=True)
            if _error(prepared, other, rows) < lost:
                shutil.copyfile(other, out)
    return ("the packing of mask bits stays in float, where it is exact",) if packing else ()


def _quantize(source: Path, out: Path, rows: Sequence[Feeds], packing: list[str], *, means: bool) -> None:
    quantize_static(
        str(source),
        str(out),
        _Reader(rows),
        quant_format=QuantFormat.QDQ,
        per_channel=True,
        activation_type=QuantType.QUInt8,
        weight_type=QuantType.QInt8,
        calibrate_method=CalibrationMethod.MinMax,
        nodes_to_exclude=packing,
        extra_options={"CalibMovingAverage": True} if means else {},
    )


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
