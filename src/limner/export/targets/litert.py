"""LiteRT (.tflite) for phones, browsers and small boards: fp32, fp16, dynamic, int8, and int8 with float ends."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import ClassVar

from limner.errors import OptionError
from limner.export.checks.edge_tpu import check_edge_tpu
from limner.export.graphs.graph import IMAGE, Graph
from limner.export.targets.base import Made, Target
from limner.export.toolchains.known import LITERT
from limner.kinds import TFLITE


class LiteRtTarget(Target):
    """.tflite files, NHWC, with the graph's names.

    fp16 stores weights in half; dynamic stores those of convolutions as int8 and quantises what they multiply while it
    runs; int8 is whole, ends included, as accelerators want it; int8-float-io has float inputs and outputs around that,
    as browsers want it. All weights in int8 have a scale for each channel. The note of int8 says what an Edge TPU runs.
    Nets that take a picture alone and give one mask have metadata, so that MediaPipe's image segmenter takes the file.
    """

    name: ClassVar[str] = "litert"
    precisions: ClassVar[tuple[str, ...]] = ("fp32", "fp16", "dynamic", "int8", "int8-float-io")
    rounded: ClassVar[tuple[str, ...]] = ("int8-float-io",)
    suffix: ClassVar[str] = TFLITE

    def convert(self, graph: Graph, precision: str, out: Path) -> Made:
        if graph.options.dynamic != "none":
            raise OptionError(f"‹dynamic› {graph.options.dynamic}: LiteRT files have fixed sizes; leave it out of them")
        turned = graph.options.layout == "NCHW"
        flags = ["--channels-last"] if turned else []
        whole = graph.workspace / f"{graph.name}.float.tflite"
        ends = ["--inputs", ",".join(graph.input_names), "--outputs", ",".join(graph.output_names)]
        if graph.rounded:
            LITERT.run("litert.py", graph.float_weights_file(), out, *ends, *flags, "--rounded")
            _describe(graph, out)
            return Made(layout="NHWC")
        if not whole.is_file():
            LITERT.run("litert.py", graph.program_file(), whole, *ends, *flags)
        if precision == "fp32":
            shutil.copyfile(whole, out)
        else:
            arguments: list[str | Path] = [whole, out, "--precision", precision, *flags]
            if precision.startswith("int8"):
                arguments += ["--calibration", graph.calibration_file(precision)]
                arguments += ["--ranges", graph.workspace / f"{graph.name}.litert.ranges"]
            LITERT.run("litert_quantize.py", *arguments)
        if precision != "int8":  # whose ends are integers, which MediaPipe takes for bytes of a picture
            _describe(graph, out)
        notes = (check_edge_tpu(out).summary(),) if precision == "int8" else ()
        return Made(layout="NHWC", notes=notes)


def _describe(graph: Graph, out: Path) -> None:
    """Add what MediaPipe's image segmenter wants to know, where that can run the net."""
    activations = {"sigmoid": "none", "logits": "sigmoid"}
    one_mask = graph.options.output == "sigmoid" or graph.net.classes == 1
    if graph.input_names != (IMAGE,) or graph.options.output not in activations or not one_mask:
        return
    about = {
        "name": graph.name,
        "description": "Finds people; a mask of one channel",
        "input": {"name": IMAGE, "mean": [0.0], "std": [1.0 if graph.options.uint8_input else 255.0]},
        "output": {
            "name": graph.output_names[0],
            "labels": ["person"],
            "activation": activations[graph.options.output],
        },
    }
    spec = graph.workspace / f"{out.name}.about.json"
    spec.write_text(json.dumps(about), encoding="utf-8")
    LITERT.run("tflite_metadata.py", out, spec)
