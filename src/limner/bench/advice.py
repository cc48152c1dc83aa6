"""What to install or say for more speed on this machine; only what was seen here, or what can be tried in a line."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from limner.bench.running import BF16, Run
from limner.bench.surroundings import Surroundings
from limner.kinds import ONNX
from limner.runtimes.loading import RUNTIMES

_CLEAR = 0.95
"""A share of the time that is worth a word."""
_LARGER = ("fast", "default", "video", "quality")
"""Shipped models of which there is a smaller one."""
_BF16 = ("avx512_bf16", "amx_tile", "bf16")


def can_bf16(place: Surroundings) -> bool:
    """Whether the CPU has instructions for bfloat16."""
    return any(feature in place.cpu.features for feature in _BF16)


def advise(place: Surroundings, runs: Sequence[Run]) -> list[str]:
    """Sentences, the most useful first; empty where nothing is left to try."""
    lines = []
    if place.nvidia and "cuda" not in place.devices["onnxruntime"]:
        lines.append(
            "An NVIDIA GPU is here, but this ONNX Runtime was built without CUDA: "
            "pip install onnxruntime-gpu in place of onnxruntime, then say --device cuda."
        )
    for name in ("openvino", "litert", "ncnn"):
        entry = RUNTIMES[name]
        if not entry.installed:
            lines.append(
                f"{name} is not installed (runs {', '.join(entry.suffixes)}): pip install 'limner[{entry.extra}]'; "
                "--runtime auto then measures it where it competes."
            )
    for run in runs:
        if run.ratio is None or run.ratio > _CLEAR:
            continue
        if run.runtime == BF16:
            lines.append(
                f"{run.model}: --runtime {BF16} takes {run.ratio:.2f} of the first row's CPU time, for edges that "
                "differ a little (see docs/runtimes.md)."
            )
        else:
            lines.append(f"{run.model}: {run.runtime} takes {run.ratio:.2f} of the first row's time; auto takes it.")
    if any(run.ratio is not None and Path(run.model).stem in _LARGER for run in runs):
        lines.append(
            "A smaller net: --model tiny; limner models shows what that costs in quality, and limner bench fast tiny "
            "what it saves here."
        )
    if any(Path(run.model).suffix == ONNX or not Path(run.model).suffix for run in runs):
        lines.append(
            "A .tflite file: limner export fast --to litert -o DIR makes one, the fastest file of fast where that was "
            "measured (docs/runtimes.md); limner bench compares it here. int8 files save room but hardly time, and "
            "lose half a point of mIoU and more (docs/exports.md)."
        )
    return lines
