"""Runs OpenVINO's .xml files, and .onnx files, with OpenVINO; the precision of computing is chosen on purpose."""

from __future__ import annotations

import queue
import time
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import numpy as np

from limner.cores import check_parallel
from limner.errors import MissingExtraError, ModelError, OptionError
from limner.kinds import ONNX
from limner.models.onnx_input_size import with_input_size
from limner.runtimes.base import Array, NodeTime, Resized, TensorInfo
from limner.runtimes.checks import check_inputs, check_readable, first_line, quiet, unloadable
from limner.runtimes.openvino_resizes import ignored
from limner.threads import check_threads

Precision = Literal["f32", "bf16", "f16"]
Hint = Literal["latency", "throughput"]


class OpenVinoRuntime:
    """A model compiled by OpenVINO for one device. ``run`` may be called from several threads at once.

    Left to itself OpenVINO computes in bf16 on CPUs that can, which moves mattes by up to 0.07 in places; here it
    computes in f32 unless another precision is asked for. Operators of quantised files run in int8 either way.

    Args:
        path: a .xml file with its .bin beside it, or a .onnx file.
        device: "cpu", "gpu", "gpu.1", "npu": what OpenVINO lists.
        threads: threads of the CPU, for all requests together; None is the number of physical cores, at most four.
        precision: what floating-point operators compute in.
        hint: what the compiler aims at: the time of one call, or calls a second with several under way.
        requests: calls that can be under way at once; further ones wait.
        profile: keep the time of each operator for ``node_times``; slows the calls a little.
        resized: of a .onnx file, see ``limner.runtimes.onnx_runtime.OnnxRuntime``.

    Raises:
        MissingExtraError: openvino is not installed.
        OptionError: the device is not there or cannot compute in this precision. Nothing is replaced in silence.
        ModelError: the file is not a model OpenVINO can run.
    """

    name = "openvino"

    def __init__(
        self,
        path: str | Path,
        *,
        device: str = "cpu",
        threads: int | None = None,
        precision: Precision = "f32",
        hint: Hint = "latency",
        requests: int = 1,
        profile: bool = False,
        resized: Resized | None = None,
    ) -> None:
        self.threads = check_threads(threads)
        self.requests = check_parallel(requests, "requests")
        try:
            import openvino
        except ImportError:
            raise MissingExtraError(f"running {Path(path).name} with OpenVINO", "openvino", "openvino") from None
        core = openvino.Core()
        target = _target(core, device)
        model = _read(core, Path(path), resized)
        options: dict[str, Any] = {
            "INFERENCE_PRECISION_HINT": precision,
            "PERFORMANCE_HINT": hint.upper(),
            "PERFORMANCE_HINT_NUM_REQUESTS": requests,
            "PERF_COUNT": profile,
        }
        if target == "CPU":
            # Pinned threads would sit on cores that decoding and effects want.
            options |= {"INFERENCE_NUM_THREADS": self.threads, "ENABLE_CPU_PINNING": False}
        try:
            with quiet():
                compiled = core.compile_model(model, target, options)
        except RuntimeError as error:
            raise ModelError(f"{path}: OpenVINO cannot compile it for {device}: {first_line(error)}") from None
        actual = compiled.get_property("INFERENCE_PRECISION_HINT").to_string()
        if actual != precision:
            raise OptionError(
                f"‹runtime› option precision={precision}: this {target} would compute in {actual}; "
                f"say precision={actual}, or leave it out for f32"
            )
        self.device = ",".join(compiled.get_property("EXECUTION_DEVICES")).lower()
        streams = compiled.get_property("NUM_STREAMS")
        self.facts = {"precision": actual, "hint": hint, "streams": str(streams), "requests": str(requests)}
        self.inputs = tuple(_info(port, port.get_any_name()) for port in model.inputs)
        # The compiled model adds the names of inner tensors to its outputs; the model as read has only their own.
        self.outputs = tuple(_info(port, _output_name(port)) for port in model.outputs)
        self._compiled, self._tensor = compiled, openvino.Tensor
        self._free: queue.SimpleQueue[Any] = queue.SimpleQueue()
        for _ in range(requests):
            self._free.put(compiled.create_infer_request())
        self._profile = _Profile() if profile else None

    def run(self, inputs: Mapping[str, Array], *, laps: list[float] | None = None) -> dict[str, Array]:
        """Every output by name, from every input by name; ModelError where the model refuses them."""
        check_inputs(inputs, self.inputs)
        request = self._free.get()
        try:
            for index, info in enumerate(self.inputs):
                array = np.ascontiguousarray(inputs[info.name])
                request.set_input_tensor(index, self._tensor(array, shared_memory=True))
            handed = time.perf_counter()
            request.infer()
            computed = time.perf_counter()
            results = self._results(request)
            if laps is not None:
                laps += [handed, computed, time.perf_counter()]
            if self._profile is not None:
                self._profile.add(request.get_profiling_info())
        except RuntimeError as error:
            raise ModelError(f"the model cannot run on this input: {first_line(error)}") from None
        finally:
            self._free.put(request)
        return results

    def run_all(self, calls: list[Mapping[str, Array]]) -> list[dict[str, Array]]:
        """The outputs of each of ``calls``, in their order, with all requests at work at once; errors as of ``run``."""
        for inputs in calls:
            check_inputs(inputs, self.inputs)
        results: list[dict[str, Array]] = [{}] * len(calls)

        def keep(request: Any, index: int) -> None:
            results[index] = self._results(request)

        self._queue.set_callback(keep)
        try:
            for index, inputs in enumerate(calls):
                self._queue.start_async({port: inputs[info.name] for port, info in enumerate(self.inputs)}, index)
        except RuntimeError as error:
            raise ModelError(f"the model cannot run on this input: {first_line(error)}") from None
        finally:
            self._queue.wait_all()
        return results

    def node_times(self) -> list[NodeTime]:
        """In the order of execution: means over all calls of ``run`` since loading, but for the first.

        Raises:
            OptionError: it was loaded without ``profile``.
        """
        if self._profile is None:
            raise OptionError("the times of operators are kept only with profile=True")
        return self._profile.means()

    @cached_property
    def _queue(self) -> Any:
        import openvino

        return openvino.AsyncInferQueue(self._compiled, self.requests)

    def _results(self, request: Any) -> dict[str, Array]:
        return {info.name: request.get_output_tensor(index).data.copy() for index, info in enumerate(self.outputs)}


class _Profile:
    """Sums of the times that OpenVINO gives after each call."""

    def __init__(self) -> None:
        self._calls = 0
        self._nodes: dict[str, tuple[str, str, float]] = {}

    def add(self, infos: list[Any]) -> None:
        """Times of one call; those of the first, which also makes buffers, are left out."""
        self._calls += 1
        for info in infos if self._calls > 1 else ():
            if info.status.name == "EXECUTED":
                kind, how, spent = self._nodes.get(info.node_name, (info.node_type, info.exec_type, 0.0))
                self._nodes[info.node_name] = (kind, how, spent + info.real_time.total_seconds() * 1e6)

    def means(self) -> list[NodeTime]:
        calls = max(1, self._calls - 1)
        return [NodeTime(name, kind, how, spent / calls) for name, (kind, how, spent) in self._nodes.items()]


def _target(core: Any, device: str) -> str:
    """OpenVINO's name for ``device``.

    Raises:
        OptionError: it is not there.
    """
    there = list(core.available_devices)
    # Where there is one GPU it is called GPU and not GPU.0.
    if device.upper() in there:
        return device.upper()
    known = ", ".join(name.lower() for name in there)
    raise OptionError(f"‹device› {device!r}: OpenVINO finds no such device on this machine; available: {known}")


def _read(core: Any, path: Path, resized: Resized | None) -> Any:
    check_readable(path)
    if path.suffix.lower() == ".xml" and not path.with_suffix(".bin").is_file():
        raise ModelError(f"{path}: its weights {path.with_suffix('.bin').name} do not lie beside it")
    model: Path | bytes = path
    if resized is not None:
        model = with_input_size(path.read_bytes(), old=resized[0], new=resized[1])
    if path.suffix.lower() == ONNX and (problems := ignored(path.read_bytes())):
        raise ModelError(
            f"{path}: OpenVINO would ignore {', '.join(problems)} and give other results; use ‹runtime› onnxruntime"
        )
    try:
        with quiet():
            return core.read_model(model)
    except RuntimeError as error:
        raise unloadable(path, "OpenVINO", error) from None


def _info(port: Any, name: str) -> TensorInfo:
    shape = tuple(None if size.is_dynamic else int(size.get_length()) for size in port.get_partial_shape())
    return TensorInfo(name, shape, np.dtype(port.get_element_type().to_dtype()))


def _output_name(port: Any) -> str:
    """The output's own name among those of the tensor: that of the node which ends the graph, where it is one."""
    names: set[str] = port.get_names()
    own: str = port.get_node().get_friendly_name().partition("/sink_port_")[0]
    return own if own in names else min(names, default=own)
