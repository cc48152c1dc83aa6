"""Runs TensorRT's .engine files on an NVIDIA GPU, with PyTorch's memory. No extra brings TensorRT: NVIDIA does."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from limner.errors import ModelError, OptionError
from limner.runtimes.base import Array, TensorInfo
from limner.runtimes.checks import check_inputs, check_readable
from limner.threads import check_threads


class TensorRtRuntime:
    """An engine that was built for this kind of GPU. Calls of ``run`` from several threads take turns.

    Written after NVIDIA's documentation of TensorRT 10; the project has not run it, for lack of the libraries.

    Args:
        path: the .engine file.
        device: "cuda" or "cuda:1"; an engine has no other.
        threads: taken for the protocol's sake; the GPU computes.

    Raises:
        OptionError: TensorRT, PyTorch with CUDA or the device is not there.
        ModelError: the file is not an engine of this TensorRT and this kind of GPU.
    """

    name = "tensorrt"

    def __init__(self, path: str | Path, *, device: str = "cuda", threads: int | None = None) -> None:
        self.threads = check_threads(threads)
        path = Path(path)
        check_readable(path)
        try:
            import tensorrt
            import torch
        except ImportError as error:
            raise OptionError(
                f"running {path.name} needs {error.name}, which is not installed; TensorRT needs an NVIDIA GPU: "
                f"pip install tensorrt torch from NVIDIA's index, or run the .onnx file instead"
            ) from None
        self._torch: Any = torch
        self._cuda = _cuda(torch, device)
        logger = tensorrt.Logger(tensorrt.Logger.ERROR)
        with torch.cuda.device(self._cuda):
            engine = tensorrt.Runtime(logger).deserialize_cuda_engine(path.read_bytes())
            if engine is None:
                raise ModelError(
                    f"{path}: TensorRT {tensorrt.__version__} cannot load it: engines run only on the version and kind "
                    f"of GPU they were built for; build it here with limner export --to tensorrt"
                )
            self._context = engine.create_execution_context()
            self._stream = self._torch.cuda.Stream(self._cuda)
        self._engine = engine
        infos: dict[Any, list[TensorInfo]] = {tensorrt.TensorIOMode.INPUT: [], tensorrt.TensorIOMode.OUTPUT: []}
        for index in range(engine.num_io_tensors):
            name = engine.get_tensor_name(index)
            shape = tuple(None if size < 0 else int(size) for size in engine.get_tensor_shape(name))
            dtype = np.dtype(tensorrt.nptype(engine.get_tensor_dtype(name)))
            infos[engine.get_tensor_mode(name)].append(TensorInfo(name, shape, dtype))
        self.inputs = tuple(infos[tensorrt.TensorIOMode.INPUT])
        self.outputs = tuple(infos[tensorrt.TensorIOMode.OUTPUT])
        self.device = str(self._cuda)
        self.facts = {"precision": "as built", "gpu": torch.cuda.get_device_name(self._cuda)}
        self._lock = threading.Lock()

    def run(self, inputs: Mapping[str, Array], *, laps: list[float] | None = None) -> dict[str, Array]:
        """Every output by name, from every input by name; ModelError where the model refuses them."""
        check_inputs(inputs, self.inputs)
        torch = self._torch
        with self._lock, torch.cuda.device(self._cuda), torch.cuda.stream(self._stream):
            held = {name: torch.from_numpy(np.ascontiguousarray(array)).cuda() for name, array in inputs.items()}
            for name, tensor in held.items():
                self._context.set_input_shape(name, tuple(tensor.shape))
                self._context.set_tensor_address(name, tensor.data_ptr())
            results = {}
            for info in self.outputs:
                shape = tuple(self._context.get_tensor_shape(info.name))
                results[info.name] = torch.empty(shape, dtype=_torch_dtype(torch, info.dtype), device=self._cuda)
                self._context.set_tensor_address(info.name, results[info.name].data_ptr())
            self._stream.synchronize()
            handed = time.perf_counter()
            done = self._context.execute_async_v3(self._stream.cuda_stream)
            self._stream.synchronize()
            computed = time.perf_counter()
            if not done:
                raise ModelError("the model cannot run on this input: TensorRT refused to run the engine")
            arrays = {name: tensor.cpu().numpy() for name, tensor in results.items()}
        if laps is not None:
            laps += [handed, computed, time.perf_counter()]
        return arrays


def _cuda(torch: Any, device: str) -> Any:
    """OptionError unless it is an NVIDIA GPU that PyTorch can use."""
    kind, _, index = device.lower().partition(":")
    if kind != "cuda" or (index and not index.isdecimal()):
        raise OptionError(f"‹device› {device!r}: TensorRT runs on NVIDIA GPUs only: say ‹device› cuda or cuda:1")
    count = torch.cuda.device_count() if torch.cuda.is_available() else 0
    if int(index or 0) >= count:
        raise OptionError(f"‹device› {device!r}: PyTorch finds {count} CUDA devices on this machine")
    return torch.device(f"cuda:{index or 0}")


def _torch_dtype(torch: Any, dtype: np.dtype[Any]) -> Any:
    return torch.from_numpy(np.empty(0, dtype)).dtype
