"""OpenVINO IR: fp32, fp16 weights, and int8 by NNCF."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from limner.errors import MissingExtraError, ModelError
from limner.export.graphs.graph import Graph
from limner.export.targets.base import Made, Target
from limner.kinds import OPENVINO
from limner.runtimes.cpu import int8_kernels
from limner.runtimes.openvino_resizes import ignored
from limner.silence import silence


class OpenVinoTarget(Target):
    """A ``.xml`` file and its weights, a ``.bin`` of the same stem.

    fp16 stores weights in half precision; what they are computed in is the runtime's choice. int8 quantizes weights by
    channel and activations, both by NNCF, on the graph's calibration photos.
    """

    name: ClassVar[str] = "openvino"
    precisions: ClassVar[tuple[str, ...]] = ("fp32", "fp16", "int8")
    suffix: ClassVar[str] = OPENVINO

    def kernels(self, precision: str) -> str:
        return int8_kernels() if precision == "int8" else ""

    def convert(self, graph: Graph, precision: str, out: Path) -> Made:
        try:
            import openvino
        except ImportError:
            raise MissingExtraError("exporting to OpenVINO", "openvino", "openvino") from None
        if problems := ignored(graph.onnx_file().read_bytes()):
            raise ModelError(f"{out.name}: OpenVINO would ignore {', '.join(problems)} and give other results")
        with silence():
            model = openvino.convert_model(str(graph.onnx_file()))
        if precision == "int8":
            model = _quantized(model, graph)
        openvino.save_model(model, str(out), compress_to_fp16=precision == "fp16")
        return Made()


def _quantized(model: Any, graph: Graph) -> Any:
    rows = graph.calibration_for("int8")
    with silence():
        try:
            import nncf
        except ImportError:
            raise MissingExtraError("OpenVINO int8", "nncf", "nncf") from None
        samples = [{name: np.asarray(value) for name, value in row.items()} for row in rows]
        return nncf.quantize(
            model,
            nncf.Dataset(samples),
            preset=nncf.QuantizationPreset.MIXED,
            subset_size=len(samples),
            # All weights in 7 bits: kernels of x86 CPUs without VNNI overflow with more. It costs no quality.
            advanced_parameters=nncf.AdvancedQuantizationParameters(overflow_fix=nncf.OverflowFix.ENABLE),
        )
