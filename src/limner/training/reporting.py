"""Reports of a run: every few seconds a row of log.csv, a point of the curves and a word to the caller."""

from __future__ import annotations

import csv
import time
from pathlib import Path

import torch
from torch import Tensor

from limner.tasks.recipes.run import Course
from limner.training.board import Board
from limner.training.job import Progress, Report, Validation
from limner.whole_file import writing

COLUMNS = ("step", "samples", "size", "loss", "lr", "images_per_second", "terms", "validation", "score")

_EVERY_SECONDS = 5.0


class Reporter:
    """Collects a stretch of steps and tells how it went.

    Args:
        recipe: how many steps there are, and at which sizes.
        out: folder of the run.
        terms: names of the loss terms.
        first_step: the step that the stretch of work began with.
        board: where curves go, or None.
        report: the caller's function, or None.
    """

    def __init__(
        self,
        recipe: Course,
        out: Path,
        terms: list[str],
        *,
        first_step: int,
        board: Board | None,
        report: Report | None,
    ) -> None:
        self.recipe, self.out, self.terms, self.first_step, self.board, self.report = (
            recipe,
            out,
            terms,
            first_step,
            board,
            report,
        )
        self._began = self._last = time.monotonic()
        self._sum, self._count = torch.zeros(1 + len(terms)), 0

    def add(self, values: Tensor) -> None:
        """Take in a step's loss and the values of its terms."""
        self._sum += values.cpu()
        self._count += 1

    def tell(self, step: int, *, rate: float, validation: Validation | None) -> None:
        """Tell if it is time to, if there was a validation, or if the run is over."""
        recipe, now = self.recipe, time.monotonic()
        if not self._count or not (validation or step == recipe.steps or now - self._last > _EVERY_SECONDS):
            return
        loss, *values = (self._sum / self._count).tolist()
        progress = Progress(
            step=step,
            steps=recipe.steps,
            samples=step * recipe.batch,
            size=recipe.size_at(step - 1),
            loss=loss,
            lr=rate,
            images_per_second=(step - self.first_step) * recipe.batch / max(now - self._began, 1e-9),
            terms=dict(zip(self.terms, values, strict=True)),
            validation=validation,
        )
        self._last, self._count = now, 0
        self._sum.zero_()
        log(self.out / "log.csv", progress)
        if self.board is not None:
            self.board.curves(progress)
        if self.report is not None:
            self.report(progress)


def log(path: Path, progress: Progress) -> None:
    """Append a row to a CSV, and the head if there is none yet; pairs of name and value stand in one cell."""
    validation = progress.validation
    row = [
        progress.step,
        progress.samples,
        progress.size,
        f"{progress.loss:.5f}",
        f"{progress.lr:.6f}",
        f"{progress.images_per_second:.1f}",
        _pairs(progress.terms),
        _pairs(validation.values) if validation else "",
        f"{validation.score:.4f}" if validation else "",
    ]
    with writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        new = not path.exists()
        with path.open("a", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows([COLUMNS, row] if new else [row])


def _pairs(values: dict[str, float]) -> str:
    return "; ".join(f"{name}={value:.4f}" for name, value in values.items())
