"""Makes the study's nets run: each converted for each runtime that is installed here, and checked against PyTorch."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from benchmarks.io_nets import Experiment, Mask
from limner.errors import LimnerError
from limner.export.graphs.graph import IMAGE, Graph
from limner.export.targets.base import make_target
from limner.nets.base import SegmentationNet
from limner.nets.deployed import GraphOptions
from limner.runtimes.loading import load_runtime

Array = NDArray[Any]
OUTPUT = "mask"
RUNTIMES = {"onnxruntime": "onnx", "openvino": "onnx", "litert": "litert", "ncnn": "ncnn", "torch": ""}
"""Runtime -> the target of `limner export` whose files it runs; "" runs the module itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Runner:
    """A net in a runtime, on one thread.

    Attributes:
        image: its input, in the layout it takes.
        run: the image to the raw output; appends to the list when the input was handed over, when the output was
            computed and when it was the caller's.
        to_mask: the raw output to the mask (H, W) bool.
    """

    image: Array
    run: Callable[[Array, list[float]], Array]
    to_mask: Callable[[Array], Mask]


def make_runner(experiment: Experiment, runtime: str, image: Array, folder: Path) -> Runner:
    """The net, converted for ``runtime`` (once, in ``folder``) and loaded.

    Args:
        image: (1, 3, H, W) float32.

    Raises:
        LimnerError: it cannot be converted here, the runtime is not installed, or the mask is not PyTorch's.
    """
    runner = _torch(experiment, image) if not RUNTIMES[runtime] else _converted(experiment, runtime, image, folder)
    with torch.no_grad():
        expected = experiment.to_mask(experiment.module(torch.from_numpy(image)).numpy())
    got = runner.to_mask(runner.run(runner.image, []))
    differing = int((got != expected).sum())
    # Sums of a convolution in another order may fall on the other side of the threshold.
    if differing > 1e-3 * expected.size:
        raise LimnerError(f"{runtime}: the mask of {experiment.name!r} differs from PyTorch's in {differing} pixels")
    return runner


def _torch(experiment: Experiment, image: Array) -> Runner:
    torch.set_num_threads(1)

    def run(image: Array, laps: list[float]) -> Array:
        with torch.inference_mode():
            tensor = torch.from_numpy(image)
            laps.append(time.perf_counter())
            result = experiment.module(tensor)
            laps.append(time.perf_counter())
            array: Array = result.numpy()
            laps.append(time.perf_counter())
        return array

    return Runner(image=image, run=run, to_mask=experiment.to_mask)


def _converted(experiment: Experiment, runtime: str, image: Array, folder: Path) -> Runner:
    target = make_target(RUNTIMES[runtime])
    folder.mkdir(parents=True, exist_ok=True)
    graph = Graph(
        name=experiment.stem,
        net=SegmentationNet(),  # it is none of Limner's: targets convert the module
        module=experiment.module,
        reference=experiment.module,
        inputs={IMAGE: torch.from_numpy(image)},
        output_names=(OUTPUT,),
        options=GraphOptions(),
        size_divisor=1,
        workspace=folder,
    )
    path = folder / target.file_name(experiment.stem, "fp32")
    made = target.convert(graph, "fp32", path)
    loaded = load_runtime(path, runtime=runtime, threads=1)
    given, wanted = made.names.get(IMAGE, IMAGE), made.names.get(OUTPUT, OUTPUT)
    last = made.layout == "NHWC"

    def run(image: Array, laps: list[float]) -> Array:
        return loaded.run({given: image}, laps=laps)[wanted]

    def to_mask(output: Array) -> Mask:
        return experiment.to_mask(output.transpose(0, 3, 1, 2) if last else output)

    laid_out = np.ascontiguousarray(image.transpose(0, 2, 3, 1)) if last else image
    return Runner(image=laid_out, run=run, to_mask=to_mask)
