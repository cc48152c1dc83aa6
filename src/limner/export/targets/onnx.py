"""ONNX: fp32, fp16 and int8."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from limner.errors import MissingExtraError
from limner.export.graphs.graph import Graph, save, translated
from limner.export.targets.base import Execution, Feeds, Made, Target
from limner.kinds import ONNX
from limner.runtimes.cpu import int8_kernels
from limner.silence import silence

_LARGEST_HALF = float(np.finfo(np.float16).max)
_LEAST_HALF = float(np.finfo(np.float16).smallest_subnormal)


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
            half, notes = _half(_quick(graph))
            save(half, out)
            return Made(notes=notes)
        else:
            save(_quick(graph), out)
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


def _quick(graph: Graph) -> Any:
    from limner.export.graphs.shuffles import convolve_shuffles

    model = translated(graph)
    convolve_shuffles(model)
    return model


def _half(model: Any) -> tuple[Any, tuple[str, ...]]:
    """The model in half precision, and what stays in float, in words."""
    try:
        from onnxconverter_common import float16
    except ImportError:
        raise MissingExtraError("ONNX fp16", "onnxconverter-common", "export") from None
    large, readers = _too_large(model.graph)
    with silence():
        # The converter would turn what a cast gives to half but leave the cast's own type as it is. Named one by one:
        # told of the whole kind, it never ends, because it puts casts around them.
        casts = [node.name for node in model.graph.node if node.op_type == "Cast"]
        half = float16.convert_float_to_float16(
            model,
            min_positive_val=_LEAST_HALF,  # it would raise what is smaller than its own limit, and lower what is larger
            max_finite_val=_LARGEST_HALF,
            keep_io_types=True,
            node_block_list=[*casts, *readers],
        )
    why = f"what reads {', '.join(large)} stays in float: half precision ends at {_LARGEST_HALF:.0f}"
    return half, (why,) if large else ()


def _too_large(graph: Any) -> tuple[list[str], list[str]]:
    """Names of the stored numbers that half precision cannot say, and of the nodes that hold or read them."""
    from onnx import TensorProto, numpy_helper

    tensors = {tensor.name: tensor for tensor in graph.initializer}
    for node in graph.node:
        if node.op_type == "Constant":
            tensors |= {name: item.t for name in node.output for item in node.attribute if item.name == "value"}
    large = []
    for name, tensor in tensors.items():
        values = numpy_helper.to_array(tensor) if tensor.data_type == TensorProto.FLOAT else np.zeros(0)
        if (np.isfinite(values) & (np.abs(values) > _LARGEST_HALF)).any():
            large.append(name)
    readers = [node.name for node in graph.node if set(large) & {*node.input, *node.output}]
    return large, readers
