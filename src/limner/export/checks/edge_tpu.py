"""Whether an Edge TPU can run a .tflite file: each operator against the published list and its conditions.

The list and its conditions are those of Coral's page "TensorFlow models on the Edge TPU" (compiler 16, runtime 14). The
compiler itself is not asked: what the page leaves open ("depending on size") is told as open here too.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from limner.errors import ModelError
from limner.export.checks.edge_tpu_rules import RULES, Operator
from limner.inspect.advice.delegates import EDGE_TPU
from limner.inspect.inspect_tflite import TfliteFile

MAPPED, OPEN, FALLS_BACK, BEHIND = "mapped", "open", "falls back", "behind"
_TYPES = {"int8", "uint8"}
_PARAMETER_TYPES = _TYPES | {"int32"}


@dataclass(frozen=True, slots=True)
class Verdict:
    """What becomes of one operator.

    ``outcome`` is "mapped", "open" (the list has it, but leaves to the compiler whether it is mapped), "falls back" (to
    the CPU, for ``reason``) or "behind" (one that falls back: the compiler makes one part of the graph and leaves what
    follows to the CPU).
    """

    index: int
    kind: str
    outcome: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class EdgeTpuReport:
    """The operators of a file in its order."""

    file: str
    verdicts: tuple[Verdict, ...]

    def count(self, *outcomes: str) -> int:
        """How many operators have one of these outcomes."""
        return sum(verdict.outcome in outcomes for verdict in self.verdicts)

    @property
    def whole(self) -> bool:
        """Whether nothing is known to run on the CPU."""
        return not self.count(FALLS_BACK, BEHIND)

    def summary(self) -> str:
        """One sentence for a card or a table."""
        total, opened = len(self.verdicts), self._told(OPEN)
        ends = f"; its compiler may leave {opened} to the CPU" if opened else ""
        if self.whole:
            return f"Edge TPU: all {total} operators are on its list{ends}"
        behind = self.count(BEHIND)
        follow = f", and {behind} behind {'it' if self.count(FALLS_BACK) == 1 else 'them'}" if behind else ""
        mapped = f"Edge TPU: {self.count(MAPPED, OPEN)} of {total} operators"
        return f"{mapped}; to the CPU: {self._told(FALLS_BACK)}{follow}{ends}"

    def lines(self) -> list[str]:
        """The summary, then a line for each kind of operator and reason."""
        groups = Counter(
            (verdict.outcome, verdict.kind, verdict.reason) for verdict in self.verdicts if verdict.outcome != MAPPED
        )
        mapped = Counter(verdict.kind for verdict in self.verdicts if verdict.outcome == MAPPED)
        lines = [self.summary()]
        if mapped:
            lines.append(f"  {MAPPED:<11}{', '.join(f'{kind} ×{count}' for kind, count in mapped.most_common())}")
        for (outcome, kind, reason), count in groups.items():
            lines.append(f"  {outcome:<11}{kind} ×{count}" + (f": {reason}" if reason else ""))
        return lines

    def _told(self, outcome: str) -> str:
        kinds = Counter(verdict.kind for verdict in self.verdicts if verdict.outcome == outcome)
        return ", ".join(f"{kind} ×{count}" for kind, count in kinds.items())


def check_edge_tpu(path: Path) -> EdgeTpuReport:
    """Check a .tflite file.

    Raises:
        ModelError: it cannot be read, or is no .tflite model.
        MissingExtraError: ai-edge-litert is not installed.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ModelError(f"{path}: cannot be read: {error.strerror or error}") from None
    if data[4:8] != b"TFL3":
        raise ModelError(f"{path}: is not a .tflite model; the Edge TPU runs nothing else")
    file = TfliteFile(path, data)
    return file.guarded(lambda: EdgeTpuReport(str(path), tuple(_verdicts(file, data))))


def _verdicts(file: TfliteFile, data: bytes) -> list[Verdict]:
    """Operators before the first that is mapped may fall back without taking others along: they only feed it."""
    verdicts: list[Verdict] = []
    begun = ended = False
    for index, operator in enumerate(file.graph.operators):
        view = _view(file, data, operator)
        reason = _unfit(file, operator, view)
        doubt = None
        if reason is None:
            reason, doubt = RULES.get(view.kind, _no_rule)(view)
        if reason is not None:
            outcome, ended = FALLS_BACK, begun
        elif ended:
            outcome, doubt = BEHIND, None
        else:
            outcome, begun = OPEN if doubt else MAPPED, True
        verdicts.append(Verdict(index, view.kind, outcome, reason or doubt or ""))
    return verdicts


def _no_rule(_operator: Operator) -> tuple[None, None]:
    return None, None


def _unfit(file: TfliteFile, operator: Any, view: Operator) -> str | None:
    """What the page asks of every operator: on the list, eight bits, fixed sizes, three axes, constant parameters."""
    if view.kind not in EDGE_TPU:
        return "not on its list"
    if view.kind in ("CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED", "TRANSPOSE_CONV"):
        weights = operator.inputs[1:3] if view.kind != "TRANSPOSE_CONV" else operator.inputs[:2]
        if any(index >= 0 and not file.is_constant(index) for index in weights):
            return "weights or bias that are computed; they must be in the file"
    for index in (*operator.inputs, *operator.outputs):
        if index < 0:
            continue
        shape, dtype = file.shape(index), file.dtype(index)
        constant = file.is_constant(index)
        if dtype not in (_PARAMETER_TYPES if constant else _TYPES):
            return f"a tensor of {dtype}; all must be int8 or uint8"
        if None in shape:
            return "a tensor of open size"
        if not constant and any(size != 1 for size in shape[:-3]):
            return f"a tensor of {'×'.join(map(str, shape))}; only the innermost three axes may exceed 1"
    return None


def _view(file: TfliteFile, data: bytes, operator: Any) -> Operator:
    def shapes(indices: Any) -> tuple[tuple[int, ...], ...]:
        return tuple(tuple(size or 0 for size in file.shape(index)) if index >= 0 else () for index in indices)

    def constant(place: int) -> NDArray[Any] | None:
        index = operator.inputs[place] if place < len(operator.inputs) else -1
        if index < 0 or not file.is_constant(index):
            return None
        buffer = file.model.buffers[file.graph.tensors[index].buffer]
        raw = bytes(buffer.data) if buffer.data is not None else data[buffer.offset : buffer.offset + buffer.size]
        return np.frombuffer(raw, file.dtype(index))

    def zero_point(place: int) -> int:
        quantization = file.graph.tensors[operator.inputs[place]].quantization
        points = quantization.zeroPoint if quantization is not None else None
        return int(points[0]) if points is not None and len(points) else 0

    return Operator(
        kind=file.kind(operator),
        inputs=shapes(operator.inputs),
        outputs=shapes(operator.outputs),
        options=operator.builtinOptions,
        constant=constant,
        zero_point=zero_point,
    )
