"""Quality against samples seen, from the validations in a run's log.csv, as docs/images/learning_curve.svg."""

from __future__ import annotations

import argparse
import csv
import math
import sys
from collections.abc import Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np

from benchmarks.table import ROOT
from limner.charts import Axis, Line, line_chart, standalone
from limner.whole_file import whole_text

Validation = tuple[int, dict[str, float]]
"""Samples seen, and what was measured then, in percent."""


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("log", type=Path, help="log.csv of a run whose recipe has validate_every")
    parser.add_argument("--before", type=int, default=0, help="samples that its first weights had seen")
    parser.add_argument("--values", nargs="+", default=["fashion + faces mIoU", "people_with_animals mIoU"])
    parser.add_argument("--target", type=Path, default=ROOT / "docs" / "images" / "learning_curve.svg")
    options = parser.parse_args(arguments)
    found = read_log(options.log)
    if len(found) < 2:
        print(f"{options.log}: has fewer than two validations; set validate_every in the recipe", file=sys.stderr)
        return 2
    whole_text(options.target, draw(found, options.values, before=options.before))
    for samples, values in found:
        print(options.before + samples, *(f"{name} {values[name]:.2f}" for name in options.values))
    return 0


def read_log(path: Path) -> list[Validation]:
    """The validations of a run, in order."""
    with path.open(newline="", encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["validation"]]
    return [(int(row["samples"]), _values(row["validation"])) for row in rows]


def draw(validations: Sequence[Validation], names: Sequence[str], *, before: int = 0) -> str:
    """An SVG document: one line for each name, thousands of samples against percent."""
    x = np.array([(before + samples) / 1000 for samples, _ in validations])
    lines = []
    for colour, name in enumerate(names):
        y = np.array([values[name] for _, values in validations])
        dots = {
            i: f"{name} {value:.1f} after {at:.0f} thousand" for i, (at, value) in enumerate(zip(x, y, strict=True))
        }
        lines.append(Line(name, x, y, colour, dots))
    every = np.concatenate([line.y for line in lines])
    low, high = float(math.floor(every.min() - 0.5)), float(math.ceil(every.max() + 0.5))
    chart = line_chart(
        lines,
        Axis("thousand samples seen", 0.0, 1.05 * float(x[-1])),
        Axis("%", low, high),
        name="quality against samples",
    )
    return standalone(chart)


def _values(text: str) -> dict[str, float]:
    return {name: float(value) for name, _, value in (part.partition("=") for part in text.split("; "))}


if __name__ == "__main__":
    sys.exit(main())
