"""The curve of a pruning as a picture: cost against quality, before and after each fine-tuning."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from limner.charts import Axis, Line, line_chart, standalone
from limner.training.prune.run import Point


def draw_curve(points: Sequence[Point]) -> str:
    """An SVG document: MACs in millions against mIoU in percent; blue is fine-tuned, orange just pruned.

    Each dot says its step when the pointer rests on it.
    """
    tuned = [point for point in points if point.tuned]
    pruned = [point for point in points if not point.tuned]
    scores = [point.miou for point in points]
    low, high = math.floor(min(scores) - 0.5), math.ceil(max(scores) + 0.5)
    chart = line_chart(
        [_line("fine-tuned", tuned, 0), _line("pruned, not fine-tuned", pruned, 1)],
        Axis("M MACs", 0.0, 1.05 * max(point.macs for point in points) / 1e6),
        Axis("mIoU on val, %", float(low), float(high)),
        name="cost against quality",
    )
    return standalone(chart)


def _line(label: str, points: Sequence[Point], colour: int) -> Line:
    return Line(
        label,
        np.array([point.macs / 1e6 for point in points]),
        np.array([point.miou for point in points]),
        colour,
        {index: f"step {point.step}, {point.miou:.1f} %" for index, point in enumerate(points)},
    )
