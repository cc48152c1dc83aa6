"""Runs ncnn's .param files with ncnn on the CPU, in f32. Needs the extra `ncnn`."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from limner.errors import MissingExtraError, ModelError
from limner.runtimes.base import Array, TensorInfo
from limner.runtimes.checks import check_cpu, check_inputs, check_readable, quiet
from limner.threads import check_threads

_MAGIC = "7767517"
_FLOAT = np.dtype(np.float32)


class NcnnRuntime:
    """A .param file and the .bin beside it, loaded on the CPU. ``run`` may be called from several threads at once.

    ncnn has no batch: inputs and outputs are shown with a first axis of one, channels first. It does not check sizes
    either, so an input is as open as its line in the .param file leaves it.

    Args:
        path: the .param file.
        device: "cpu".
        threads: threads one call uses; None is the number of physical cores, at most four.

    Raises:
        MissingExtraError: ncnn is not installed.
        OptionError: any other device.
        ModelError: the files are no model ncnn can run.
    """

    name = "ncnn"

    def __init__(self, path: str | Path, *, device: str = "cpu", threads: int | None = None) -> None:
        self.threads = check_threads(threads)
        check_cpu(device, "ncnn")
        self.device = "cpu"
        try:
            import ncnn
        except ImportError:
            raise MissingExtraError(f"running {Path(path).name}", "ncnn", "ncnn") from None
        path = Path(path)
        sizes = _input_sizes(path)
        weights = path.with_suffix(".bin")
        if not weights.is_file():
            raise ModelError(f"{path}: its weights {weights.name} do not lie beside it")
        self._net = ncnn.Net()
        options = self._net.opt
        options.num_threads = self.threads
        options.use_vulkan_compute = False
        # Left to itself ncnn computes in half precision on ARM, which moves mattes.
        options.use_fp16_packed = options.use_fp16_storage = options.use_fp16_arithmetic = False
        options.use_bf16_packed = options.use_bf16_storage = False
        with quiet():
            loaded = self._net.load_param(str(path)) == 0 and self._net.load_model(str(weights)) == 0
        if not loaded:
            raise ModelError(f"{path}: ncnn cannot load it: an unknown layer, or {weights.name} is of another net")
        self.facts = {"precision": "f32"}
        self.inputs = tuple(
            TensorInfo(name, (1, *sizes.get(name, (None, None, None))), _FLOAT) for name in self._net.input_names()
        )
        self.outputs = tuple(TensorInfo(name, (1, None, None, None), _FLOAT) for name in self._net.output_names())
        self._mat = ncnn.Mat

    def run(self, inputs: Mapping[str, Array], *, laps: list[float] | None = None) -> dict[str, Array]:
        """Every output by name, from every input by name; ModelError where the model refuses them."""
        check_inputs(inputs, self.inputs)
        extractor = self._net.create_extractor()
        for name, array in inputs.items():
            planes = np.ascontiguousarray(array[0])  # held until it is cloned: a Mat only refers to its memory
            extractor.input(name, self._mat(planes).clone())
        handed = time.perf_counter()
        mats: dict[str, Any] = {}
        for info in self.outputs:
            failed, mats[info.name] = extractor.extract(info.name)
            if failed:
                raise ModelError(f"the model cannot run on this input: ncnn gives no {info.name!r}")
        computed = time.perf_counter()
        results = {name: np.array(mat)[None] for name, mat in mats.items()}
        if laps is not None:
            laps += [handed, computed, time.perf_counter()]
        return results


def _input_sizes(path: Path) -> dict[str, tuple[int | None, int | None, int | None]]:
    """Blob -> (channels, height, width) of each input layer, None where its line does not say.

    Raises:
        ModelError: the file is not a .param file.
    """
    check_readable(path)
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except ValueError:
        lines = []
    if not lines or lines[0].strip() != _MAGIC:
        raise ModelError(f"{path}: is not an ncnn .param file in text form")
    found = {}
    for words in (line.split() for line in lines[2:]):
        if words and words[0] == "Input" and len(words) > 4:
            told = dict(word.split("=", 1) for word in words[5:] if "=" in word)
            width, height, channels = (int(told.get(key, 0)) or None for key in "012")
            found[words[4]] = (channels, height, width)
    return found
