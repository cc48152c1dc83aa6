"""Runs .tflite files with LiteRT on the CPU (XNNPACK). Needs the extra `litert`."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from limner.errors import MissingExtraError, ModelError
from limner.runtimes.base import Array, TensorInfo
from limner.runtimes.checks import check_cpu, check_readable, first_line, quiet, unloadable
from limner.threads import check_threads


class LiteRtRuntime:
    """A .tflite file loaded on the CPU. Calls of ``run`` from several threads take turns.

    Quantised inputs and outputs are shown as float32: values are converted with the scale and zero point in the file.

    Args:
        path: the model file.
        device: "cpu".
        threads: threads one call uses; None is the number of physical cores, at most four.

    Raises:
        MissingExtraError: ai-edge-litert is not installed.
        OptionError: any other device.
        ModelError: the file is not a model LiteRT can run.
    """

    name = "litert"

    def __init__(self, path: str | Path, *, device: str = "cpu", threads: int | None = None) -> None:
        self.threads = check_threads(threads)
        check_cpu(device, "LiteRT")
        self.device = "cpu"
        try:
            from ai_edge_litert.interpreter import Interpreter
        except ImportError:
            raise MissingExtraError(f"running {Path(path).name}", "ai-edge-litert", "litert") from None
        check_readable(path)
        model = Path(path).read_bytes()
        # LiteRT itself trusts the file and may crash on one that is not its own.
        if model[4:8] != b"TFL3":
            raise ModelError(f"{path}: is not a .tflite model")
        try:
            with quiet():
                self._interpreter = Interpreter(model_content=model, num_threads=self.threads)
                self._interpreter.allocate_tensors()
        except (ValueError, RuntimeError) as error:
            raise unloadable(path, "LiteRT", error) from None
        self._in = {detail["name"]: detail for detail in self._interpreter.get_input_details()}
        self._out = {detail["name"]: detail for detail in self._interpreter.get_output_details()}
        self.inputs = tuple(_info(detail) for detail in self._in.values())
        self.outputs = tuple(_info(detail) for detail in self._out.values())
        # There is no public way to ask which delegate took nodes; the graph shows it as one node.
        delegated = any(node["op_name"] == "DELEGATE" for node in self._interpreter._get_ops_details())
        self.facts = {"precision": "as in the file", "delegate": "XNNPACK" if delegated else "none"}
        self._lock = threading.Lock()

    def run(self, inputs: Mapping[str, Array], *, laps: list[float] | None = None) -> dict[str, Array]:
        """Every output by name, from every input by name; ModelError where the model refuses them."""
        missing = self._in.keys() ^ inputs.keys()
        if missing:
            raise ModelError(f"the model's inputs are {', '.join(self._in)}; given: {', '.join(inputs)}")
        with self._lock:
            try:
                for name, detail in self._in.items():
                    self._interpreter.set_tensor(detail["index"], _quantise(inputs[name], detail))
                handed = time.perf_counter()
                self._interpreter.invoke()
                computed = time.perf_counter()
                results = {
                    name: _dequantise(self._interpreter.get_tensor(detail["index"]), detail)
                    for name, detail in self._out.items()
                }
                if laps is not None:
                    laps += [handed, computed, time.perf_counter()]
                return results
            except (ValueError, RuntimeError) as error:
                raise ModelError(f"the model cannot run on this input: {first_line(error)}") from None


def _scale(detail: Mapping[str, Any]) -> tuple[float, int] | None:
    """Scale and zero point of a quantised integer tensor."""
    scale, zero = detail["quantization"]
    return (float(scale), int(zero)) if scale and np.issubdtype(detail["dtype"], np.integer) else None


def _info(detail: Mapping[str, Any]) -> TensorInfo:
    signature = detail.get("shape_signature", detail["shape"])
    dtype = np.dtype(np.float32) if _scale(detail) else np.dtype(detail["dtype"])
    return TensorInfo(detail["name"], tuple(int(n) if n > 0 else None for n in signature), dtype)


def _quantise(values: Array, detail: Mapping[str, Any]) -> Array:
    quantisation = _scale(detail)
    if quantisation is None:
        return values
    limits = np.iinfo(detail["dtype"])
    scale, zero = quantisation
    steps: Array = np.clip(np.rint(values / scale) + zero, limits.min, limits.max)
    return steps.astype(detail["dtype"])


def _dequantise(values: Array, detail: Mapping[str, Any]) -> Array:
    quantisation = _scale(detail)
    if quantisation is None:
        return values
    scale, zero = quantisation
    return (values.astype(np.float32) - zero) * np.float32(scale)
