"""ONNX: fp32, fp16 and int8."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

import onnx
import torch

from limner.export.graph import Graph
from limner.export.silence import silence
from limner.export.targets import Made, Target


class OnnxTarget(Target):
    """ONNX files for ONNX Runtime, OpenVINO, onnxruntime-web and whatever else reads ONNX."""

    name: ClassVar[str] = "onnx"
    precisions: ClassVar[tuple[str, ...]] = ("fp32",)
    suffix: ClassVar[str] = ".onnx"

    def convert(self, graph: Graph, precision: str, out: Path) -> Made:
        translate(graph, out)
        return Made()


def translate(graph: Graph, path: Path) -> None:
    """Write the graph as ONNX fp32, in one file, checked for consistency."""
    onnx.save_model(translated(graph), path)


def translated(graph: Graph) -> Any:
    """The graph as an onnx.ModelProto."""
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
    onnx.checker.check_model(model)
    return model
