"""Splits a matte into people: by gaps, by valleys of the matte, and by necks between bodies."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from limner.segment.people.head_profile import split_by_heads

Float32 = NDArray[np.float32]
Labels = NDArray[np.int32]

SOLID = 0.5
_FIRM = 0.85
_LEAST = 0.002
"""Share of the frame under which a region is nobody."""
_NECK = 0.65
"""Two bodies are two while what joins them is narrower than this share of the narrower one."""
_RADII = 4
_SMALL = 0.08
"""Share of the largest body from which another one can be split off it; less is a hand."""


@dataclass(frozen=True, slots=True)
class _Part:
    """A core of a region: what is left of a body when its outline is taken off."""

    label: int
    area: int
    left: int
    right: int
    x: float
    y: float
    width: float
    """Twice the distance to the outline in the middle of it."""


def split_people(alpha: Float32) -> tuple[int, Labels]:
    """How many people there are, and whose each cell is: 1 … count, 0 where alpha is not above one half.

    Regions that do not touch are people apart. One region is split where people touch: at a valley of the matte (they
    touch softly) or where what joins two bodies side by side is narrow; a head is not split from its own shoulders,
    since it stands above them and not beside. After watershed by distance (Beucher and Lantuéjoul 1979), with those
    rules for the markers.

    Args:
        alpha: a matte reduced to about 128 cells, (h, w) float32 in [0, 1].
    """
    solid = (alpha > SOLID).astype(np.uint8)
    count, regions, stats, _ = cv2.connectedComponentsWithStats(solid, connectivity=8)
    labels, found = np.zeros(alpha.shape, np.int32), 0
    for region in range(1, count):
        x, y, width, height, area = (int(value) for value in stats[region])
        if area < _LEAST * alpha.size:
            continue
        window = (slice(y, y + height), slice(x, x + width))
        mine = (regions[window] == region).astype(np.uint8)
        pieces, piece = _split_region(mine, alpha[window])
        labels[window] = np.where(mine > 0, piece + found, labels[window])
        found += pieces
    return found, labels


def nearest(labels: Labels) -> Labels:
    """For each cell the label of the nearest cell that has one; all 0 where none has."""
    if not labels.any():
        return labels
    _, cells = cv2.distanceTransformWithLabels(
        (labels == 0).astype(np.uint8), cv2.DIST_L2, 3, labelType=cv2.DIST_LABEL_PIXEL
    )
    flat = labels.reshape(-1)
    of_cell = np.zeros(int(cells.max()) + 1, np.int32)
    own = np.flatnonzero(flat)
    of_cell[cells.reshape(-1)[own]] = flat[own]
    found: Labels = of_cell[cells]
    return found


def _split_region(mine: NDArray[np.uint8], alpha: Float32) -> tuple[int, Labels]:
    """How many people one region is, and which of them each cell is, from 1; cells outside count for the nearest."""
    firm = mine & (alpha > _FIRM).astype(np.uint8)
    for body in (mine, firm) if cv2.countNonZero(firm) < cv2.countNonZero(mine) * 0.98 else (mine,):
        padded = cv2.copyMakeBorder(body, 1, 0, 1, 1, cv2.BORDER_CONSTANT, value=0)
        # People are cut off by the lower edge of the picture, and are no narrower for that.
        padded = cv2.copyMakeBorder(padded, 0, 1, 0, 0, cv2.BORDER_REPLICATE)
        away = cv2.distanceTransform(padded, cv2.DIST_L2, 3)[1:-1, 1:-1].astype(np.float32, copy=False)
        deepest = float(away.max())
        for step in range(_RADII):
            radius = deepest * _NECK * step / _RADII
            cores = (away > max(radius, 0.5)).astype(np.uint8)
            parts, labels = _parts(cores, away)
            if len(parts) < 2:
                continue
            people = _people(parts, radius)
            if len(people) > 1:
                seeds = np.zeros(mine.shape, np.int32)
                for number, labels_of_one in enumerate(people, 1):
                    seeds[np.isin(labels, labels_of_one)] = number
                return len(people), nearest(seeds)
    return split_by_heads(mine)


def _parts(cores: NDArray[np.uint8], away: Float32) -> tuple[list[_Part], Labels]:
    count, labels, stats, centres = cv2.connectedComponentsWithStats(cores, connectivity=8)
    found = []
    for label in range(1, count):
        left, top, width, height, area = (int(value) for value in stats[label])
        window = (slice(top, top + height), slice(left, left + width))
        depth = float(away[window][labels[window] == label].max())
        x, y = (float(value) for value in centres[label])
        found.append(_Part(label, area, left, left + width, x, y, 2 * depth))
    return found, labels.astype(np.int32, copy=False)


def _people(parts: list[_Part], radius: float) -> list[list[int]]:
    """Labels of the parts that are one person, for each person."""
    if len(parts) < 2:
        return [[part.label for part in parts]]
    parts = sorted(parts, key=lambda part: -part.area)
    bodies: list[list[_Part]] = []
    for part in parts:
        if part.area < _SMALL * parts[0].area or 2 * radius > _NECK * part.width:
            continue
        home = next((body for body in bodies if _belongs(part, body)), None)
        if home is None:
            bodies.append([part])
        else:
            home.append(part)
    return [[part.label for part in body] for body in bodies]


def _belongs(part: _Part, body: list[_Part]) -> bool:
    """Whether a smaller part is a head or a limb of a body, and no other person."""
    trunk = body[0]
    overlap = min(part.right, trunk.right) - max(part.left, trunk.left)
    over = overlap > 0.5 * (part.right - part.left)
    if part.width < 0.45 * trunk.width and not over:
        return part.area < 0.25 * trunk.area  # an arm beside a body
    if not over:
        return False
    rivals = [other for other in body[1:] if other.width > 0.7 * part.width and abs(other.y - part.y) < part.width]
    # Only one head grows on a trunk: the one nearer to its middle was not this one if there is one already.
    return not rivals
