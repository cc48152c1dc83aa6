"""Foreground colours: what the edge pixels would look like without the old background mixed into them."""

from __future__ import annotations

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from limner.effects.compose import halve, partly, quantize, to_uint8
from limner.effects.fill import Floats, fill_unknown
from limner.frame import Frame

_LONG_SIDE = 130
"""Least length of the longer side of the grid on which pure colours are carried into the edge."""

_PURE = 0.15
"""How far from 0 or 1 the alpha of a grid cell may be for its colour to count as pure."""


_REMAP_LIMIT = 32_000
"""OpenCV's remap makes rows of less than 2 ** 15 pixels only."""


def estimate_foreground(frame: Frame, alpha: NDArray[np.float32], alpha8: NDArray[np.uint8] | None = None) -> Frame:
    """The person's own colours: what `frame` shows where alpha is 1, and where it is in between, an estimate.

    The colours of surely person and surely background are carried into the edge on coarse grids, and the estimate is
    the pair (F, B) nearest to them that explains the pixel, I = alpha F + (1 - alpha) B: one step of fast multi-level
    foreground estimation (Germer et al. 2021), started as in blur-fusion (Forte 2021).

    Args:
        frame: RGB uint8 (H, W, 3).
        alpha: (H, W) float32 in [0, 1].
        alpha8: `quantize(alpha)` where the caller has it already.

    Returns:
        RGB uint8 (H, W, 3), a new array; the frame's own pixels where alpha rounds to 0 or 1 in 8 bits.
    """
    if alpha8 is None:
        alpha8 = quantize(alpha)
    edge = partly(alpha8)
    own = frame.copy()
    if edge.size:
        own.reshape(-1, 3)[edge] = to_uint8(_edge_colours(frame, alpha, alpha8, edge))
    return own


def blend_clean(
    back: Frame, frame: Frame, alpha: NDArray[np.float32], alpha8: NDArray[np.uint8] | None = None
) -> Frame:
    """`estimate_foreground` over `back` in one go. Writes into `back` and returns it.

    Args:
        back: the new background, RGB uint8 (H, W, 3).
        frame: RGB uint8 (H, W, 3).
        alpha: (H, W) float32 in [0, 1].
        alpha8: `quantize(alpha)` where the caller has it already.
    """
    if alpha8 is None:
        alpha8 = quantize(alpha)
    edge = partly(alpha8)
    cv2.copyTo(frame, (alpha8 == 255).view(np.uint8), back)
    if edge.size:
        part = alpha.reshape(-1).take(edge)[:, None]
        pixels = back.reshape(-1, 3)
        front = _edge_colours(frame, alpha, alpha8, edge)
        pixels[edge] = to_uint8(front * part + pixels.take(edge, 0) * (1.0 - part))
    return back


def _edge_colours(
    frame: Frame, alpha: NDArray[np.float32], alpha8: NDArray[np.uint8], edge: NDArray[np.intp]
) -> Floats:
    """The person's colours (N, 3) float32 in [0, 255] at the N flat indices `edge`."""
    person, behind = _pure_colours(frame, alpha8)
    where = _grid_positions(edge, alpha.shape, person.shape)
    part = alpha.reshape(-1).take(edge)[:, None]
    front, back = _sample(person, where), _sample(behind, where)
    missing = frame.reshape(-1, 3).take(edge, 0) - (front * part + back * (1.0 - part))
    front += missing * (part / (part * part + (1.0 - part) ** 2))
    return front.clip(0.0, 255.0)


def _pure_colours(frame: Frame, alpha8: NDArray[np.uint8]) -> tuple[Floats, Floats]:
    """Colours of the person and of the background, each carried over a whole coarse grid; float32 (h, w, 3) both."""
    halvings = max(0, int(math.log2(max(alpha8.shape) / _LONG_SIDE)))
    pixels = halve(frame, halvings).astype(np.float32)
    part = halve(alpha8, halvings).astype(np.float32) * np.float32(1 / 255)
    person, behind = (
        fill_unknown(pixels, np.maximum((share - np.float32(1 - _PURE)) * np.float32(1 / _PURE), 0.0))
        for share in (part, 1.0 - part)
    )
    return person, behind


def _grid_positions(edge: NDArray[np.intp], size: tuple[int, ...], grid: tuple[int, ...]) -> tuple[Floats, Floats]:
    """Where the pixels of flat indices `edge` in a frame of `size` (H, W) lie on a grid of `grid` (h, w): x and y."""
    y, x = np.divmod(edge, size[1])
    return (
        (x.astype(np.float32) + 0.5) * np.float32(grid[1] / size[1]) - 0.5,
        (y.astype(np.float32) + 0.5) * np.float32(grid[0] / size[0]) - 0.5,
    )


def _sample(colours: Floats, where: tuple[Floats, Floats]) -> Floats:
    """Bilinear samples (N, 3) of (h, w, 3) at N positions."""
    total = where[0].size
    sampled = np.empty((total, 3), np.float32)
    for start in range(0, total, _REMAP_LIMIT):
        part = slice(start, min(start + _REMAP_LIMIT, total))
        x, y = where[0][None, part], where[1][None, part]
        sampled[part] = cv2.remap(colours, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)[0]
    return sampled
