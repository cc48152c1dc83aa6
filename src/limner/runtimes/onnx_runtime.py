"""Runs .onnx files with ONNX Runtime, on the device that was asked for or not at all."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime as ort

from limner.errors import ModelError, OptionError
from limner.runtimes.base import Array, TensorInfo
from limner.runtimes.threads import check_threads

_ERROR = 3
_NOT_DEVICES = ("AzureExecutionProvider",)
_DTYPES = {
    "tensor(float)": np.float32,
    "tensor(float16)": np.float16,
    "tensor(double)": np.float64,
    "tensor(uint8)": np.uint8,
    "tensor(int8)": np.int8,
    "tensor(uint16)": np.uint16,
    "tensor(int16)": np.int16,
    "tensor(int32)": np.int32,
    "tensor(int64)": np.int64,
    "tensor(bool)": np.bool_,
}


class OnnxRuntime:
    """A .onnx file loaded on one device. ``run`` may be called from several threads at once.

    Args:
        path: the model file.
        device: "cpu", "cuda", "cuda:1" or any other execution provider of the installed ONNX Runtime, in short.
        threads: threads one call uses on the CPU; None is the number of physical cores, at most four.

    Raises:
        OptionError: the device is not there, or did not start. There is no silent fallback to the CPU.
        ModelError: the file is not a model ONNX Runtime can run.
    """

    name = "onnxruntime"

    def __init__(self, path: str | Path, *, device: str = "cpu", threads: int | None = None) -> None:
        self.threads = check_threads(threads)
        kind, _, index = device.partition(":")
        provider = _provider(device, kind, index)
        options = ort.SessionOptions()
        options.intra_op_num_threads = self.threads
        options.inter_op_num_threads = 1
        options.log_severity_level = _ERROR
        # Idle threads that spin take their core away from decoding, effects and encoding.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        provider_options = {"device_id": index} if index else {}
        check_readable(path)
        try:
            # By path, not as bytes: weights may lie in a second file beside it.
            self._session = ort.InferenceSession(str(path), options, providers=[(provider, provider_options)])
        except Exception as error:  # ONNX Runtime's errors have no common base but Exception
            raise ModelError(f"{path}: ONNX Runtime cannot load it: {first_line(error)}") from None
        actual = self._session.get_providers()[0]
        if actual != provider:
            raise OptionError(
                f"device {device!r}: ONNX Runtime could not start {provider} and would run on {_short(actual)}; "
                f"install what it needs (drivers and libraries), or use --device {_short(actual)}"
            )
        self.device = _short(actual) + (f":{index}" if index else "")
        self.inputs = tuple(_info(value) for value in self._session.get_inputs())
        self.outputs = tuple(_info(value) for value in self._session.get_outputs())
        self._output_names = [info.name for info in self.outputs]

    def run(self, inputs: Mapping[str, Array]) -> dict[str, Array]:
        """Every output by name, from every input by name; ModelError where the model refuses them."""
        try:
            values = self._session.run(self._output_names, dict(inputs))
        except Exception as error:
            raise ModelError(f"the model cannot run on this input: {first_line(error)}") from None
        return dict(zip(self._output_names, values, strict=True))


def available_devices() -> tuple[str, ...]:
    """Devices the installed ONNX Runtime was built for, in short ("cpu", "cuda"); loading shows whether they start."""
    return tuple(_short(name) for name in ort.get_available_providers() if name not in _NOT_DEVICES)


def _provider(device: str, kind: str, index: str) -> str:
    for name in ort.get_available_providers():
        if name not in _NOT_DEVICES and _short(name) == kind.lower():
            if (index or device.endswith(":")) and (not index.isdecimal() or kind.lower() == "cpu"):
                raise OptionError(f"device {device!r}: must look like cpu, cuda or cuda:1")
            return str(name)
    raise OptionError(
        f"device {device!r}: this ONNX Runtime has no such device; available: {', '.join(available_devices())}"
        + (" (onnxruntime-gpu instead of onnxruntime brings cuda)" if kind.lower() == "cuda" else "")
    )


def _short(provider: str) -> str:
    return provider.removesuffix("ExecutionProvider").lower()


def _info(value: Any) -> TensorInfo:
    dtype = _DTYPES.get(value.type)
    if dtype is None:
        raise ModelError(f"the model's {value.name!r} is of type {value.type}, which Limner cannot feed or read")
    shape = tuple(size if isinstance(size, int) and size > 0 else None for size in value.shape)
    return TensorInfo(value.name, shape, np.dtype(dtype))


def first_line(error: Exception) -> str:
    """The first line of a foreign error, without its prefix of codes."""
    lines = str(error).strip().splitlines() or [type(error).__name__]
    return re.sub(r"^\[ONNXRuntimeError\] : \d+ : (\w+) : ", "", lines[0])[:300]


def check_readable(path: str | Path) -> None:
    """ModelError where there is no such file, or nothing in it."""
    try:
        with Path(path).open("rb") as file:
            if not file.read(1):
                raise ModelError(f"{path}: is empty")
    except OSError as error:
        raise ModelError(f"{path}: cannot be read: {error.strerror or error}") from None
