"""The report's charts: precision and recall, mIoU over the threshold, calibration, and mIoU from photo to photo."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from html import escape

import numpy as np

from limner.charts import Axis, Line, line_chart
from limner.evaluation.curves import calibration, miou_by_threshold, precision_recall
from limner.evaluation.evaluate import LEVELS, Score

_HALF = LEVELS // 2
_SHOWN = slice(LEVELS // 64, LEVELS - LEVELS // 64)  # at the ends a curve says more of rounding than of the model


def curves(scores: Mapping[str, list[Score]]) -> str:
    """Four charts over the photos with people; nothing where there are none."""
    people = {label: [score for score in rows if "miou" in score.values] for label, rows in scores.items()}
    if not any(people.values()):
        return ""
    charts = (_precision_recall, _threshold, _calibration, _spread)
    return f'<div class="charts">{"".join(chart(people) for chart in charts)}</div>'


def _precision_recall(people: Mapping[str, list[Score]]) -> str:
    lines, notes = [], []
    for colour, (label, scores) in enumerate(people.items()):
        curve = precision_recall(scores)
        says = f"{100 * curve.precision[_HALF]:.1f} / {100 * curve.recall[_HALF]:.1f} at 0.5"
        dots = {_HALF - _SHOWN.start: says}
        lines.append(Line(label, 100 * curve.recall[_SHOWN], 100 * curve.precision[_SHOWN], colour, dots))
        notes.append((label, says))
    x = Axis("recall, %", _floor([line.x for line in lines]), 100)
    y = Axis("precision, %", _floor([line.y for line in lines]), 100)
    chart = line_chart(lines, x, y, name="Precision and recall")
    return _figure(
        "Precision and recall of the person's pixels", "all photos together; dot: threshold 0.5", chart, notes
    )


def _threshold(people: Mapping[str, list[Score]]) -> str:
    lines, notes = [], []
    for colour, (label, scores) in enumerate(people.items()):
        thresholds, miou = miou_by_threshold(scores)
        peak = _SHOWN.start + int(np.argmax(miou[_SHOWN]))
        dots = {_HALF - _SHOWN.start: f"{miou[_HALF]:.2f} at 0.5"}
        lines.append(Line(label, thresholds[_SHOWN], miou[_SHOWN], colour, dots))
        notes.append((label, f"best at {thresholds[peak]:.2f}: {miou[peak] - miou[_HALF]:+.2f}"))
    y = Axis("mIoU, %", _floor([line.y for line in lines], of=0.3), _ceil([line.y for line in lines]))
    chart = line_chart(lines, Axis("threshold", 0, 1), y, name="mIoU over the threshold")
    return _figure("mIoU over the threshold", "mean over images; dot: threshold 0.5", chart, notes)


def _calibration(people: Mapping[str, list[Score]]) -> str:
    ends = np.array([0.0, 100.0])
    lines, notes = [Line("as it should be", ends, ends, None)], []
    for colour, (label, scores) in enumerate(people.items()):
        found = calibration(scores)
        lines.append(Line(label, 100 * found.alpha, 100 * found.share, colour))
        notes.append((label, f"off by {found.error:.2f} points"))
    chart = line_chart(lines, Axis("alpha, %", 0, 100), Axis("share of person, %", 0, 100), name="Calibration")
    return _figure("Calibration", "of pixels with this alpha, how many are person", chart, notes)


def _spread(people: Mapping[str, list[Score]]) -> str:
    lines, notes = [], []
    for colour, (label, scores) in enumerate(people.items()):
        miou = np.sort([score.values["miou"] for score in scores])
        share = 100 * (np.arange(len(miou)) + 0.5) / len(miou)
        lines.append(Line(label, share, miou, colour))
        tenth, median = np.percentile(miou, (10, 50))
        notes.append((label, f"median {median:.1f}; one in ten below {tenth:.1f}"))
    y = Axis("mIoU, %", _floor([line.y for line in lines]), 100)
    chart = line_chart(lines, Axis("photos, worst first, %", 0, 100), y, name="Spread over photos")
    return _figure(
        "mIoU of the photos, from the worst to the best", "a flat line that starts high is good", chart, notes
    )


def _figure(title: str, explained: str, chart: str, notes: Sequence[tuple[str, str]]) -> str:
    legend = "".join(
        f'<li><i class="swatch b{index % 8}"></i>{escape(label)} <span>{escape(note)}</span></li>'
        for index, (label, note) in enumerate(notes)
    )
    return (
        f"<figure><figcaption><b>{escape(title)}</b> {escape(explained)}</figcaption>{chart}<ul>{legend}</ul></figure>"
    )


def _floor(values: Sequence[np.ndarray], *, of: float = 0.0) -> float:
    """A round number just below the values, leaving out a share of the lowest of each."""
    low = min(float(np.quantile(value, of)) for value in values)
    step = 1 if low > 95 else 5 if low > 80 else 10
    return max(0.0, float(math.floor((low - 0.01) / step) * step))


def _ceil(values: Sequence[np.ndarray]) -> float:
    high = max(float(value.max()) for value in values)
    return min(100.0, float(math.floor(high) + 1))
