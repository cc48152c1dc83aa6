"""TensorFlow.js graph models: fp32, and weights kept as fp16, uint16 or uint8."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

from limner.export.graphs.graph import Graph
from limner.export.targets.base import Execution, Feeds, Made, Target
from limner.export.targets.savedmodel import saved_model
from limner.export.toolchains.known import TENSORFLOW
from limner.kinds import TFJS

_KEPT = {"fp32": [], "fp16": ["float16"], "uint16": ["uint16"], "uint8": ["uint8"]}


class TfjsTarget(Target):
    """A folder with model.json, for ``tf.loadGraphModel``. It computes in float32, whatever its weights are kept in."""

    name: ClassVar[str] = "tfjs"
    precisions: ClassVar[tuple[str, ...]] = tuple(_KEPT)
    suffix: ClassVar[str] = TFJS

    def convert(self, graph: Graph, precision: str, out: Path) -> Made:
        TENSORFLOW.run("savedmodel_to_tfjs.py", saved_model(graph), out, *_KEPT[precision])
        return Made(layout="NHWC")

    def execute(self, path: Path, feeds: Sequence[Feeds]) -> Execution:
        """Run it in headless Chromium, in WebAssembly on one thread."""
        from limner.export.browser.run import run_in_browser

        return run_in_browser(path, feeds, runtime="tfjs")
