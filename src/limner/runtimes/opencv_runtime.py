"""Runs .onnx files with OpenCV's own DNN module, which the base install has: for machines without another runtime."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from pathlib import Path

import cv2
import numpy as np

from limner.errors import ModelError
from limner.models.onnx_for_opencv import for_opencv
from limner.models.onnx_input_size import with_input_size
from limner.runtimes.base import Array, Resized, TensorInfo
from limner.runtimes.checks import check_cpu, check_inputs, check_readable, quiet, unloadable
from limner.runtimes.onnx_runtime import OnnxRuntime
from limner.samples import PORTRAIT
from limner.threads import check_threads, opencv_threads

_MOST = 1e-3
"""By how much of their range outputs may be off from ONNX Runtime's, once, when a file is loaded."""
_OPEN = 64
"""The size of an axis that is open, for that comparison."""


class OpenCvRuntime:
    """A .onnx file loaded by OpenCV on the CPU. ``run`` may be called from several threads; the calls take turns.

    OpenCV computes some graphs otherwise than they say, and does not tell. The two kinds that are known are rewritten
    in memory (`limner.models.onnx_for_opencv`), and every file is compared once with ONNX Runtime.

    Args:
        path: the model file.
        device: "cpu".
        threads: threads one call uses; OpenCV has one number for the whole process, so others wait for no more.
        resized: (height, width) of the file's input, and those that it is to have instead, see
            `limner.models.onnx_input_size`.

    Raises:
        OptionError: any other device.
        ModelError: the file is no model that OpenCV can run, or it computes something else.
    """

    name = "opencv"

    def __init__(
        self, path: str | Path, *, device: str = "cpu", threads: int | None = None, resized: Resized | None = None
    ) -> None:
        self.threads = check_threads(threads)
        check_cpu(device, "OpenCV")
        self.device = "cpu"
        self.facts = {"precision": "f32"}
        check_readable(path)
        reference = OnnxRuntime(path, threads=1, resized=resized)
        self.inputs, self.outputs = reference.inputs, reference.outputs
        self._names = [info.name for info in self.outputs]
        self._lock = threading.Lock()
        model = Path(path).read_bytes()
        if resized is not None:
            model = with_input_size(model, old=resized[0], new=resized[1])
        inputs = {info.name: _example(info) for info in self.inputs}
        try:
            with quiet():
                self._net = cv2.dnn.readNetFromONNX(np.frombuffer(for_opencv(model), np.uint8))
                found = self._forward(inputs)
        except (cv2.error, ValueError) as error:
            raise unloadable(path, f"OpenCV {cv2.__version__}", _plain(error)) from None
        off = _off(found, reference.run(inputs))
        if off > _MOST:
            raise ModelError(
                f"{path}: OpenCV {cv2.__version__} computes something else than the file says, off by {off:.1%} of the "
                "range; use ‹runtime› onnxruntime"
            )

    def run(self, inputs: Mapping[str, Array], *, laps: list[float] | None = None) -> dict[str, Array]:
        """Every output by name, from every input by name; ModelError where the model refuses them."""
        check_inputs(inputs, self.inputs)
        handed = time.perf_counter()
        try:
            results = self._forward(inputs)
        except cv2.error as error:
            raise ModelError(f"the model cannot run on this input: {_plain(error)}") from None
        if laps is not None:
            laps += [handed, time.perf_counter(), time.perf_counter()]
        return results

    def _forward(self, inputs: Mapping[str, Array]) -> dict[str, Array]:
        with self._lock, opencv_threads(self.threads):
            for name, array in inputs.items():
                self._net.setInput(np.ascontiguousarray(array), name)
            outputs = self._net.forward(self._names)
            return {name: np.array(output) for name, output in zip(self._names, outputs, strict=True)}


def _example(info: TensorInfo) -> Array:
    """The sample portrait, from 0 to 1, where an input takes pictures, for of noise nets say that nobody is there; else
    noise. Of an open batch one."""
    shape = [(1 if axis == 0 else _OPEN) if size is None else size for axis, size in enumerate(info.shape)]
    found = np.random.default_rng(0).random(shape)
    if len(shape) == 4 and 3 in (shape[1], shape[3]) and (portrait := cv2.imread(str(PORTRAIT))) is not None:
        height, width = shape[2:] if shape[1] == 3 else shape[1:3]
        picture = cv2.resize(portrait, (width, height), interpolation=cv2.INTER_AREA) / 255
        found[:] = picture.transpose(2, 0, 1) if shape[1] == 3 else picture
    return (255 * found if info.dtype == np.uint8 else found).astype(info.dtype)


def _off(found: Mapping[str, Array], reference: Mapping[str, Array]) -> float:
    """The largest difference of any output, as a share of the output's range; 1 where shapes differ or it is NaN."""
    worst = 0.0
    for name, want in reference.items():
        if found[name].shape != want.shape:
            return 1.0
        spread = max(float(np.ptp(want)), float(np.abs(want).max()), 1e-6)
        off = float(np.abs(found[name].astype(np.float64) - want).max()) / spread
        worst = max(worst, off) if off == off else 1.0
    return worst


def _plain(error: Exception) -> Exception:
    """OpenCV's error without the places of its sources."""
    text = " ".join(str(error).split())
    return ValueError(text.partition(") ")[2].partition("error: ")[2] or text)
