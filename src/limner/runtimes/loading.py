"""Chooses and loads the runtime for a model file. Each runtime is imported only when it is the one that runs."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import cast

from limner.errors import ModelError, OptionError
from limner.runtimes.base import Runtime

# runtime -> (module, class, file type)
RUNTIMES = {
    "onnxruntime": ("limner.runtimes.onnx_runtime", "OnnxRuntime", ".onnx"),
    "litert": ("limner.runtimes.litert", "LiteRtRuntime", ".tflite"),
}


def load_runtime(
    path: str | Path, *, runtime: str = "auto", device: str = "cpu", threads: int | None = None
) -> Runtime:
    """Load a model file.

    Args:
        path: a .onnx or .tflite file.
        runtime: "onnxruntime", "litert", or "auto" for the one that runs this type of file.
        device: "cpu", or what the runtime offers ("cuda", "cuda:1"); never replaced by another.
        threads: threads one call uses; None is the number of physical cores, at most four.

    Raises:
        OptionError: unknown runtime, or one for another file type; a device that is not there; threads below 1.
        ModelError: the file cannot be loaded.
        MissingExtraError: the runtime is not installed.
    """
    suffix = Path(path).suffix.lower()
    by_suffix = {entry[2]: name for name, entry in RUNTIMES.items()}
    if suffix not in by_suffix:
        raise ModelError(f"{path}: is neither a .onnx nor a .tflite file")
    name = by_suffix[suffix] if runtime == "auto" else runtime
    if name not in RUNTIMES:
        raise OptionError(f"runtime {runtime!r} is not one of auto, {', '.join(RUNTIMES)}")
    module, cls, runs = RUNTIMES[name]
    if runs != suffix:
        raise OptionError(f"runtime {name!r} runs {runs} files, not {path}; use {by_suffix[suffix]!r} or 'auto'")
    make = getattr(importlib.import_module(module), cls)
    return cast(Runtime, make(path, device=device, threads=threads))
