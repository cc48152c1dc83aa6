"""Runs .onnx files with ONNX Runtime, on the device that was asked for or not at all."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime as ort

from limner.errors import ModelError, OptionError
from limner.models.onnx_batch import with_open_batch
from limner.models.onnx_input_size import with_input_size
from limner.runtimes.base import Array, NodeTime, Resized, TensorInfo
from limner.runtimes.checks import check_readable, first_line, unloadable
from limner.runtimes.onnx_profile import OnnxProfile
from limner.threads import check_threads

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
        exact: compute int8 files in float32, from the very numbers that they round to: slow, but no kernel's rounding
            or overflow is in the result.
        profile: keep the time of each operator for ``node_times``; slows the calls a little.
        open_batch: take any number of images a call, also where the file was exported for one at a time. The graph is
            rewritten in memory for that, see `limner.models.onnx_batch`; whoever asks for it compares the outputs.
        resized: (height, width) of the file's input, and those that it is to have instead; rewritten in memory, see
            `limner.models.onnx_input_size`.

    Raises:
        OptionError: the device is not there, or did not start. There is no silent fallback to the CPU.
        ModelError: the file is not a model ONNX Runtime can run.
    """

    name = "onnxruntime"

    def __init__(
        self,
        path: str | Path,
        *,
        device: str = "cpu",
        threads: int | None = None,
        exact: bool = False,
        profile: bool = False,
        open_batch: bool = False,
        resized: Resized | None = None,
    ) -> None:
        self.threads = check_threads(threads)
        kind, _, index = device.partition(":")
        provider = _provider(device, kind, index)
        options = ort.SessionOptions()
        options.intra_op_num_threads = self.threads
        options.inter_op_num_threads = 1
        options.log_severity_level = _ERROR
        # A plan of all buffers at once saves no time, and takes 5 MiB more for `fast`.
        options.enable_mem_pattern = False
        if exact:  # integer kernels come in with the graph's optimization
            options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
        # Idle threads that spin take their core away from decoding, effects and encoding.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        self._profile = OnnxProfile(options) if profile else None
        provider_options = {"device_id": index} if index else {}
        check_readable(path)
        # By path, not as bytes: weights may lie in a second file beside it.
        model: str | bytes = str(path)
        if resized is not None:
            model = with_input_size(Path(path).read_bytes(), old=resized[0], new=resized[1])
        if open_batch:
            model = with_open_batch(Path(path).read_bytes() if isinstance(model, str) else model)
        try:
            self._session = ort.InferenceSession(model, options, providers=[(provider, provider_options)])
        except Exception as error:  # ONNX Runtime's errors have no common base but Exception
            raise unloadable(path, "ONNX Runtime", error) from None
        actual = self._session.get_providers()[0]
        if actual != provider:
            raise OptionError(
                f"‹device› {device!r}: ONNX Runtime could not start {provider} and would run on {_short(actual)}; "
                f"install what it needs (drivers and libraries), or use ‹device› {_short(actual)}"
            )
        self.device = _short(actual) + (f":{index}" if index else "")
        self.facts = {"precision": "as in the file, exact" if exact else "as in the file", "provider": actual}
        self.inputs = tuple(_info(value) for value in self._session.get_inputs())
        self.outputs = tuple(_info(value) for value in self._session.get_outputs())
        self._output_names = [info.name for info in self.outputs]

    def run(self, inputs: Mapping[str, Array], *, laps: list[float] | None = None) -> dict[str, Array]:
        """Every output by name, from every input by name; ModelError where the model refuses them."""
        try:
            if laps is not None:
                values = self._run_in_steps(inputs, laps)
            else:
                values = self._session.run(self._output_names, dict(inputs))
        except Exception as error:
            raise ModelError(f"the model cannot run on this input: {first_line(error)}") from None
        return dict(zip(self._output_names, values, strict=True))

    def node_times(self) -> list[NodeTime]:
        """In the order of execution: means over all calls since loading, but for the first. Ends the profile.

        Raises:
            OptionError: it was loaded without ``profile``.
        """
        if self._profile is None:
            raise OptionError("the times of operators are kept only with profile=True")
        return self._profile.end(self._session)

    def _run_in_steps(self, inputs: Mapping[str, Array], laps: list[float]) -> list[Array]:
        """The same with the copies to and from the device apart from computing."""
        kind, _, index = self.device.partition(":")
        binding = self._session.io_binding()
        for name, array in inputs.items():
            binding.bind_ortvalue_input(name, ort.OrtValue.ortvalue_from_numpy(array, kind, int(index or 0)))
        for name in self._output_names:
            binding.bind_output(name, kind, int(index or 0))
        laps.append(time.perf_counter())
        self._session.run_with_iobinding(binding)
        binding.synchronize_outputs()
        laps.append(time.perf_counter())
        values: list[Array] = binding.copy_outputs_to_cpu()
        laps.append(time.perf_counter())
        return values


def available_devices() -> tuple[str, ...]:
    """Devices the installed ONNX Runtime was built for, in short ("cpu", "cuda"); loading shows whether they start."""
    return tuple(_short(name) for name in ort.get_available_providers() if name not in _NOT_DEVICES)


def _provider(device: str, kind: str, index: str) -> str:
    for name in ort.get_available_providers():
        if name not in _NOT_DEVICES and _short(name) == kind.lower():
            if (index or device.endswith(":")) and (not index.isdecimal() or kind.lower() == "cpu"):
                raise OptionError(f"‹device› {device!r}: must look like cpu, cuda or cuda:1")
            return str(name)
    raise OptionError(
        f"‹device› {device!r}: this ONNX Runtime has no such device; available: {', '.join(available_devices())}"
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
