"""The sheet of worst cases: photo, truth, matte and error of the lowest scores side by side in one picture."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from limner.datasets.manifest import PhotoFolder
from limner.evaluation.contenders import MatteMaker
from limner.evaluation.evaluate import Score
from limner.evaluation.tiles import error_tile, grey_tile, matte_tile

_TILE = 200
_CAPTION = 22


def worst(scores: list[Score], count: int) -> list[Score]:
    """The ``count`` photos with the lowest mIoU, or the largest false area among photos without people."""
    people = sorted((s for s in scores if "miou" in s.values), key=lambda s: s.values["miou"])
    empty = sorted((s for s in scores if "false_area" in s.values), key=lambda s: -s.values["false_area"])
    return people[:count] if people else empty[:count]


def sheet(scores: list[Score], folder: PhotoFolder, maker: MatteMaker, *, columns: int = 2) -> NDArray[np.uint8]:
    """RGB uint8 picture; in the error tile red is person that was missed, blue is background taken for a person."""
    cells = []
    for score in scores:
        rgb, mask = folder.load(score.photo)
        alpha = maker(rgb)
        shown = (rgb, grey_tile(mask), matte_tile(alpha), error_tile(rgb, mask, alpha, score.photo))
        key = "miou" if "miou" in score.values else "false_area"
        caption = f"{score.photo.set}/{score.photo.stem}  {key} {score.values[key]:.1f}"
        cells.append(_caption(np.hstack([_fit(tile) for tile in shown]), caption))
    while len(cells) % columns:
        cells.append(np.zeros_like(cells[0]))
    return np.vstack([np.hstack(cells[row : row + columns]) for row in range(0, len(cells), columns)])


def _fit(tile: NDArray[np.uint8]) -> NDArray[np.uint8]:
    height, width = tile.shape[:2]
    scale = _TILE / max(height, width)
    small = cv2.resize(tile, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    canvas = np.full((_TILE, _TILE, 3), 40, np.uint8)
    top, left = (_TILE - small.shape[0]) // 2, (_TILE - small.shape[1]) // 2
    canvas[top : top + small.shape[0], left : left + small.shape[1]] = small
    return canvas


def _caption(row: NDArray[np.uint8], text: str) -> NDArray[np.uint8]:
    strip = np.full((_CAPTION, row.shape[1], 3), 20, np.uint8)
    cv2.putText(strip, text, (6, 16), cv2.FONT_HERSHEY_SIMPLEX, 0.45, (230, 230, 230), 1, cv2.LINE_AA)
    return np.vstack([strip, row])
