"""Times of operators, as tables: where a model's time goes, by type and by node."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from limner.bench.align import align
from limner.bench.subject import Subject
from limner.errors import OptionError
from limner.runtimes.base import NodeTime, ProfilingRuntime
from limner.runtimes.loading import RUNTIMES

CALLS = 20
PROFILING = ("onnxruntime", "openvino")
"""Runtimes that tell the times of operators."""


@dataclass(frozen=True, slots=True)
class KindTime:
    """All nodes of one type: how many, and their time in a call."""

    kind: str
    count: int
    microseconds: float


def check_profiling(runtime: str) -> None:
    """OptionError unless the runtime (with its options) tells the times of operators."""
    name = runtime.partition(":")[0]
    if name in RUNTIMES and name not in PROFILING:
        raise OptionError(f"‹profile›: {name} does not tell the time of operators; {' and '.join(PROFILING)} do")


def profile(subject: Subject) -> list[NodeTime]:
    """Mean times of the nodes over some calls of a subject loaded with ``profile``, in the order of execution."""
    subject.turn(CALLS)
    runtime = subject.runtime
    assert isinstance(runtime, ProfilingRuntime)
    return runtime.node_times()


def by_kind(nodes: Sequence[NodeTime]) -> list[KindTime]:
    """The nodes summed by type, the longest first."""
    kinds: dict[str, list[float]] = {}
    for node in nodes:
        kinds.setdefault(node.kind, []).append(node.microseconds)
    found = [KindTime(kind, len(times), sum(times)) for kind, times in kinds.items()]
    return sorted(found, key=lambda item: -item.microseconds)


def profile_lines(title: str, nodes: Sequence[NodeTime], *, top: int = 10) -> list[str]:
    """The tables: by type, then the ``top`` nodes that take longest, each with its share and the sum of shares."""
    total = sum(node.microseconds for node in nodes) or 1.0
    lines = [f"{title}: {len(nodes)} nodes, {total / 1e3:.3f} ms", ""]
    rows, running = [("type", "count", "ms", "%", "sum %")], 0.0
    for item in by_kind(nodes):
        running += item.microseconds
        rows.append((item.kind, str(item.count), *_shares(item.microseconds, running, total)))
    lines += align(rows, right=(1, 2, 3, 4))
    rows, running = [("node", "type", "ran as", "ms", "%", "sum %")], 0.0  # type: ignore[list-item]
    for node in sorted(nodes, key=lambda node: -node.microseconds)[:top]:
        running += node.microseconds
        rows.append((node.name, node.kind, node.how, *_shares(node.microseconds, running, total)))  # type: ignore[arg-type]
    return [*lines, "", *align(rows, right=(3, 4, 5))]


def _shares(microseconds: float, running: float, total: float) -> tuple[str, str, str]:
    return f"{microseconds / 1e3:.3f}", f"{100 * microseconds / total:.1f}", f"{100 * running / total:.1f}"
