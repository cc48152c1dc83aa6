"""A scatter chart as an SVG file, whose labels keep clear of each other and of the points."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from itertools import product

from limner.charts import Axis

WIDTH, HEIGHT = 480, 400
_LEFT, _RIGHT, _TOP, _BOTTOM = 52, 16, 40, 46
_CHARACTER, _LINE = 6.6, 13.0
_STYLE = """
svg { background: #ffffff; font-family: system-ui, "DejaVu Sans", sans-serif; }
text { font-size: 12px; fill: #30343a; }
.tick { font-size: 11px; fill: #6a7079; } .title { font-size: 14px; font-weight: 600; }
.label { paint-order: stroke; stroke: #ffffff; stroke-width: 3px; stroke-linejoin: round; }
.grid { stroke: #e4e6e9; } .leader { stroke: #9aa1ab; } .edge { stroke: #c4c8cd; fill: none; stroke-dasharray: 4 3; }
.ships { fill: #1f5fbf; } .trained { fill: #7d8590; } .peer { fill: #d1600a; }
"""

Box = tuple[float, float, float, float]
"""Left, top, right, bottom."""


@dataclass(frozen=True, slots=True)
class Point:
    """A point with its label; ``kind`` is its colour: "ships", "trained" or "peer"."""

    label: str
    x: float
    y: float
    kind: str


@dataclass(frozen=True, slots=True)
class Panel:
    """One chart; the x axis is logarithmic, ``line`` is a vertical line at that x."""

    title: str
    x_label: str
    points: Sequence[Point]
    line: float | None = None


def draw(panels: Sequence[Panel]) -> str:
    """An SVG document with the panels side by side."""
    width = WIDTH * len(panels)
    body = "".join(f'<g transform="translate({WIDTH * at} 0)">{_panel(panel)}</g>' for at, panel in enumerate(panels))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {HEIGHT}" width="{width}" height="{HEIGHT}">'
        f"<style>{_STYLE}</style><rect width='{width}' height='{HEIGHT}' fill='#ffffff'/>{body}</svg>\n"
    )


def place_labels(spots: Sequence[tuple[float, float]], texts: Sequence[str], frame: Box) -> list[Box]:
    """Boxes for labels of points, in pixels: none over another label, a point or the frame's edge if there is room.

    Crowded points choose first; each takes the nearest place around it that is free.
    """
    points = [(x - 5, y - 5, x + 5, y + 5) for x, y in spots]
    crowd = [sum(math.dist(a, b) for b in spots) for a in spots]
    taken: list[Box] = []
    placed: dict[int, Box] = {}
    for index in sorted(range(len(spots)), key=lambda at: crowd[at]):
        others = points[:index] + points[index + 1 :]
        options = _around(spots[index], len(texts[index]) * _CHARACTER)
        best = min(options, key=lambda box: (_trouble(box, [*taken, *others], frame), _reach(box, spots[index])))
        placed[index] = best
        taken.append(best)
    return [placed[index] for index in range(len(spots))]


def _around(spot: tuple[float, float], width: float) -> list[Box]:
    """Places for a label of this width: beside the point, and farther out in steps."""
    x, y = spot
    boxes = []
    for reach, (dx, dy) in product((10.0, 19.0, 31.0, 45.0), product((-1, 0, 1), repeat=2)):
        if dx == dy == 0:
            continue
        left = x + dx * reach - (width if dx < 0 else width / 2 if dx == 0 else 0)
        middle = y + dy * (reach + (2 if dx == 0 else -2))
        boxes.append((left, middle - _LINE / 2, left + width, middle + _LINE / 2))
    return boxes


def _trouble(box: Box, taken: Sequence[Box], frame: Box) -> float:
    """Area that is covered twice or lies outside of the frame."""
    inside = _overlap(box, frame)
    return sum(_overlap(box, other) for other in taken) + (box[2] - box[0]) * (box[3] - box[1]) - inside


def _overlap(a: Box, b: Box) -> float:
    return max(0.0, min(a[2], b[2]) - max(a[0], b[0])) * max(0.0, min(a[3], b[3]) - max(a[1], b[1]))


def _reach(box: Box, spot: tuple[float, float]) -> float:
    x, y = min(max(spot[0], box[0]), box[2]), min(max(spot[1], box[1]), box[3])
    return math.dist((x, y), spot)


class _Frame:
    """Where values lie in a panel: x logarithmic in powers of two, y linear."""

    def __init__(self, points: Sequence[Point]) -> None:
        self.x_low = 2 ** math.floor(math.log2(min(point.x for point in points)) - 0.3)
        self.x_high = 2 ** math.ceil(math.log2(max(point.x for point in points)) + 0.3)
        low, high = min(point.y for point in points), max(point.y for point in points)
        room = max(1.0, 0.08 * (high - low))
        self.y = Axis("", math.floor(low - room), math.ceil(high + room))
        self.right, self.bottom = WIDTH - _RIGHT, HEIGHT - _BOTTOM

    def across(self, value: float) -> float:
        return _LEFT + (self.right - _LEFT) * math.log(value / self.x_low) / math.log(self.x_high / self.x_low)

    def up(self, value: float) -> float:
        return self.bottom - (self.bottom - _TOP) * (value - self.y.low) / (self.y.high - self.y.low)

    def grid(self) -> list[str]:
        parts = []
        for mark in self.y.marks():
            at = self.up(mark)
            parts.append(f'<path class="grid" d="M{_LEFT} {at:.1f}H{self.right}"/>')
            parts.append(f'<text class="tick" x="{_LEFT - 7}" y="{at + 4:.1f}" text-anchor="end">{mark:g}</text>')
        for power in range(round(math.log2(self.x_high / self.x_low)) + 1):
            at, below = self.across(self.x_low * 2**power), self.bottom + 16
            parts.append(f'<path class="grid" d="M{at:.1f} {_TOP}V{self.bottom}"/>')
            parts.append(
                f'<text class="tick" x="{at:.1f}" y="{below}" text-anchor="middle">{self.x_low * 2**power:g}×</text>'
            )
        return parts


def _panel(panel: Panel) -> str:
    frame = _Frame(panel.points)
    parts = [f'<text class="title" x="{_LEFT}" y="22">{escape(panel.title)}</text>', *frame.grid()]
    if panel.line is not None and frame.x_low < panel.line < frame.x_high:
        parts.append(f'<path class="edge" d="M{frame.across(panel.line):.1f} {_TOP}V{frame.bottom}"/>')
    middle = (_LEFT + frame.right) / 2
    parts.append(f'<text x="{middle}" y="{HEIGHT - 10}" text-anchor="middle">{escape(panel.x_label)}</text>')
    spots = [(frame.across(point.x), frame.up(point.y)) for point in panel.points]
    inside = (_LEFT, _TOP, frame.right, frame.bottom)
    boxes = place_labels(spots, [point.label for point in panel.points], inside)
    labels = []
    for point, (x, y), box in zip(panel.points, spots, boxes, strict=True):
        if _reach(box, (x, y)) > 12:
            end = min(max(x, box[0]), box[2]), min(max(y, box[1]), box[3])
            parts.append(f'<path class="leader" d="M{x:.1f} {y:.1f}L{end[0]:.1f} {end[1]:.1f}"/>')
        parts.append(f'<circle class="{point.kind}" cx="{x:.1f}" cy="{y:.1f}" r="5"/>')
        at = f'x="{(box[0] + box[2]) / 2:.1f}" y="{box[3] - 3:.1f}"'
        labels.append(f'<text class="label" {at} text-anchor="middle">{escape(point.label)}</text>')
    return "".join([*parts, *labels])
