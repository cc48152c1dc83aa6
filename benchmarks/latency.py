"""How long the default net takes on one CPU thread, beside MediaPipe's, in the same run."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import numpy as np

from benchmarks.table import Row
from limner.models.catalogue import find_model
from limner.runtimes.base import Runtime
from limner.runtimes.loading import load_runtime, runtimes_for

WHAT = "`fast` on one CPU thread, against MediaPipe's 256×256 net"
TARGET = "≤ 1.00×"
ROUNDS, CALLS = 30, 8


def measure(peer: Path) -> Row:
    """The default net's line of the table."""
    figures = compare(find_model("fast").path, peer)
    return Row(
        what=WHAT,
        target=TARGET,
        figure=f"{figures['ratio']:.2f}× ({figures['ours_cpu_ms']:.1f} ms, {figures['theirs_cpu_ms']:.1f} ms)",
        passed=figures["ratio"] <= 1.0,
        detail=(
            f"medians of {ROUNDS} rounds of {CALLS} calls, CPU time; wall-clock ratio {figures['wall_ratio']:.2f}×"
        ),
        values=figures,
    )


def compare(model: Path, peer: Path, *, rounds: int = ROUNDS, calls: int = CALLS) -> dict[str, float]:
    """Rounds of a few calls each, taking turns, so that whatever else the machine does falls on both.

    Medians in milliseconds a call, and of the ratios of each pair of rounds: "ratio" of CPU time, "wall_ratio".
    """
    ours, theirs = (_call(load_runtime(path, runtime=runtimes_for(path)[0], threads=1)) for path in (model, peer))
    for call in (ours, theirs) * (1 + calls):
        call()
    wall: dict[str, list[float]] = {"ours": [], "theirs": []}
    busy: dict[str, list[float]] = {"ours": [], "theirs": []}
    for turn in range(rounds):
        pair = [("ours", ours), ("theirs", theirs)]
        for name, call in pair if turn % 2 else pair[::-1]:
            one_wall, one_busy = _round(call, calls)
            wall[name].append(one_wall)
            busy[name].append(one_busy)
    figures = {
        f"{name}_{kind}_ms": median(times[name]) * 1e3
        for kind, times in (("wall", wall), ("cpu", busy))
        for name in times
    }
    figures["ratio"] = median(a / b for a, b in zip(busy["ours"], busy["theirs"], strict=True))
    figures["wall_ratio"] = median(a / b for a, b in zip(wall["ours"], wall["theirs"], strict=True))
    return figures


def _call(runtime: Runtime) -> Callable[[], object]:
    info = runtime.inputs[0]
    values = np.random.default_rng(0).random([n or 1 for n in info.shape], np.float32).astype(info.dtype)
    return lambda: runtime.run({info.name: values})


def _round(call: Callable[[], object], calls: int) -> tuple[float, float]:
    wall, busy = time.perf_counter(), time.process_time()
    for _ in range(calls):
        call()
    return (time.perf_counter() - wall) / calls, (time.process_time() - busy) / calls
