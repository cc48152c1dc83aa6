"""Differences between groups of scores, with bootstrap intervals (Efron, Tibshirani 1993)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

RESAMPLES = 4000
LEVEL = 95.0
"""Percent of the resamples that an interval holds."""


@dataclass(frozen=True, slots=True)
class Gap:
    """A difference of means and its percentile interval."""

    value: float
    low: float
    high: float

    @property
    def clear(self) -> bool:
        """Whether the interval leaves out zero."""
        return self.low > 0 or self.high < 0

    def __str__(self) -> str:
        return f"{self.value:+.1f} ({self.low:+.1f} … {self.high:+.1f})"


def gap_of_groups(first: Sequence[float], second: Sequence[float], *, seed: int = 0) -> Gap | None:
    """Mean of ``first`` minus mean of ``second``; None where one is empty. Both are resampled, each for itself."""
    return gap_within_sets({"": first}, {"": second}, seed=seed)


def gap_within_sets(
    first: Mapping[str, Sequence[float]], second: Mapping[str, Sequence[float]], *, seed: int = 0
) -> Gap | None:
    """The mean over the scores in ``first`` of their distance to the mean of ``second`` in the same set.

    So a set in which ``first`` is frequent weighs much, and a set that is hard for everybody makes no gap. Sets in
    which one of the two is empty count nowhere; None if all are such.

    Args:
        first, second: set to scores.
        seed: of the resampling, which goes on within each set and group.
    """
    shared = [name for name in first if len(first[name]) and len(second.get(name, ()))]
    if not shared:
        return None
    rng = np.random.default_rng(seed)
    total = sum(len(first[name]) for name in shared)
    value, drawn = 0.0, np.zeros(RESAMPLES)
    for name in shared:
        weight = len(first[name]) / total
        ones, others = np.asarray(first[name], float), np.asarray(second[name], float)
        value += weight * float(ones.mean() - others.mean())
        drawn += weight * (_means(ones, rng) - _means(others, rng))
    return _gap(value, drawn)


def mean_with_interval(differences: Sequence[float], *, seed: int = 0) -> Gap | None:
    """The mean of paired differences, one for each person; persons are resampled. None where there are none."""
    if not len(differences):
        return None
    values = np.asarray(differences, float)
    return _gap(float(values.mean()), _means(values, np.random.default_rng(seed)))


def _means(values: NDArray[np.float64], rng: np.random.Generator) -> NDArray[np.float64]:
    chosen = rng.integers(len(values), size=(RESAMPLES, len(values)))
    return np.asarray(values[chosen].mean(axis=1))


def _gap(value: float, drawn: NDArray[np.float64]) -> Gap:
    low, high = np.percentile(drawn, [(100 - LEVEL) / 2, (100 + LEVEL) / 2])
    return Gap(value, float(low), float(high))
