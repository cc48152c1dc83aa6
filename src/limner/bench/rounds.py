"""Measures subjects in turns, so that whatever else the machine does falls on all of them alike."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median, quantiles

from limner.bench.cases import Case
from limner.bench.subject import STAGES, Subject, Turn

_ROUND_SECONDS = 0.03
_MOST_CALLS = 20
_QUEUED_CALLS = 4
"""Calls of a queue for each of its requests in a round."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """What was measured of one case. Times are milliseconds of one call (of a whole batch).

    Attributes:
        case: what.
        runtime, device, facts: as the runtime itself reports them.
        stages: stage -> median over the rounds.
        net: median of the net's stages together, and of their CPU time, ``net_cpu``.
        spread: half the distance between the quartiles of ``net``, as a share of it.
        total: median of all stages together.
        ratio, ratio_cpu: median over the rounds of the net's time a picture, by that of the first row in the same
            round: wall clock and CPU time.
        pictures_per_second: that the net alone gets through, with all requests at work where there are several.
        load: until the model was ready.
        rounds, calls: how many rounds of how many calls.
    """

    case: Case
    runtime: str
    device: str
    facts: Mapping[str, str]
    stages: Mapping[str, float]
    net: float
    net_cpu: float
    spread: float
    total: float
    ratio: float
    ratio_cpu: float
    pictures_per_second: float
    load: float
    rounds: int
    calls: int


@dataclass(frozen=True, slots=True)
class _Round:
    turn: Turn
    per_second: float


def measure(
    subjects: Sequence[Subject], *, rounds: int, tick: Callable[[int, int], None] = lambda _done, _of: None
) -> list[Row]:
    """A row for each subject, in their order, ratios to the first.

    Every subject is warmed up by a turn; then they take turns, forwards and backwards, each with as many calls of the
    net as fit into thirty milliseconds, at least one.

    Args:
        tick: told how many rounds of how many are done.
    """
    calls = []
    for subject in subjects:
        warm = subject.turn(3)
        calls.append(max(1, min(_MOST_CALLS, round(_ROUND_SECONDS / max(1e-6, warm.net)))))
    done: list[list[_Round]] = [[] for _ in subjects]
    for turn in range(rounds):
        order = list(range(len(subjects)))
        for index in order if turn % 2 == 0 else reversed(order):
            done[index].append(_round(subjects[index], calls[index]))
        tick(turn + 1, rounds)
    return [_row(subject, done[i], done[0], calls[i], subjects[0]) for i, subject in enumerate(subjects)]


def _round(subject: Subject, calls: int) -> _Round:
    turn = subject.turn(calls)
    queue = _QUEUED_CALLS * getattr(subject.runtime, "requests", 1)
    seconds = subject.queued(queue)
    return _Round(turn, subject.case.batch * (1 / turn.net if seconds is None else queue / seconds))


def _row(subject: Subject, mine: list[_Round], first: list[_Round], calls: int, leader: Subject) -> Row:
    nets = [one.turn.net for one in mine]
    low, middle, high = quantiles(nets, n=4, method="inclusive") if len(nets) > 1 else (nets * 3)
    share = leader.case.batch / subject.case.batch
    pairs = list(zip(mine, first, strict=True))
    return Row(
        case=subject.case,
        runtime=subject.runtime.name,
        device=subject.runtime.device,
        facts=subject.runtime.facts,
        stages={name: 1e3 * median(one.turn.stages[name] for one in mine) for name in STAGES},
        net=1e3 * middle,
        net_cpu=1e3 * median(one.turn.net_cpu for one in mine),
        spread=(high - low) / 2 / middle,
        total=1e3 * median(sum(one.turn.stages.values()) for one in mine),
        ratio=share * median(a.turn.net / b.turn.net for a, b in pairs),
        ratio_cpu=share * median(a.turn.net_cpu / b.turn.net_cpu for a, b in pairs),
        pictures_per_second=median(one.per_second for one in mine),
        load=1e3 * subject.load_seconds,
        rounds=len(mine),
        calls=calls,
    )
