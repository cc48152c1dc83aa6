"""Wide and tall pictures in overlapping near-square tiles, and the tiles' maps blended to one."""

from __future__ import annotations

import math
from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

Float32 = NDArray[np.float32]

FROM_RATIO = 2.0
"""Longer side by shorter side from which a picture is cut into tiles."""
_LENGTH = 4 / 3
"""Length of a tile by the picture's shorter side."""
_OVERLAP = 1 / 3
"""Least share of a tile that it shares with the next one."""
MOST = 64
"""Tiles of one picture at most; in longer pictures they are longer instead."""

Tile = tuple[slice, slice]
"""Rows and columns of a picture."""


def is_long(size: tuple[int, int]) -> bool:
    """Whether a picture of ``size`` (height, width) is to be cut into tiles."""
    return max(size) >= FROM_RATIO * min(size)


def cut(size: tuple[int, int]) -> list[Tile]:
    """Tiles of a picture of ``size`` (height, width), from its upper left; the whole picture where it is not long.

    They are evenly spaced. Each is 4/3 as long as the picture's shorter side and shares a third or more with the next
    one. There are at most `MOST`, however long the picture: then they are longer.
    """
    height, width = size
    if not is_long(size):
        return [(slice(0, height), slice(0, width))]
    longer, shorter = max(size), min(size)
    length = max(_LENGTH * shorter, longer / (1 + (MOST - 1) * (1 - _OVERLAP)))
    count = 1 + math.ceil((longer - length) / (length * (1 - _OVERLAP)) - 1e-9)
    long = min(longer, max(1, round(length)))
    tiles = []
    for index in range(count):
        start = round(index * (longer - long) / (count - 1)) if count > 1 else 0
        along, across = slice(start, start + long), slice(0, shorter)
        tiles.append((across, along) if width >= height else (along, across))
    return tiles


def blend(maps: Sequence[Float32], tiles: Sequence[Tile], size: tuple[int, int]) -> Float32:
    """One map of a whole picture from the maps of its tiles, at their scale.

    Where tiles overlap, each counts the more the farther its own end is away, so that no seam shows.

    Args:
        maps: (h, w) float32 of equal shape, one for each tile.
        tiles: from ``cut(size)``.
        size: (height, width) of the picture.

    Returns:
        (h', w') float32, C-contiguous; the map itself where there is one.
    """
    if len(maps) == 1:
        return maps[0]
    axis = 1 if size[1] >= size[0] else 0
    sideways = [part if axis else np.ascontiguousarray(part.T) for part in maps]
    height, width = sideways[0].shape
    long = tiles[0][axis].stop - tiles[0][axis].start
    total = max(width, round(size[axis] * width / long))
    weight = np.minimum(np.arange(1, width + 1), np.arange(width, 0, -1)).astype(np.float32)
    result, weights = np.zeros((height, total), np.float32), np.zeros(total, np.float32)
    for part, tile in zip(sideways, tiles, strict=True):
        exact = tile[axis].start * width / long
        start = min(round(exact), total - width)
        shifted = _shift(part, exact - start)
        result[:, start : start + width] += shifted * weight
        weights[start : start + width] += weight
    result /= weights
    return result if axis else np.ascontiguousarray(result.T)


def _shift(part: Float32, by: float) -> Float32:
    """The map moved to the right by a part of a pixel, or to the left."""
    if abs(by) < 1e-3:
        return part
    matrix = np.array([[1, 0, by], [0, 1, 0]], np.float64)
    return cv2.warpAffine(  # type: ignore[return-value]
        part, matrix, part.shape[::-1], flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
