"""`--runtime auto`: measures once which installed runtime is fastest for a model on this machine, and remembers it.

Where only one can run the file, nothing is measured, read or written.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from limner.errors import LimnerError, OptionError
from limner.models.files import model_sha256
from limner.runtimes.base import Array, Runtime
from limner.runtimes.choices import Choice, recall, remember
from limner.runtimes.cpu import this_cpu
from limner.runtimes.loading import RUNTIMES, load_runtime, runtimes_for
from limner.threads import check_threads

VARIABLE = "LIMNER_RUNTIME"
"""Environment variable: the runtime that auto takes, unmeasured, for the files it runs."""
Example = Callable[[Runtime], Mapping[str, Array]]

_GAIN = 0.95
"""A runtime is taken before the preferred one only if it needs at most this share of its time."""
_SECONDS, _LEAST_ROUNDS, _MOST_ROUNDS = 0.6, 3, 15
_TOLERANCE = 0.005
"""Largest mean difference from the preferred runtime's outputs, as a share of their range. In float runtimes agree to
0.00001; int8 files of nets here differ by up to 0.0025 on a portrait, because kernels round in other places."""
_FLIPPED = 0.005
"""Largest share of values that lie on the other side of the middle of the range, or of whole numbers that differ."""
_CLEARLY = 0.01
"""Share of the range by which a value must differ to count as flipped: equal maps have their middle everywhere."""
_OPEN_SIZE = 256
_BLOTCH = 16


def choose(path: str | Path, *, device: str = "cpu", threads: int | None = None, example: Example | None = None) -> str:
    """The runtime for a model file, as ``load_runtime`` takes it.

    Runtimes that are not installed are passed over; so are those that cannot load the file or do not have the device,
    and those whose outputs differ. A runtime that takes seconds to start is tried only where no other can be taken.

    Args:
        example: gives inputs for a loaded model; None is smooth noise, at 256 pixels where sizes are open.

    Raises:
        ModelError: no runtime runs this type of file.
        OptionError: ``LIMNER_RUNTIME`` names none, or threads that ``check_threads`` refuses.
    """
    able = runtimes_for(path)
    forced = os.environ.get(VARIABLE, "").strip()
    if forced:
        name = forced.partition(":")[0]
        if name not in RUNTIMES:
            raise OptionError(f"{VARIABLE}={forced}: {name!r} is not one of {', '.join(RUNTIMES)}")
        if name in able:
            return forced
    installed = [name for name in able if RUNTIMES[name].installed]
    quick = [name for name in installed if not RUNTIMES[name].last]
    slow = [name for name in installed if RUNTIMES[name].last]
    if len(installed) < 2 or (len(quick) == 1 and device == "cpu"):
        return (quick or installed or list(able))[0]
    circumstances = _circumstances(Path(path), device, check_threads(threads), installed)
    known = recall(circumstances)
    if known is not None and known.runtime in installed:
        return known.runtime
    race = _Race(path, device, threads, example or smooth_noise)
    for group in (quick, slow):
        race.run(group)
        if race.milliseconds:
            break
    else:
        return installed[0]  # whose own error tells what is wrong
    fastest = race.winner()
    remember(
        Choice(runtime=fastest, milliseconds=race.milliseconds, failed=race.failed, circumstances=circumstances),
    )
    return fastest


@dataclass(slots=True)
class _Race:
    path: str | Path
    device: str
    threads: int | None
    example: Example
    milliseconds: dict[str, float] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)

    def run(self, names: list[str]) -> None:
        """Load them all, then let them take turns, so that whatever else the machine does falls on each."""
        loaded = {name: runtime for name in names if (runtime := self._load(name)) is not None}
        if not loaded:
            return
        inputs: Mapping[str, Array] | None = None
        reference: dict[str, Array] | None = None
        for name, runtime in list(loaded.items()):
            try:
                inputs = inputs or self.example(runtime)
                outputs = runtime.run(inputs)
            except LimnerError as error:
                self.failed[name] = str(error)
                del loaded[name]
                continue
            if reference is None:
                reference = outputs
            elif problem := _difference(outputs, reference):
                self.failed[name] = problem
                del loaded[name]
        least = dict.fromkeys(loaded, float("inf"))
        began, rounds = time.perf_counter(), 0
        while loaded and inputs is not None and rounds < _MOST_ROUNDS:
            for name, runtime in loaded.items():
                start = time.perf_counter()
                runtime.run(inputs)
                least[name] = min(least[name], time.perf_counter() - start)
            rounds += 1
            if rounds >= _LEAST_ROUNDS and time.perf_counter() - began > _SECONDS:
                break
        self.milliseconds |= {name: round(1e3 * seconds, 3) for name, seconds in least.items()}

    def winner(self) -> str:
        """The fastest; the first measured where that is not clearly slower."""
        first = next(iter(self.milliseconds))
        fastest = min(self.milliseconds, key=lambda name: self.milliseconds[name])
        return fastest if self.milliseconds[fastest] <= _GAIN * self.milliseconds[first] else first

    def _load(self, name: str) -> Runtime | None:
        try:
            return load_runtime(self.path, runtime=name, device=self.device, threads=self.threads)
        except LimnerError as error:
            self.failed[name] = str(error)
            return None


def _circumstances(path: Path, device: str, threads: int, installed: list[str]) -> dict[str, str]:
    cpu = this_cpu()
    return {
        "file": path.name,
        "sha256": model_sha256(path),
        "device": device,
        "threads": str(threads),
        "cpu": f"{cpu.name}, {cpu.machine}: {' '.join(cpu.features)}",
        "runtimes": ", ".join(f"{name} {RUNTIMES[name].version or '?'}" for name in installed),
    }


def smooth_noise(runtime: Runtime) -> dict[str, Array]:
    """Inputs that are a little like pictures: blotches in [0, 1], or in the range of bytes for integers."""
    rng = np.random.default_rng(0)
    made: dict[str, Array] = {}
    for info in runtime.inputs:
        sizes = [size or (1 if axis == 0 else _OPEN_SIZE) for axis, size in enumerate(info.shape)]
        coarse = rng.random([-(-size // _BLOTCH) if size > _BLOTCH else size for size in sizes], np.float32)
        for axis, size in enumerate(sizes):
            if size > _BLOTCH:
                coarse = np.repeat(coarse, _BLOTCH, axis=axis).take(range(size), axis=axis)
        top = min(255, np.iinfo(info.dtype).max) if np.issubdtype(info.dtype, np.integer) else 1
        made[info.name] = (coarse * top).astype(info.dtype)
    return made


def _difference(outputs: Mapping[str, Array], reference: Mapping[str, Array]) -> str:
    """What is wrong with outputs, beside those of the preferred runtime; "" where nothing is."""
    if outputs.keys() != reference.keys():
        return f"its outputs are called {', '.join(outputs)}, not {', '.join(reference)}"
    for name, expected in reference.items():
        found = outputs[name]
        if found.shape != expected.shape:
            return f"its output {name!r} is {found.shape}, not {expected.shape}"
        if not expected.size:
            continue
        want, got = expected.astype(np.float64), found.astype(np.float64)
        spread = max(float(np.ptp(want)), 1e-3)
        apart = float(np.abs(got - want).mean())
        if not apart <= _TOLERANCE * spread:
            return f"its output {name!r} is {apart:.2g} off on average"
        if (flipped := _flipped(got, want, spread, whole=not np.issubdtype(found.dtype, np.floating))) > _FLIPPED:
            return f"its output {name!r} is another one in {flipped:.1%} of its values"
    return ""


def _flipped(got: Array, want: Array, spread: float, *, whole: bool) -> float:
    """The share of values that say something else: whole numbers that differ, or sides of the middle of the range."""
    if whole:
        return float((got != want).mean())
    middle = (float(want.max()) + float(want.min())) / 2
    return float((((got > middle) != (want > middle)) & (np.abs(got - want) > _CLEARLY * spread)).mean())
