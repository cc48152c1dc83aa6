"""Tells people who stand side by side apart by their heads: the peaks of a region's upper outline."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

_STICKS_OUT = 0.15
"""Share of its height by which a head rises above the shoulders between it and the next one."""
_ASPECT = (0.3, 2.4)
"""A head rises by so many times its own width; less is a bump, more a raised arm."""
_NARROWEST = 3


@dataclass(frozen=True, slots=True)
class Head:
    """A peak of the outline: its column, how high it is, how far it rises, and how wide it is, in cells."""

    column: int
    height: int
    rise: int
    width: int


def split_by_heads(mine: NDArray[np.uint8]) -> tuple[int, NDArray[np.int32]]:
    """How many heads a region (h, w) of 0 and 1 has, and whose each cell is, from 1; one head: all is 1.

    Between two heads the cut runs down from the deepest point of the outline to where two bodies as wide as their heads
    are would meet: nearer to the smaller one, who is usually behind.
    """
    heights = _outline(mine)
    heads = find_heads(heights)
    whose = np.ones(mine.shape, np.int32)
    if len(heads) < 2:
        return 1, whose
    rows = np.arange(mine.shape[0])[:, None]
    columns = np.arange(mine.shape[1])[None]
    for left, right in pairwise(heads):
        between = heights[left.column : right.column + 1]
        lowest = np.flatnonzero(between == between.min())
        valley = left.column + int(lowest[len(lowest) // 2])
        meet = left.column + (right.column - left.column) * left.width / (left.width + right.width)
        depth = mine.shape[0] - int(between.min())
        slope = np.clip((rows - depth) / max(1.0, 0.7 * min(left.width, right.width)), 0.0, 1.0)
        whose += (columns > valley + slope * (meet - valley)).astype(np.int32)
    return len(heads), whose


def find_heads(heights: NDArray[np.int64]) -> list[Head]:
    """The heads of an outline, from left to right: peaks that rise enough, and as a head does."""
    found = []
    for column, rise in _peaks(heights):
        height = int(heights[column])
        level = height - rise / 2
        left, right = column, column
        while left > 0 and heights[left - 1] >= level:
            left -= 1
        while right < len(heights) - 1 and heights[right + 1] >= level:
            right += 1
        head = Head((left + right) // 2, height, rise, right - left + 1)
        low, high = _ASPECT
        if rise >= _STICKS_OUT * height and head.width >= _NARROWEST and low * head.width <= rise <= high * head.width:
            found.append(head)
    return sorted(found, key=lambda head: head.column)


def _outline(mine: NDArray[np.uint8]) -> NDArray[np.int64]:
    """Height of the region above its lowest row, column by column; smoothed over three columns."""
    tops = np.where(mine.any(axis=0), mine.shape[0] - mine.argmax(axis=0), 0)
    padded = np.pad(tops, 1, mode="edge")
    smooth: NDArray[np.int64] = np.median([padded[:-2], padded[1:-1], padded[2:]], axis=0).astype(np.int64)
    return smooth


def _peaks(heights: NDArray[np.int64]) -> list[tuple[int, int]]:
    """(column, rise) of every peak: how far one has to go down from it to reach a higher one.

    The highest one has no such way; it rises as far as from the deepest valley beside a peak that counts.
    """
    top_of: dict[int, int] = {}  # column that was reached already -> the peak it belongs to
    rises: dict[int, int] = {}
    for column in np.argsort(-heights, kind="stable").tolist():
        around = sorted({top_of[c] for c in (column - 1, column + 1) if c in top_of}, key=lambda c: -heights[c])
        if not around:
            top_of[column] = column
            continue
        top_of[column] = around[0]
        for lower in around[1:]:
            rises[lower] = int(heights[lower] - heights[column])
            for reached in [c for c, top in top_of.items() if top == lower]:
                top_of[reached] = around[0]
    highest = int(heights.argmax())
    others = [(column, rise) for column, rise in rises.items() if rise >= _STICKS_OUT * heights[column]]
    floor = max((int(heights[column]) - rise for column, rise in others), default=0)
    return [(highest, int(heights[highest]) - floor), *others]
