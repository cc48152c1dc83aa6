"""Charts as inline SVG: lines on two axes. Colours are CSS variables, so that a page's theme reaches into them."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from html import escape

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float64]
WIDTH, HEIGHT = 460, 300
_LEFT, _RIGHT, _TOP, _BOTTOM = 50, 12, 12, 42

_STYLE = (
    "<style>text{font:11px sans-serif;fill:#444}.grid{stroke:#e4e4e4}.line{fill:none;stroke-width:2}"
    ".dot{stroke:#fff}.s0{stroke:#1b6ca8}.s1{stroke:#c4622d}circle.s0{fill:#1b6ca8}circle.s1{fill:#c4622d}</style>"
    '<rect width="100%" height="100%" fill="#fff"/>'
)


@dataclass(frozen=True, slots=True)
class Axis:
    """A linear axis from ``low`` to ``high``, with its label and about ``ticks`` ticks at round numbers."""

    label: str
    low: float
    high: float
    ticks: int = 5

    def marks(self) -> list[float]:
        """Round numbers within the axis."""
        rough = (self.high - self.low) / self.ticks
        scale = 10 ** math.floor(math.log10(rough))
        step = next(nice * scale for nice in (1, 2, 2.5, 5, 10) if nice * scale >= rough * 0.999)
        first = math.ceil(self.low / step - 1e-9)
        return [round(k * step, 10) for k in range(first, math.floor(self.high / step + 1e-9) + 1)]


@dataclass(frozen=True, slots=True)
class Line:
    """A line through points; values outside of the axes are cut off.

    Attributes:
        label: shown when the pointer rests on it.
        x, y: (N,) in units of the axes.
        colour: number of the series, 0 to 7; None is the grey of a reference line.
        dots: indices of points that get a dot, each with what it says.
    """

    label: str
    x: Values
    y: Values
    colour: int | None
    dots: dict[int, str] = field(default_factory=dict)


class _Scale:
    """From units of an axis to pixels."""

    def __init__(self, axis: Axis, start: float, stop: float) -> None:
        self._low, self._start = axis.low, start
        self._step = (stop - start) / (axis.high - axis.low)

    def __call__(self, value: float) -> float:
        return self._start + (value - self._low) * self._step


def line_chart(lines: Sequence[Line], x: Axis, y: Axis, *, name: str) -> str:
    """An ``<svg>`` element; ``name`` is what a screen reader says, and no other chart of the page."""
    across = _Scale(x, _LEFT, WIDTH - _RIGHT)
    up = _Scale(y, HEIGHT - _BOTTOM, _TOP)
    body = [_grid(x, y, across, up)]
    clip = "clip-" + re.sub(r"\W+", "-", name.lower())
    body.append(
        f'<clipPath id="{clip}"><rect x="{_LEFT}" y="{_TOP - 3}" width="{WIDTH - _LEFT - _RIGHT + 3}" '
        f'height="{HEIGHT - _TOP - _BOTTOM + 6}"/></clipPath><g clip-path="url(#{clip})">'
    )
    body += [_line(line, across, up) for line in lines]
    body.append("</g>")
    return (
        f'<svg class="chart" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(name)}">'
        f"{''.join(body)}</svg>"
    )


def standalone(chart: str) -> str:
    """A chart of `line_chart` as an SVG document of its own; the first two series are blue and orange."""
    head, _, body = chart.partition(">")
    return f'{head} xmlns="http://www.w3.org/2000/svg">{_STYLE}{body}\n'


def _grid(x: Axis, y: Axis, across: _Scale, up: _Scale) -> str:
    left, right, top, bottom = _LEFT, WIDTH - _RIGHT, _TOP, HEIGHT - _BOTTOM
    parts = []
    for mark in y.marks():
        at = up(mark)
        parts.append(f'<line class="grid" x1="{left}" x2="{right}" y1="{at:.1f}" y2="{at:.1f}"/>')
        parts.append(f'<text class="tick" x="{left - 6}" y="{at + 3.5:.1f}" text-anchor="end">{mark:g}</text>')
    for mark in x.marks():
        at = across(mark)
        parts.append(f'<line class="grid" x1="{at:.1f}" x2="{at:.1f}" y1="{top}" y2="{bottom}"/>')
        parts.append(f'<text class="tick" x="{at:.1f}" y="{bottom + 15}" text-anchor="middle">{mark:g}</text>')
    middle, centre = (left + right) / 2, (top + bottom) / 2
    parts.append(f'<text class="axis" x="{middle}" y="{HEIGHT - 8}" text-anchor="middle">{escape(x.label)}</text>')
    parts.append(
        f'<text class="axis" x="13" y="{centre}" text-anchor="middle" transform="rotate(-90 13 {centre})">'
        f"{escape(y.label)}</text>"
    )
    return "".join(parts)


def _line(line: Line, across: _Scale, up: _Scale) -> str:
    points = [(across(a), up(b)) for a, b in zip(line.x.tolist(), line.y.tolist(), strict=True)]
    style = "reference" if line.colour is None else f"s{line.colour % 8}"
    path = " ".join(f"{a:.1f},{b:.1f}" for a, b in points)
    parts = [f'<polyline class="line {style}" points="{path}"><title>{escape(line.label)}</title></polyline>']
    for index, says in line.dots.items():
        a, b = points[index]
        parts.append(
            f'<circle class="dot {style}" cx="{a:.1f}" cy="{b:.1f}" r="4">'
            f"<title>{escape(f'{line.label}: {says}')}</title></circle>"
        )
    return "".join(parts)
