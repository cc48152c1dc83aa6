"""What really runs: each installed runtime loads the models, and is asked afterwards what ran where and how fast."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from limner.bench.cases import Case
from limner.bench.operators import PROFILING, profile
from limner.bench.rounds import measure
from limner.bench.subject import Subject
from limner.errors import LimnerError
from limner.models.catalogue import find_model
from limner.runtimes.loading import RUNTIMES, runtimes_for
from limner.threads import check_threads

BF16 = "openvino:precision=bf16"
_ROUNDS = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A model on a runtime.

    Attributes:
        model: file name.
        runtime: asked for, with its options.
        problem: why it does not run; "" where it does, and only then the rest is told.
        device, facts: as the runtime reports them after loading.
        nodes: what ran nodes of the graph (execution provider, or device) -> how many; empty where it does not tell.
        milliseconds: of one call of the net.
        ratio: of CPU time to that of the model's first row.
    """

    model: str
    runtime: str
    problem: str = ""
    device: str = ""
    facts: Mapping[str, str] = field(default_factory=dict)
    nodes: Mapping[str, int] = field(default_factory=dict)
    milliseconds: float | None = None
    ratio: float | None = None


def runs(models: Sequence[str], frame: NDArray[np.uint8], *, threads: int | None, bf16: bool) -> list[Run]:
    """Every installed runtime on every model whose file it runs, on the CPU.

    Args:
        bf16: also OpenVINO in this precision.

    Raises:
        LimnerError: a model cannot be found. What a runtime cannot do is in its row.
    """
    found: list[Run] = []
    for name in dict.fromkeys(models):
        model = find_model(name)
        names = [runtime for runtime in runtimes_for(model.path) if RUNTIMES[runtime].installed]
        if bf16 and "openvino" in names:
            names.insert(names.index("openvino") + 1, BF16)
        subjects: list[Subject] = []
        rows: list[Run] = []
        for runtime in names:
            row = Run(model=model.path.name, runtime=runtime)
            case = Case(model.path.name, model, runtime, "cpu", check_threads(threads), 1)
            try:
                subject = Subject(case, frame)
                row = replace(row, nodes=_placement(case, frame))
            except LimnerError as error:
                row = replace(row, problem=str(error))
            else:
                subjects.append(subject)
            rows.append(row)
        measured = {row.case.runtime: row for row in measure(subjects, rounds=_ROUNDS)} if subjects else {}
        for row in rows:
            if (told := measured.get(row.runtime)) is not None:
                row = replace(row, device=told.device, facts=told.facts, milliseconds=told.net, ratio=told.ratio_cpu)
            found.append(row)
    return found


def _placement(case: Case, frame: NDArray[np.uint8]) -> dict[str, int]:
    """Who ran how many nodes, counted in a profile of real calls."""
    name = case.runtime.partition(":")[0]
    if name not in PROFILING:
        return {}
    nodes = profile(Subject(case, frame, profile=True))
    # OpenVINO names the kernel, whose last part is the precision that it computed in.
    return dict(Counter(node.how.rpartition("_")[2] if name == "openvino" else node.how for node in nodes))
