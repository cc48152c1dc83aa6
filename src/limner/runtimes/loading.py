"""Chooses and loads the runtime for a model file. Each runtime is imported only when it is the one that runs."""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any, cast

from limner.checking import checked
from limner.errors import ModelError, OptionError
from limner.kinds import CHECKPOINT, NCNN, ONNX, OPENVINO, TENSORRT, TFLITE
from limner.runtimes.base import Array, Runtime
from limner.runtimes.settings import parse_settings

AUTO = "auto"


@dataclass(frozen=True, slots=True)
class Entry:
    """A runtime that Limner knows.

    Attributes:
        module, cls: where its class is.
        suffixes: types of file it runs.
        imports: the module whose presence shows that it is installed.
        package: what pip calls it.
        extra: Limner's extra that brings it; "" for what the base install has or no extra can bring.
        last: `auto` takes it only where no other installed runtime can run the file.
    """

    module: str
    cls: str
    suffixes: tuple[str, ...]
    imports: str
    package: str
    extra: str = ""
    last: bool = False

    @property
    def installed(self) -> bool:
        """Whether its package is there; it is not imported to find out."""
        try:
            return importlib.util.find_spec(self.imports) is not None
        except (ImportError, ValueError):  # a parent package that is missing, or is None in sys.modules
            return False

    @property
    def version(self) -> str:
        """Of the installed package; "" where it is not installed, or nobody says."""
        for package in (self.package, f"{self.package}-gpu"):
            with suppress(metadata.PackageNotFoundError):
                return metadata.version(package)
        return ""


# In order of preference: the first that runs a type of file is the one that others are measured against.
RUNTIMES = {
    "onnxruntime": Entry("limner.runtimes.onnx_runtime", "OnnxRuntime", (ONNX,), "onnxruntime", "onnxruntime"),
    "litert": Entry("limner.runtimes.litert", "LiteRtRuntime", (TFLITE,), "ai_edge_litert", "ai-edge-litert", "litert"),
    "openvino": Entry(
        "limner.runtimes.openvino_runtime", "OpenVinoRuntime", (OPENVINO, ONNX), "openvino", "openvino", "openvino"
    ),
    "ncnn": Entry("limner.runtimes.ncnn_runtime", "NcnnRuntime", (NCNN,), "ncnn", "ncnn", "ncnn"),
    "tensorrt": Entry("limner.runtimes.tensorrt_runtime", "TensorRtRuntime", (TENSORRT,), "tensorrt", "tensorrt"),
    "opencv": Entry(
        "limner.runtimes.opencv_runtime", "OpenCvRuntime", (ONNX,), "cv2", "opencv-python-headless", last=True
    ),
    # Last, because importing it takes seconds.
    "torch": Entry(
        "limner.runtimes.torch_runtime", "TorchRuntime", (CHECKPOINT, ONNX), "torch", "torch", "train", True
    ),
}


def runtimes_for(path: str | Path) -> tuple[str, ...]:
    """Names of the runtimes that run this type of file, installed or not, the preferred one first.

    Raises:
        ModelError: none does.
    """
    suffix = Path(path).suffix.lower()
    names = tuple(name for name, entry in RUNTIMES.items() if suffix in entry.suffixes)
    if not names:
        raise ModelError(f"{path}: is none of the model files that Limner runs: {', '.join(model_suffixes())}")
    return names


def runs(runtime: str, path: str | Path) -> bool:
    """Whether a runtime, as ``load_runtime`` takes it, is "auto" or one that runs this type of file.

    Raises:
        ModelError: no runtime runs it.
    """
    return runtime.partition(":")[0] in (AUTO, *runtimes_for(path))


def model_suffixes() -> tuple[str, ...]:
    """Types of file that some runtime runs."""
    return tuple(dict.fromkeys(suffix for entry in RUNTIMES.values() for suffix in entry.suffixes))


@checked
def load_runtime(
    path: str | Path,
    *,
    runtime: str = AUTO,
    device: str = "cpu",
    threads: int | None = None,
    example: Callable[[Runtime], Mapping[str, Array]] | None = None,
    **more: Any,
) -> Runtime:
    """Load a model file.

    Args:
        path: a file of a type that a runtime runs.
        runtime: a name from ``RUNTIMES``, with options of its own after a colon ("openvino:precision=bf16,requests=2"),
            or "auto" for the fastest installed one, which is measured once (see ``limner.runtimes.auto``).
        device: "cpu", or what the runtime offers ("cuda", "cuda:1"); never replaced by another.
        threads: threads one call uses; None is the number of physical cores, at most four.
        example: gives inputs for a loaded model, for "auto" to measure it with; None is smooth noise.
        more: further arguments of the runtime's class, such as ``profile``.

    Raises:
        OptionError: unknown runtime or option of one, or one for another file type; a device that is not there;
            threads below 1, or far more than this machine has cores for.
        ModelError: the file cannot be loaded.
        MissingExtraError: the runtime is not installed.
    """
    able = runtimes_for(path)
    name, _, settings = runtime.partition(":")
    if name == AUTO:
        if settings:
            raise OptionError(f"‹runtime› {runtime!r}: options belong to one runtime; name it instead of auto")
        from limner.runtimes.auto import choose

        runtime = choose(path, device=device, threads=threads, example=example)
        name = runtime.partition(":")[0]
    if name not in RUNTIMES:
        raise OptionError(f"‹runtime› {name!r} is not one of auto, {', '.join(RUNTIMES)}")
    entry = RUNTIMES[name]
    if name not in able:
        others = " or ".join(repr(other) for other in (*able, AUTO))
        raise OptionError(f"‹runtime› {name!r} runs {' and '.join(entry.suffixes)} files, not {path}; use {others}")
    make = getattr(importlib.import_module(entry.module), entry.cls)
    return cast(Runtime, make(path, device=device, threads=threads, **parse_settings(make, runtime), **more))
