"""ONNX: fp32, fp16 and int8."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar

import onnx
import torch

from limner.errors import MissingExtraError
from limner.export.graphs.graph import Graph
from limner.export.targets.base import Execution, Feeds, Made, Target
from limner.kinds import ONNX
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
            _save(model, out)
        elif precision == "int8":
            from limner.export.graphs.onnx_int8 import quantize

            return Made(notes=quantize(graph, out))
        elif precision == "fp16":
            _save(_half(translated(graph)), out)
        else:
            translate(graph, out)
        return Made()

    def in_browser(self) -> Target | None:
        return _OnnxInBrowser()


class _OnnxInBrowser(OnnxTarget):
    def execute(self, path: Path, feeds: Sequence[Feeds]) -> Execution:
        """Run the file in onnxruntime-web in headless Chromium, in WebAssembly on one thread."""
        from limner.export.browser.run import run_in_browser

        return run_in_browser(path, feeds, runtime="onnxruntime")


def translate(graph: Graph, path: Path) -> None:
    """Write the graph as ONNX fp32, in one file, checked for consistency."""
    _save(translated(graph), path)


def translated(graph: Graph) -> Any:
    """The graph as an onnx.ModelProto, without the exporter's notes."""
    with silence():
        program = torch.onnx.export(
            graph.exported_program,
            (),
            None,
            input_names=list(graph.input_names),
            output_names=list(graph.output_names),
            dynamo=True,
            optimize=True,
            verbose=False,
        )
    assert program is not None
    model = program.model_proto
    for item in (*model.graph.node, *model.graph.input, *model.graph.output, *model.graph.initializer):
        item.doc_string = ""
        del item.metadata_props[:]
    del model.graph.value_info[:], model.graph.metadata_props[:], model.metadata_props[:]
    return model


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


def _save(model: Any, path: Path) -> None:
    onnx.checker.check_model(model)
    onnx.save_model(model, path)
