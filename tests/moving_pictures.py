"""Moving GIF, PNG and WebP files for tests, written by Pillow."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image as Pillow

SIZE = (48, 64)
DELAYS = (40, 100, 20, 300, 70, 500)
"""Milliseconds, each of which GIF can say."""


def rgba(index: int, *, alpha: bool = True) -> NDArray[np.uint8]:
    """uint8 (H, W, 4) of few colours: bars, a box that moves, and transparency on the left that grows."""
    picture = np.zeros((*SIZE, 4), np.uint8)
    picture[..., 0] = np.arange(SIZE[1]) // 8 * 30
    picture[..., 1] = 40
    picture[10:30, 6 * index : 6 * index + 20, :3] = (20, 200, 90)
    picture[..., 3] = 255
    if alpha:
        picture[:, : 8 + 2 * index, 3] = 0
    return picture


def make_moving(path: Path, *, alpha: bool = True, loop: int | None = 3, delays: Sequence[int] = DELAYS) -> None:
    """`loop` is what Pillow calls so: repeats of GIF, plays of the others."""
    channels = 4 if alpha else 3
    pictures = [Pillow.fromarray(rgba(index, alpha=alpha)[..., :channels]) for index in range(len(delays))]
    how: dict[str, object] = {} if loop is None else {"loop": loop}
    if path.suffix == ".webp":
        how |= {"lossless": True, "exact": True}
    elif path.suffix == ".gif":
        how |= {"disposal": 2}
    kind = {".gif": "GIF", ".webp": "WEBP", ".apng": "PNG", ".png": "PNG"}[path.suffix]
    pictures[0].save(path, kind, save_all=True, append_images=pictures[1:], duration=list(delays), **how)
