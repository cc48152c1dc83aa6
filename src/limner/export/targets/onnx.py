"""ONNX: fp32, fp16 and int8."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar

from limner.errors import MissingExtraError
from limner.export.graphs.graph import Graph, save, translated
from limner.export.targets.base import Execution, Feeds, Made, Target
from limner.kinds import ONNX
from limner.runtimes.cpu import int8_kernels
from limner.silence import silence


class OnnxTarget(Target):
    """ONNX files for ONNX Runtime, OpenVINO, onnxruntime-web and whatever else reads ONNX.

    Inputs and outputs are float32 (or uint8, int32) in every precision.
    """

    name: ClassVar[str] = "onnx"
    precisions: ClassVar[tuple[str, ...]] = ("fp32", "fp16", "int8")
    rounded: ClassVar[tuple[str, ...]] = ("int8",)
    suffix: ClassVar[str] = ONNX

    def convert(self, graph: Graph, precision: str, out: Path) -> Made:
        if graph.rounded:
            from limner.export.graphs.qdq_graph import for_int8_kernels

            model = translated(graph)
            for_int8_kernels(model)
            save(model, out)
        elif precision == "int8":
            from limner.export.graphs.onnx_int8 import quantize

            return Made(notes=quantize(graph, out))
        elif precision == "fp16":
            save(_half(translated(graph)), out)
        else:
            save(translated(graph), out)
        return Made()

    def kernels(self, precision: str) -> str:
        return int8_kernels() if precision == "int8" else ""

    def exactly(self, precision: str) -> Target | None:
        return _OnnxExactly() if precision == "int8" else None

    def in_browser(self) -> Target | None:
        return _OnnxInBrowser()


class _OnnxExactly(OnnxTarget):
    runtime: ClassVar[str] = "onnxruntime:exact"

    def kernels(self, precision: str) -> str:
        return "exact"


class _OnnxInBrowser(OnnxTarget):
    def kernels(self, precision: str) -> str:
        return ""

    def execute(self, path: Path, feeds: Sequence[Feeds]) -> Execution:
        """Run the file in onnxruntime-web in headless Chromium, in WebAssembly on one thread."""
        from limner.export.browser.run import run_in_browser

        return run_in_browser(path, feeds, runtime="onnxruntime")


def _half(model: Any) -> Any:
    try:
        from onnxconverter_common import float16
    except ImportError:
        raise MissingExtraError("ONNX fp16", "onnxconverter-common", "export") from None
    with silence():
        # The converter would turn what a cast gives to half but leave the cast's own type as it is. Named one by one:
        # told of the whole kind, it never ends, because it puts casts around them.
        casts = [node.name for node in model.graph.node if node.op_type == "Cast"]
        return float16.convert_float_to_float16(model, keep_io_types=True, node_block_list=casts)
