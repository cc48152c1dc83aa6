"""CoreML (.mlpackage) for Apple's systems, made by coremltools. It is converted here; only Apple's systems run it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

from limner import kinds
from limner.errors import OptionError
from limner.export.graphs.graph import STATE, Graph
from limner.export.targets.base import Execution, Feeds, Made, NotRunHereError, Target
from limner.export.toolchains.known import COREML

STATE_OUT = "state_out"
"""CoreML's own language has the word "state" for something else."""


class CoreMlTarget(Target):
    """ML programs for iOS 17 and macOS 14, in the graph's layout and names (``state`` is ``state_out``).

    fp16 computes in half, as the Neural Engine does; int8 also stores weights in a byte each, with a scale a channel.
    With a uint8 image the input is an image of CoreML's, so that a camera's pixel buffer goes straight in.
    """

    name: ClassVar[str] = "coreml"
    precisions: ClassVar[tuple[str, ...]] = ("fp32", "fp16", "int8")
    suffix: ClassVar[str] = kinds.COREML

    def convert(self, graph: Graph, precision: str, out: Path) -> Made:
        options = graph.options
        if options.dynamic != "none":
            raise OptionError(f"‹dynamic› {options.dynamic}: CoreML files have fixed sizes here; leave it out of them")
        if options.uint8_input and options.layout != "NCHW":
            raise OptionError("‹layout› NHWC: CoreML's images are NCHW; leave it out, or ‹uint8_input›")
        outputs = [STATE_OUT if name == STATE else name for name in graph.output_names]
        arguments: list[str | Path] = [graph.program_file(), out, "--precision", precision]
        COREML.run("coreml.py", *arguments, "--inputs", ",".join(graph.input_names), "--outputs", ",".join(outputs))
        names = {name: new for name, new in zip(graph.output_names, outputs, strict=True) if name != new}
        return Made(names=names)

    def execute(self, path: Path, feeds: Sequence[Feeds]) -> Execution:
        """CoreML runs on Apple's systems only: always NotRunHereError."""
        raise NotRunHereError("CoreML files run on macOS and iOS only")
