"""Scores as tables: how each metric is headed and rounded, the rows of a report, and a CSV of all photos."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from limner.evaluation.evaluate import CUTS, Score, accumulated, means
from limner.whole_file import whole_file


@dataclass(frozen=True, slots=True)
class Column:
    """How a metric is shown.

    Attributes:
        head: its heading.
        decimals: digits behind the point.
        more_is_better: which way is up; None where the best is 0.
        explained: in one line.
    """

    head: str
    decimals: int
    more_is_better: bool | None
    explained: str

    def show(self, value: float) -> str:
        """The number as text."""
        return f"{value:.{self.decimals}f}"


COLUMNS: dict[str, Column] = {
    "miou": Column("mIoU", 1, True, "mean of the IoU of person and background, percent, mean over images"),
    "boundary_iou": Column("Boundary IoU", 1, True, "IoU of bands along the outline, percent, mean over images"),
    "iou": Column("IoU", 1, True, "of the person, percent, mean over images"),
    "accuracy": Column("accuracy", 1, True, "share of pixels that are right, percent, mean over images"),
    "area_bias": Column("area bias", 1, None, "predicted over true area of the person, percent, median over images"),
    "mad": Column("MAD", 3, False, "mean absolute difference of alpha"),
    "boundary_f": Column("boundary F", 1, True, "F measure of the contour within 0.8 % of the diagonal, percent"),
    **{
        f"boundary_iou_{cut}": Column(f"Boundary IoU at {cut}", 1, True, f"Boundary IoU of the matte cut at {cut}")
        for cut in CUTS
    },
    "mse": Column("MSE", 4, False, "mean squared difference of alpha"),
    "sad": Column("SAD", 2, False, "sum of absolute differences of alpha, thousands"),
    "gradient": Column("gradient", 2, False, "gradient error, thousands"),
    "connectivity": Column("connectivity", 2, False, "connectivity error, thousands"),
    "miou_accumulated": Column("mIoU acc.", 1, True, "mIoU accumulated over all pixels of the set, percent"),
    "iou_accumulated": Column("IoU acc.", 1, True, "IoU of the person accumulated over all pixels of the set, percent"),
    "accuracy_accumulated": Column("accuracy acc.", 1, True, "share of all pixels of the set that are right, percent"),
    "false_area": Column("false area", 2, False, "share of the picture taken for a person where nobody is, percent"),
    "flicker": Column("flicker", 2, False, "mean change of alpha on still pixels, thousandths"),
    "dtssd": Column("dtSSD", 2, False, "error of alpha's change over time, times 100"),
    "messddt": Column("MESSDdt", 2, False, "change of the squared error along the motion, times 1000"),
}

Table = dict[str, dict[str, float]]
"""Set or group -> metric -> number."""


def summary(scores: list[Score]) -> Table:
    """Means over images, and the accumulated scores, of every set and group."""
    more = accumulated(scores)
    return {name: row | more.get(name, {}) for name, row in means(scores).items()}


def columns_of(rows: Sequence[Mapping[str, float]]) -> list[str]:
    """The metrics that any of the rows has, in the order of ``COLUMNS``."""
    return [name for name in COLUMNS if any(name in row for row in rows)]


def best(values: Sequence[float | None], column: Column) -> set[int]:
    """Which of the values are the best as they are shown; none where there is nothing to compare."""
    shown = [None if value is None else float(column.show(value)) for value in values]
    known = [value for value in shown if value is not None]
    if len(known) < 2 or min(known) == max(known):
        return set()
    if column.more_is_better is None:
        known, shown = [abs(value) for value in known], [None if value is None else abs(value) for value in shown]
    top = max(known) if column.more_is_better else min(known)
    return {index for index, value in enumerate(shown) if value == top}


def write_csv(path: Path, scores: Mapping[str, list[Score]]) -> None:
    """A line for each model and photo; the file appears whole or not at all.

    Raises:
        MediaError: it cannot be written.
    """
    names = columns_of([score.values for rows in scores.values() for score in rows])
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(["model", "set", "stem", "split", "mask", *names])
    for model, rows in scores.items():
        for score in rows:
            photo = score.photo
            numbers = [f"{score.values[name]:.6g}" if name in score.values else "" for name in names]
            writer.writerow([model, photo.set, photo.stem, photo.split, photo.mask, *numbers])
    with whole_file(path) as file:
        file.write(text.getvalue().encode())
