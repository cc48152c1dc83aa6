"""TensorFlow SavedModel: fp32, NHWC."""

from __future__ import annotations

import json
import shutil
import statistics
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import ClassVar

import numpy as np

from limner.errors import OptionError
from limner.export.graphs.graph import Graph, make_graph
from limner.export.targets.base import Execution, Feeds, Made, Target
from limner.export.toolchains.known import TENSORFLOW
from limner.kinds import SAVEDMODEL


class SavedModelTarget(Target):
    """A folder for TensorFlow Serving and everything else of that family; its signature is ``serving_default``.

    Inputs and outputs have the graph's names. They are NHWC whatever the graph is: TensorFlow's CPU kernels want that.
    """

    name: ClassVar[str] = "savedmodel"
    precisions: ClassVar[tuple[str, ...]] = ("fp32",)
    suffix: ClassVar[str] = SAVEDMODEL

    def convert(self, graph: Graph, precision: str, out: Path) -> Made:
        shutil.copytree(saved_model(graph), out)
        return Made(layout="NHWC")

    def execute(self, path: Path, feeds: Sequence[Feeds]) -> Execution:
        """Run it in TensorFlow, in the toolchain's process, on one thread."""
        with TemporaryDirectory(prefix="limner-savedmodel-") as folder:
            given, found = Path(folder, "inputs.npz"), Path(folder, "outputs.npz")
            arrays = {name: np.concatenate([row[name] for row in feeds]) for name in feeds[0]}
            np.savez(given, **arrays)  # type: ignore[arg-type]
            told = json.loads(TENSORFLOW.run("run_savedmodel.py", path, given, found).strip().splitlines()[-1])
            with np.load(found) as file:
                outputs = dict(file)
        times = told["times_ms"]
        return Execution(
            outputs=[{name: array[i : i + 1] for name, array in outputs.items()} for i in range(len(feeds))],
            load_ms=told["load_ms"],
            latency_ms=statistics.median(times[1:] or times),
            runtime="tensorflow",
        )


def saved_model(graph: Graph) -> Path:
    """The graph as a SavedModel in the workspace; made once.

    Raises:
        OptionError: the graph's size is open, which onnx2tf translates wrongly.
        ToolchainError: the toolchain cannot be made, or failed.
    """
    if graph.options.dynamic in ("size", "both"):
        raise OptionError(
            f"‹dynamic› {graph.options.dynamic}: files of TensorFlow have a fixed size; use ‹dynamic› batch or none"
        )
    folder = graph.workspace / f"{graph.name}.savedmodel"
    if not folder.is_dir():
        # onnx2tf turns NCHW into NHWC better than it keeps NHWC
        first = replace(graph.options, layout="NCHW")
        if graph.options != first:
            name = f"{graph.name}.nchw"
            graph = make_graph(graph.net, name=name, size=graph.size, workspace=graph.workspace, options=first)
        model = graph.workspace / f"{graph.name}.tensorflow.onnx"
        shutil.copyfile(graph.onnx_file(), model)
        aside = folder.with_suffix(".part")
        TENSORFLOW.run("onnx_to_savedmodel.py", model, aside)
        aside.rename(folder)
    return folder
