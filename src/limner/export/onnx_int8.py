"""ONNX int8: static quantization as QDQ pairs, u8 activations, s8 weights with a scale for each channel."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import onnx
from onnxruntime.quantization import (
    CalibrationDataReader,
    CalibrationMethod,
    QuantFormat,
    QuantType,
    quantize_static,
)
from onnxruntime.quantization.shape_inference import quant_pre_process

from limner.export.graph import PACKING, Feeds, Graph
from limner.export.silence import silence


class _Reader(CalibrationDataReader):  # type: ignore[misc]
    def __init__(self, rows: Sequence[Feeds]) -> None:
        self._rows: Iterator[Feeds] = iter(rows)

    def get_next(self) -> dict[str, Any] | None:
        row = next(self._rows, None)
        return None if row is None else dict(row)


def quantize(graph: Graph, out: Path) -> tuple[str, ...]:
    """Write the graph at ``out`` in int8; returns what was left in float, in words.

    Calibration takes the smallest and largest values on the graph's calibration photos (percentiles and entropy took
    five times as long and gave masks no better). Inputs and outputs stay as they are.

    Raises:
        OptionError: there are no calibration photos.
    """
    rows = graph.calibration_for("int8")
    prepared = graph.workspace / "int8.onnx"
    with silence():
        quant_pre_process(str(graph.onnx_file()), str(prepared), skip_symbolic_shape=True)
        packing = _packing(onnx.load(prepared).graph)
        quantize_static(
            str(prepared),
            str(out),
            _Reader(rows),
            quant_format=QuantFormat.QDQ,
            per_channel=True,
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
            calibrate_method=CalibrationMethod.MinMax,
            nodes_to_exclude=packing,
        )
    return ("the packing of mask bits stays in float, where it is exact",) if packing else ()


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
