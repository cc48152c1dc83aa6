"""Full-size edges from a small probability map: a fast guided filter that works where the edge is and nowhere else."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from limner.segment.pyramid import Pyramid

Float32 = NDArray[np.float32]

RADIUS = 3
"""Of the window, in pixels of the coefficient map (half of the small frame's size)."""
EPSILON = 1e-4
"""Regularisation, in squared colour units of [0, 1]: colour differences below its root do not make an edge."""
_TILE = 8
_RUN = 6
_FAINT = 0.02
_CORNERS = cv2.BORDER_REPLICATE
_BACKGROUND, _PERSON, _EDGE = 0, 1, 2
_SLOPE_GAIN = np.float32(1 / 255) / np.array([0.299, 0.587, 0.114], np.float32)


def refine(probability: Float32, pyramid: Pyramid, *, softness: float) -> Float32:
    """A matte at frame size whose edges follow the frame's own.

    The fast guided filter (He & Sun 2015, arXiv:1505.00996) with colour guidance (He et al. 2013): in every small
    window the matte is the affine function of colour that fits the probabilities best. Its coefficients are fitted on
    the small frame, and applied to the colours of the full-size frame, so detail is the photo's and no step of the
    net's grid shows. Only tiles near an uncertain probability are computed; everything else is exactly 0 or 1.

    Args:
        probability: (h, w) float32 in [0, 1] at any size, showing the same view as ``pyramid.full``.
        pyramid: the frame.
        softness: see ``soften``.

    Returns:
        (H, W) float32 in [0, 1], C-contiguous, at the frame's size.
    """
    small = pyramid.small
    fine = cv2.resize(probability, (small.shape[1], small.shape[0]), interpolation=cv2.INTER_LINEAR)
    tiles = _classify(_halve(fine), softness)
    window = _window(tiles)
    coefficients = np.zeros((small.shape[0] // 2, small.shape[1] // 2, 4), np.float32)
    if window is not None:
        there = tuple(slice(2 * side.start, 2 * side.stop) for side in window)
        guide = small[there].astype(np.float32) * np.float32(1 / 255)
        coefficients[window] = fit(guide, fine[there])
    if softness > 0:
        coefficients /= softness
        coefficients[..., 3] += 0.5 - 0.5 / softness
    return _apply(coefficients, tiles, pyramid, hard=softness <= 0)


def fit(guide: Any, values: Any) -> Any:
    """Colour guided filter, first half, at half the guide's size.

    Args:
        guide: RGB float32 (2h, 2w, 3) in [0, 1].
        values: float32 (2h, 2w).

    Returns:
        (h, w, 4) float32 coefficients, averaged over windows: for red, green, blue and the constant.
    """

    def mean(image: Any) -> Any:
        # Products are made at the guide's size and averaged from there, so that fine texture counts as variance.
        return box(_halve(image))

    r, g, b = cv2.split(guide)
    mean_r, mean_g, mean_b, mean_v = mean(r), mean(g), mean(b), mean(values)
    rr = mean(r * r) - mean_r * mean_r + EPSILON
    gg = mean(g * g) - mean_g * mean_g + EPSILON
    bb = mean(b * b) - mean_b * mean_b + EPSILON
    rg = mean(r * g) - mean_r * mean_g
    rb = mean(r * b) - mean_r * mean_b
    gb = mean(g * b) - mean_g * mean_b
    rv = mean(r * values) - mean_r * mean_v
    gv = mean(g * values) - mean_g * mean_v
    bv = mean(b * values) - mean_b * mean_v
    # Inverse of the symmetric 3×3 covariance by cofactors.
    c_rr, c_rg, c_rb = gg * bb - gb * gb, gb * rb - rg * bb, rg * gb - gg * rb
    c_gg, c_gb, c_bb = rr * bb - rb * rb, rg * rb - rr * gb, rr * gg - rg * rg
    scale = 1.0 / (rr * c_rr + rg * c_rg + rb * c_rb)
    a_r = (c_rr * rv + c_rg * gv + c_rb * bv) * scale
    a_g = (c_rg * rv + c_gg * gv + c_gb * bv) * scale
    a_b = (c_rb * rv + c_gb * gv + c_bb * bv) * scale
    constant = mean_v - a_r * mean_r - a_g * mean_g - a_b * mean_b
    return box(cv2.merge([a_r, a_g, a_b, constant]))


def box(image: Any) -> Any:
    """Mean over the window of ``RADIUS``."""
    side = 2 * RADIUS + 1
    return cv2.blur(image, (side, side), borderType=_CORNERS)


def _halve(image: Any) -> Any:
    return cv2.resize(image, (image.shape[1] // 2, image.shape[0] // 2), interpolation=cv2.INTER_AREA)


def _classify(coarse: Any, softness: float) -> NDArray[np.int8]:
    """For every tile of the coefficient map: background, person, or an edge in it or near."""
    # Probabilities this far out end at 0 or 1 after softening, with room for the filter's overshoot.
    low = max(_FAINT, 0.25 - 0.25 * softness)
    reach = RADIUS + 1
    window = np.ones((2 * reach + 1, 2 * reach + 1), np.uint8)
    above = cv2.dilate((coarse > low).astype(np.uint8), window)
    below = cv2.dilate((coarse < 1 - low).astype(np.uint8), window)
    rows, columns = -(-coarse.shape[0] // _TILE), -(-coarse.shape[1] // _TILE)
    edge = np.zeros((rows * _TILE, columns * _TILE), np.uint8)
    cv2.bitwise_and(above, below, dst=edge[: coarse.shape[0], : coarse.shape[1]])
    has_edge = edge.reshape(rows, _TILE, columns, _TILE).any(axis=(1, 3))
    solid = coarse[::_TILE, ::_TILE] > 0.5
    return np.where(has_edge, _EDGE, np.where(solid, _PERSON, _BACKGROUND)).astype(np.int8)


def _window(tiles: NDArray[np.int8]) -> tuple[slice, slice] | None:
    """The part of the coefficient map that tiles with an edge need; None where there are none."""
    rows, columns = np.nonzero(tiles == _EDGE)
    if not rows.size:
        return None
    margin = 2 * RADIUS + 2  # two windows one after the other, and one for interpolation
    return (
        slice(max(0, int(rows.min()) * _TILE - margin), (int(rows.max()) + 1) * _TILE + margin),
        slice(max(0, int(columns.min()) * _TILE - margin), (int(columns.max()) + 1) * _TILE + margin),
    )


def _apply(coefficients: Any, tiles: NDArray[np.int8], pyramid: Pyramid, *, hard: bool) -> Float32:
    """Second half: coefficients at full size times colours, in horizontal runs of tiles that have an edge."""
    height, width = pyramid.size
    rows, columns = coefficients.shape[:2]
    factor = 2 * pyramid.step
    evaluate = _Evaluator(coefficients, factor)
    alpha = np.zeros((height, width), np.float32)
    for row, line in enumerate(tiles):
        top, bottom = row * _TILE, min((row + 1) * _TILE, rows)
        for start, stop in _runs(line):
            left, right = start * _TILE, min(stop * _TILE, columns)
            view = (slice(top * factor, bottom * factor), slice(left * factor, right * factor))
            target = alpha[view]
            if line[start] == _PERSON:
                target[:] = 1.0
            elif line[start] == _EDGE and target.size:
                value = evaluate(pyramid.full[view], top, bottom, left, right)
                value = value[: target.shape[0], : target.shape[1]]
                if hard:
                    np.greater_equal(value, 0.5, out=target, casting="unsafe")
                else:
                    np.clip(value, 0.0, 1.0, out=target)
    return alpha


def _runs(line: NDArray[np.int8]) -> list[tuple[int, int]]:
    """(start, stop) of neighbours that are alike, at most ``_RUN`` long."""
    cuts = sorted({0, len(line), *(np.flatnonzero(np.diff(line)) + 1).tolist(), *range(0, len(line), _RUN)})
    return list(pairwise(cuts))


class _Evaluator:
    """slopes · colours + constants at full size, patch by patch, in memory that is taken once for all."""

    def __init__(self, coefficients: Any, factor: int) -> None:
        self._factor = factor
        self._slopes = cv2.copyMakeBorder(coefficients[..., :3] * _SLOPE_GAIN, 1, 1, 1, 1, _CORNERS)
        self._constants = cv2.copyMakeBorder(coefficients[..., 3], 1, 1, 1, 1, _CORNERS)
        tall, wide = _TILE * factor, _RUN * _TILE * factor
        grown = (tall + 2 * factor) * (wide + 2 * factor)
        self._grown = np.empty((2, 3 * grown), np.float32)
        self._product = np.empty((2, 3 * tall * wide), np.float32)

    def __call__(self, colours: Any, top: int, bottom: int, left: int, right: int) -> Any:
        """Float32 values of rows ``top:bottom``, columns ``left:right`` of the coefficients, from the colours there."""
        factor = self._factor
        height, width = (bottom - top + 2) * factor, (right - left + 2) * factor
        patch, inner = (slice(top, bottom + 2), slice(left, right + 2)), (slice(factor, -factor),) * 2
        slopes = self._grown[0, : 3 * height * width].reshape(height, width, 3)
        constants = self._grown[1, : height * width].reshape(height, width)
        cv2.resize(self._slopes[patch], (width, height), dst=slopes, interpolation=cv2.INTER_LINEAR)
        cv2.resize(self._constants[patch], (width, height), dst=constants, interpolation=cv2.INTER_LINEAR)
        product = self._product[0, : colours.size].reshape(colours.shape)
        value = self._product[1, : colours.size // 3].reshape(colours.shape[:2])
        np.copyto(product, colours, casting="unsafe")
        cv2.multiply(product, slopes[inner], dst=product)
        # OpenCV's only fast sum over channels is its conversion to grey; the gain has undone its weights.
        cv2.cvtColor(product, cv2.COLOR_RGB2GRAY, dst=value)
        cv2.add(value, constants[inner], dst=value)
        return value


def soften(alpha: Float32, softness: float) -> Float32:
    """``0.5 + (alpha - 0.5) / softness``, cut to [0, 1]: a steeper edge; 0 is a hard one, 1 changes nothing."""
    if softness <= 0:
        return (alpha >= 0.5).astype(np.float32)
    if softness >= 1:
        return alpha
    steep: Float32 = np.clip(alpha * np.float32(1 / softness) + np.float32(0.5 - 0.5 / softness), 0.0, 1.0)
    return steep
