"""Keying: edges before a green or blue screen, or any other backdrop that is plain and colourful."""

from __future__ import annotations

from typing import Any, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from limner.frame import Frame

Float32 = NDArray[np.float32]
Mask = NDArray[np.uint8]

_SIDE = 480
"""The backdrop is looked for in a picture of at most this many cells on its longest side."""
_GAP, _RING, _NEAR = 0.02, 0.1, 0.35
"""Shares of the shorter side: from the person's outline to the ring that must be plain, to its end, and how far around
the person the backdrop's light is fitted."""
_LEAST = 200
"""Cells of the ring below which nothing is known of a backdrop."""
_ALIKE = 0.12
"""Difference of the colours, each as a share of its brightness, up to which two are of one backdrop in any light."""
_PLAIN = 0.7
"""Share of the ring that must be of one colour."""
_COLOURFUL = 0.25
"""Least colour, as a share of its brightness; a grey wall in a person's shadow cannot be told from grey clothes."""
_CLEAR, _FULL = 0.1, 0.8
"""Shares of the backdrop's colour from which a pixel is not all person, and from which it is all backdrop; shadows on
it have less of its colour."""
_OUTSIDE, _INSIDE = 0.05, 0.03
"""Shares of the shorter side that the key works outside and inside of the net's outline."""
_HELD = 0.5
"""What is added to the person, such as a held thing that the net leaves out, may be this share of their area."""
_FAINT, _SURE = 0.05, 0.95
_DARK = 8.0
_MOST = 4000
"""Cells that the light is fitted to."""
_ROUNDS, _OUTLIER, _RIDGE = 3, 6.0, 1e-3
_ROWS = 1 << 18


class _Backdrop(NamedTuple):
    """What a backdrop's colours have beyond grey, in a light that changes slowly over the picture.

    Attributes:
        factors: (6, 3), of `_terms`.
    """

    factors: Float32


def key(frame: Frame, alpha: Float32) -> Float32 | None:
    """A matte whose edges are keyed: how little of the backdrop's colour is left in each pixel there.

    The backdrop is found by itself: a ring around the person must be of one colour, whatever it is, in a light that may
    change slowly. At the outline alpha follows the colour-difference key, which sees single hairs. Inside the person
    the matte is believed, so that a green tie stays; far outside too, so that lamps and the screen's end go. Things
    before the backdrop that touch the person stay.

    Args:
        frame: RGB uint8 (H, W, 3).
        alpha: (H, W) in [0, 1], of a net. It is not changed.

    Returns:
        (H, W) in [0, 1], a new array; None where no plain and colourful backdrop is around the person.
    """
    scale = min(1.0, _SIDE / max(frame.shape[:2]))
    size = (max(1, round(frame.shape[1] * scale)), max(1, round(frame.shape[0] * scale)))
    small: Any = cv2.resize(frame, size, interpolation=cv2.INTER_AREA).astype(np.float32)
    net: Any = cv2.resize(alpha, size, interpolation=cv2.INTER_AREA)
    backdrop = _find(small, net)
    return None if backdrop is None else _keyed(frame, alpha, _outline(small, net, backdrop), backdrop)


def _find(small: Any, net: Any) -> _Backdrop | None:
    """The backdrop behind the person in a picture (h, w, 3) with a matte (h, w); None where there is none."""
    side = min(net.shape)
    away = _away((net > _FAINT).astype(np.uint8))
    beside = away <= _GAP * side
    ring = (away <= _RING * side) & ~beside
    if np.count_nonzero(ring) < _LEAST:
        return None
    shades = _shades(small)
    colour = np.median(shades[ring], axis=0)
    if np.abs(colour).max() < _COLOURFUL:
        return None
    alike = np.abs(shades - colour).max(axis=2) < _ALIKE
    if alike[ring].mean() < _PLAIN:
        return None
    rows, columns = np.nonzero(alike & ~beside & (away <= _NEAR * side))
    some = slice(None, None, -(-len(rows) // _MOST))
    rows, columns = rows[some], columns[some]
    terms = _terms((rows + 0.5) / net.shape[0], (columns + 0.5) / net.shape[1])
    colours = small[rows, columns].astype(np.float64)
    weights = np.ones((len(terms), 1))
    for _ in range(_ROUNDS):
        weighted = (terms * weights).T
        factors = np.linalg.solve(weighted @ terms + _RIDGE * np.eye(6), weighted @ colours)
        missed = np.abs(terms @ factors - colours).max(axis=1, keepdims=True)
        weights = 1 / (1 + (missed / _OUTLIER) ** 2)
    return _Backdrop((factors - factors.mean(axis=1, keepdims=True)).astype(np.float32))


def _outline(small: Any, net: Any, backdrop: _Backdrop) -> Mask:
    """Where the key works: 1 around the person and around what they hold, 2 in the midst of the person, else 0."""
    height, width = net.shape
    side = min(height, width)
    person = (net > _FAINT).astype(np.uint8)
    rows, columns = np.nonzero(_away(person) <= _NEAR * side)
    other = np.zeros_like(person)
    other[rows, columns] = _left(small[rows, columns], (rows + 0.5) / height, (columns + 0.5) / width, backdrop) < 0.5
    things = cv2.morphologyEx(other, cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
    _, regions = cv2.connectedComponents(things | person, connectivity=4)
    mine = np.zeros(int(regions.max()) + 1, np.uint8)
    mine[regions[net > 0.5]] = 1
    mine[0] = 0
    held = mine[regions]
    if np.count_nonzero(held & (1 - person)) > _HELD * np.count_nonzero(person):
        held = person  # it reached the edge of the backdrop, and everything behind that
    found: Mask = (_away(held | person) <= _OUTSIDE * side).astype(np.uint8)
    found[(things & (1 - (held | person))) > 0] = 0  # somebody or something else
    found[_away((net <= _SURE).astype(np.uint8)) > _INSIDE * side] = 2
    return found


def _keyed(frame: Frame, net: Float32, near: Mask, backdrop: _Backdrop) -> Float32:
    """Alpha (H, W) by the key where ``near`` (h, w) is 1, 1 where it is 2, else 0."""
    height, width = net.shape
    where = cv2.resize(near, (width, height), interpolation=cv2.INTER_NEAREST)
    alpha: Float32 = (where == 2).astype(np.float32)
    flat, pixels, result = np.flatnonzero(where == 1), frame.reshape(-1, 3), alpha.reshape(-1)
    for start in range(0, flat.size, _ROWS):
        part = flat[start : start + _ROWS]
        left = _left(pixels[part], (part // width + 0.5) / height, (part % width + 0.5) / width, backdrop)
        result[part] = np.clip((_FULL - left) / (_FULL - _CLEAR), 0, 1)
    return alpha


def _left(colours: Any, rows: Any, columns: Any, backdrop: _Backdrop) -> Any:
    """How much of the backdrop's colour is left in colours (N, 3) at places in [0, 1]: 1 is all of it, 0 none."""
    behind = _terms(rows, columns) @ backdrop.factors
    strength = np.einsum("ij,ij->i", behind, behind)
    return np.einsum("ij,ij->i", colours.astype(np.float32, copy=False), behind) / np.maximum(strength, 1)


def _terms(rows: Any, columns: Any) -> Float32:
    """(N, 6): light that changes over a picture as a polynomial of the second degree does."""
    y, x = (np.asarray(place, np.float32) - np.float32(0.5) for place in (rows, columns))
    return np.stack([np.ones_like(x), x, y, x * x, y * y, x * y], axis=1)


def _shades(picture: Any) -> Any:
    """Colours without their brightness: (h, w, 3), how far each is from grey, as a share of the brightness."""
    brightness = np.maximum(picture.mean(axis=2, keepdims=True), _DARK)
    return picture / brightness - 1


def _away(mask: Mask) -> Any:
    """Distance of each cell from the mask, in cells."""
    return cv2.distanceTransform(1 - mask, cv2.DIST_L2, cv2.DIST_MASK_5)
