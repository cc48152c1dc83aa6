"""Shapes that annotation tools write: polygons and run lengths, as masks of 0 and 255."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from limner.errors import DataError

Mask = NDArray[np.uint8]

_MOST_PIXELS = 1 << 28
"""Of a mask that an annotation asks for: more is a damaged file."""


def empty_mask(size: tuple[int, int]) -> Mask:
    """Zeros, uint8 of ``size`` (H, W).

    Raises:
        DataError: the size is nothing that a picture has.
    """
    height, width = size
    if height < 1 or width < 1 or height * width > _MOST_PIXELS:
        raise DataError(f"the annotation says that the photo has {width}×{height} pixels")
    return np.zeros(size, np.uint8)


def fill_polygon(mask: Mask, rings: Iterable[Sequence[float]]) -> None:
    """Set those pixels of ``mask``, uint8 (H, W), to 255 whose centres lie inside the rings, counted even-odd.

    Args:
        mask: is changed in place.
        rings: x0, y0, x1, y1, … of each, in pixels; the centre of the first pixel is at (0.5, 0.5). A ring inside
            another one is a hole.

    Raises:
        DataError: a ring has fewer than three points, or numbers that are none.
    """
    height, width = mask.shape
    edges = np.concatenate([_edges(ring) for ring in rings] or [np.zeros((0, 4))])
    if not len(edges):
        return
    top = int(np.clip(np.floor(edges[:, 1::2].min()), 0, height))
    bottom = int(np.clip(np.ceil(edges[:, 1::2].max()), top, height))
    centres = np.arange(top, bottom)[:, None] + 0.5
    x0, y0, x1, y1 = edges.T
    crossed = (y0 <= centres) != (y1 <= centres)
    rows, which = np.nonzero(crossed)
    share = (centres[rows, 0] - y0[which]) / (y1[which] - y0[which])
    at = x0[which] + share * (x1[which] - x0[which])
    columns = np.clip(np.ceil(at - 0.5), 0, width).astype(np.int64)
    flips = np.zeros((bottom - top, width + 1), np.int32)
    np.add.at(flips, (rows, columns), 1)
    inside = np.cumsum(flips, axis=1)[:, :width] & 1
    mask[top:bottom][inside.astype(bool)] = 255


def _edges(ring: Sequence[float]) -> NDArray[np.float64]:
    """x0, y0, x1, y1 of each edge, float64 (N, 4)."""
    try:
        points = np.asarray(ring, np.float64).reshape(-1, 2)
    except (TypeError, ValueError):
        raise DataError("a polygon is no list of x and y in turns") from None
    if len(points) < 3 or not np.isfinite(points).all():
        raise DataError(f"a polygon has {len(points)} points; it needs three or more, all of them numbers")
    return np.hstack([points, np.roll(points, -1, axis=0)])


def runs_to_mask(counts: Sequence[int] | NDArray[np.int64], size: tuple[int, int], *, by_column: bool) -> Mask:
    """A mask of ``size`` (H, W) from run lengths, of background and of person in turns, background first.

    Args:
        by_column: runs go down the columns, as COCO's do, instead of along the rows.

    Raises:
        DataError: the runs do not add up to the size.
    """
    mask = empty_mask(size)
    try:
        runs = np.asarray(counts, np.int64).reshape(-1)
    except (TypeError, ValueError, OverflowError):
        raise DataError("a mask's run lengths are no whole numbers") from None
    if (runs < 0).any() or runs.sum() != mask.size:
        raise DataError(f"a mask's run lengths add up to {runs.sum()}, but it has {size[1]}×{size[0]} pixels")
    values = np.zeros(len(runs), np.uint8)
    values[1::2] = 255
    flat = np.repeat(values, runs)
    return np.ascontiguousarray(flat.reshape(size[::-1]).T) if by_column else flat.reshape(size)


def packed_counts(text: str | bytes) -> list[int]:
    """The run lengths in COCO's packed string: base 32 with a bit for "goes on", in printable characters; from the
    third on each is the difference to the one before last.

    Raises:
        DataError: it is no such string.
    """
    data = text.encode("latin-1", "replace") if isinstance(text, str) else bytes(text)
    counts: list[int] = []
    value = shift = 0
    for byte in data:
        digit = byte - 48
        if not 0 <= digit < 64 or shift > 50:
            raise DataError("a mask's packed run lengths hold characters that have no meaning there")
        value |= (digit & 31) << shift
        shift += 5
        if digit & 32:
            continue
        if digit & 16:
            value -= 1 << shift
        counts.append(value + counts[-2] if len(counts) > 2 else value)
        value = shift = 0
    if shift:
        raise DataError("a mask's packed run lengths end in the middle of a number")
    return counts


def rle_mask(rle: object) -> Mask:
    """The mask of a COCO run-length object ``{"size": [H, W], "counts": list or packed string}``, uint8 (H, W).

    Raises:
        DataError: it is no such object.
    """
    if not isinstance(rle, dict) or "counts" not in rle:
        raise DataError("a mask has no run lengths ('size' and 'counts')")
    size, counts = rle.get("size"), rle["counts"]
    if not (isinstance(size, list) and len(size) == 2 and all(isinstance(side, int) for side in size)):
        raise DataError("a mask's run lengths have no size [height, width]")
    runs = packed_counts(counts) if isinstance(counts, str | bytes) else counts
    return runs_to_mask(runs, (size[0], size[1]), by_column=True)


def put(mask: Mask, part: Mask, left: int, top: int) -> None:
    """Lay ``part``, uint8 (h, w), over ``mask`` with its corner at (left, top): the greater value counts. What lies
    outside is cut off."""
    height, width = mask.shape
    x0, y0 = max(left, 0), max(top, 0)
    x1, y1 = min(left + part.shape[1], width), min(top + part.shape[0], height)
    if x0 < x1 and y0 < y1:
        place = mask[y0:y1, x0:x1]
        np.maximum(place, part[y0 - top : y1 - top, x0 - left : x1 - left], out=place)
