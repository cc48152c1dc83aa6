"""What a run is given, what it tells, and what it gives back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from limner.nets.initial_weights import WeightReport
from limner.tasks.recipes.run import RunRecipe


@dataclass(frozen=True, slots=True)
class Job:
    """Where a recipe runs.

    Attributes:
        out: folder of the run: ``last.pt`` and ``best.pt`` (checkpoints), ``log.csv`` and ``board``.
        data, cache: the data folder and where its photo map lies.
        init: weights to start from instead of the recipe's; ignored when ``out`` holds a checkpoint to resume.
        minutes: stop (with a checkpoint) after this long, or None to run to the end.
        device: "cpu", "cuda" or "auto".
        board: also write curves and pictures for TensorBoard.
    """

    recipe: RunRecipe
    out: Path
    data: Path
    cache: Path
    init: str | None = None
    minutes: float | None = None
    device: str = "auto"
    board: bool = False


@dataclass(frozen=True, slots=True)
class Validation:
    """One validation: metric -> value, what the recipe takes of them, and whether no score was as high before."""

    values: dict[str, float]
    score: float
    best: bool


@dataclass(frozen=True, slots=True)
class Progress:
    """What the loop tells while it runs; ``loss`` and ``terms`` (before their weights) are means since it last told."""

    step: int
    steps: int
    samples: int
    size: int
    loss: float
    lr: float
    images_per_second: float
    terms: dict[str, float]
    validation: Validation | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a stretch of training ended.

    Attributes:
        checkpoint: the last one.
        step: steps done in all.
        finished: whether the run is complete, or early stopping ended it.
        signal: number of the signal that ended it, if one did.
    """

    checkpoint: Path
    step: int
    finished: bool
    signal: int | None = None


Started = Callable[[WeightReport], None]
Report = Callable[[Progress], None]
Validate = Callable[[Any, int], dict[str, float]]
"""Scores the averaged net, of the task's own kind, at an input size: metric -> value."""
