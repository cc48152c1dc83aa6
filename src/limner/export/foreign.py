"""Models of TensorFlow that others made, as .onnx files that Limner runs: frozen graphs, SavedModels, TensorFlow.js."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from limner.errors import LimnerError, ModelError
from limner.export.toolchains.known import TENSORFLOW
from limner.inspect.drafting import Draft, draft_card
from limner.inspect.inspect_tensorflow import FROZEN, SAVED
from limner.inspect.inspect_tfjs import GRAPH_MODEL
from limner.inspect.inspection import inspect_model
from limner.inspect.report import Inspection, TensorReport
from limner.models.pair import publish
from limner.runtimes.base import Array
from limner.runtimes.loading import load_runtime

_KINDS = {FROZEN: "frozen", SAVED: "savedmodel", GRAPH_MODEL: "tfjs"}
_SIDE = 256
"""Pixels of a side that the file leaves open, for the comparison."""
_MOST = 1e-3
"""Largest difference from TensorFlow, as a share of the range of an output, that a conversion may have."""


@dataclass(frozen=True, slots=True)
class Converted:
    """A model that was made a .onnx file.

    Attributes:
        out: the file.
        draft: of its card, which lies beside it; None where none can be drafted.
        problem: why, in a sentence; "" where one was.
        error: largest difference from TensorFlow, on noise; None where TensorFlow cannot run the model.
    """

    out: Path
    draft: Draft | None
    problem: str
    error: float | None


def convert(source: Path, out: Path) -> Converted:
    """Make a .onnx file of a model of TensorFlow, in the toolchain ``tensorflow``, and compare the two.

    The file and its card appear together, or not at all.

    Raises:
        ModelError: the source is no such model, or the file computes something else than it.
        ToolchainError: the toolchain cannot be made, or cannot convert the model.
    """
    report = inspect_model(source)
    if report.format not in _KINDS:
        kind = report.format if report.format.startswith("a ") else f"a .{report.format.lower()} file"
        raise ModelError(f"{source}: is {kind}; what can be converted is {', '.join(_KINDS)}")
    with TemporaryDirectory(prefix=".limner-", dir=out.parent) as folder:
        made = Path(folder, out.name)
        results = _convert(report, made, Path(folder))
        error = None if results is None else _difference(made, *results)
        draft, problem = _draft(made)
        if draft is None:
            made.replace(out)
        else:
            publish(made, out, draft.card)
    return Converted(out, draft, problem, error)


def _convert(report: Inspection, made: Path, folder: Path) -> tuple[Mapping[str, Array], Mapping[str, Array]] | None:
    """Write the file; what TensorFlow was given and gave, by name, or None where it cannot run the model."""
    about: dict[str, Any] = {
        "inputs": [tensor.name for tensor in report.inputs],
        "outputs": [tensor.name for tensor in report.outputs],
        "signature": report.metadata.get("signature", ""),
        "tag": report.metadata.get("tags", "").partition(",")[0],
    }
    feeds = {tensor.name: _noise(tensor) for tensor in report.inputs}
    spec, given, found = folder / "about.json", folder / "feeds.npz", folder / "results.npz"
    spec.write_text(json.dumps(about), encoding="utf-8")
    np.savez(given, **feeds)  # type: ignore[arg-type]
    TENSORFLOW.run("tensorflow_to_onnx.py", _KINDS[report.format], report.file, made, spec, given, found)
    if not found.is_file():
        return None
    with np.load(found) as file:
        return feeds, dict(file)


def _noise(tensor: TensorReport) -> Array:
    shape = [size or (1 if axis == 0 else 3 if axis == 3 else _SIDE) for axis, size in enumerate(tensor.shape)]
    values = np.random.default_rng(0).random(shape)
    if "int" in tensor.dtype:
        values = values * 255
    return values.astype(tensor.dtype if tensor.dtype not in ("unknown", "bfloat16", "string") else "float32")


def _difference(made: Path, feeds: Mapping[str, Array], wanted: Mapping[str, Array]) -> float:
    runtime = load_runtime(made, runtime="onnxruntime", threads=1)
    found = runtime.run(dict(feeds))
    worst = 0.0
    for name, want in wanted.items():
        if name not in found or found[name].shape != want.shape:
            raise ModelError(f"{made.name}: its output {name!r} is missing, or has another shape than TensorFlow's")
        apart = float(np.abs(found[name].astype(np.float64) - want).max(initial=0.0))
        if not apart <= _MOST * max(1.0, float(np.ptp(want))):
            raise ModelError(
                f"{made.name}: its output {name!r} is {apart:.2g} away from TensorFlow's; nothing is written"
            )
        worst = max(worst, apart)
    return worst


def _draft(made: Path) -> tuple[Draft | None, str]:
    try:
        return draft_card(inspect_model(made)), ""
    except LimnerError as error:
        return None, str(error).replace(f"{made}: ", "")
