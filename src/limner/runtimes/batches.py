"""Several images in one call of a model, where it can take them and gives for each what it gives for it alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from limner.errors import LimnerError
from limner.kinds import ONNX
from limner.runtimes.base import Array, QueueingRuntime, Runtime
from limner.runtimes.loading import AUTO, load_runtime

Call = Mapping[str, Array]
Example = Callable[[Runtime], Mapping[str, Array]]
_ONNXRUNTIME = "onnxruntime"
_TOLERANCE = 1e-4
"""Largest difference between an image's output in a batch and alone, as a share of the output's range."""


@dataclass(frozen=True, slots=True)
class Batching:
    """A loaded model, and how it takes several images.

    Attributes:
        runtime: the model.
        how: "batch", all in one call; "requests", in several calls at once; "one by one".
        why: what keeps it from batches; "" where nothing does.
    """

    runtime: Runtime
    how: str
    why: str = ""

    def run(self, calls: Sequence[Call]) -> list[dict[str, Array]]:
        """The outputs of each call, in their order, as ``Runtime.run`` gives them; errors as there."""
        if len(calls) == 1 or self.how == "one by one":
            return [self.runtime.run(call) for call in calls]
        if isinstance(self.runtime, QueueingRuntime) and self.how == "requests":
            return self.runtime.run_all(list(calls))
        return run_batch(self.runtime, calls)


def run_batch(runtime: Runtime, calls: Sequence[Call]) -> list[dict[str, Array]]:
    """The outputs of calls of one image each, all in one call of a model with an open first axis."""
    joined = {name: np.concatenate([call[name] for call in calls]) for name in calls[0]}
    outputs = runtime.run(joined)
    return [{name: values[index : index + 1] for name, values in outputs.items()} for index in range(len(calls))]


def load_for_batches(
    path: str | Path,
    *,
    runtime: str = AUTO,
    device: str = "cpu",
    threads: int | None = None,
    example: Example,
    **more: Any,
) -> Batching:
    """Load a model so that it takes several images a call.

    A .onnx file that was exported for one image is rewritten in memory, for ONNX Runtime, which "auto" takes for such
    files. What is loaded is tried with two images first: a model whose outputs differ from those it gives alone runs
    one by one.

    Args:
        path, runtime, device, threads: as for ``load_runtime``.
        example: gives one call's inputs for a loaded model.
        more: further arguments of the runtime's class, such as ``resized``.

    Raises:
        LimnerError: as for ``load_runtime``.
    """
    rewritten = Path(path).suffix.lower() == ONNX and runtime.partition(":")[0] in (AUTO, _ONNXRUNTIME)
    loaded = load_runtime(
        path, runtime=_ONNXRUNTIME if rewritten and runtime == AUTO else runtime, device=device, threads=threads,
        example=example, **more,
    )  # fmt: skip
    if isinstance(loaded, QueueingRuntime) and loaded.requests > 1:
        return Batching(loaded, "requests")
    if rewritten and not _is_open(loaded):
        try:
            opened = load_runtime(
                path, runtime=_named(runtime), device=device, threads=threads, open_batch=True, **more
            )
        except LimnerError as error:
            return Batching(loaded, "one by one", str(error))
    else:
        opened = loaded
    if not _is_open(opened):
        return Batching(loaded, "one by one", f"{loaded.name} runs it for one image at a time")
    why = _difference(loaded, opened, example)
    return Batching(loaded, "one by one", why) if why else Batching(opened, "batch")


def _named(runtime: str) -> str:
    return _ONNXRUNTIME if runtime == AUTO else runtime


def _is_open(runtime: Runtime) -> bool:
    return all(len(info.shape) > 1 and info.shape[0] is None for info in (*runtime.inputs, *runtime.outputs))


def _difference(alone: Runtime, together: Runtime, example: Example) -> str:
    """What is wrong with the outputs of two images in a batch beside those of each alone; "" where nothing is."""
    first = example(alone)
    second = {name: np.ascontiguousarray(values[:, ::-1, ::-1]) for name, values in first.items()}
    try:
        wanted = [alone.run(first), alone.run(second)]
        found = run_batch(together, [first, second])
    except (LimnerError, ValueError) as error:
        return f"a batch of two fails: {error}"
    for want, has in zip(wanted, found, strict=True):
        for name, values in want.items():
            if has[name].shape != values.shape:
                return f"output {name!r} of a batch of two has the shape {has[name].shape} for an image"
            expected = values.astype(np.float64)
            apart = float(np.abs(has[name].astype(np.float64) - expected).max())
            if not apart <= _TOLERANCE * max(float(np.ptp(expected)), 1e-3):
                return f"output {name!r} of an image differs by {apart:.2g} when another one is in its batch"
    return ""
