"""Full-size edges from a small probability map: a fast guided filter that works where the edge is and nowhere else."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from limner.segment.pyramid import Pyramid

Float32 = NDArray[np.float32]

RADII = (3, 2)
"""Of the window, in pixels of the coefficient map (half of the small frame's size): for frames that are small already,
and for those that were shrunk, whose map is as coarse as the net's error."""
EPSILON = 1e-4
"""Regularisation, in squared colour units of [0, 1]: colour differences below its root do not make an edge."""
ENLARGING_RADIUS = 1
"""Of the window of ``enlarge``, whose map is as fine as the small frame."""
_TILE = 8
_RUN, _GAP = 256, 2
"""Pixels that are computed at once, at most, and tiles without an edge that are not worth a new start."""
_FAINT = 0.02
_CORNERS = cv2.BORDER_REPLICATE
_BACKGROUND, _PERSON, _EDGE = 0, 1, 2


def refine(probability: Float32, pyramid: Pyramid, *, softness: float) -> Float32:
    """A matte at frame size whose edges follow the frame's own.

    The fast guided filter (He & Sun 2015, arXiv:1505.00996) with colour guidance (He et al. 2013): in every small
    window the matte is the affine function of colour that fits the probabilities best. Its coefficients are fitted on
    the small frame, and applied to the colours of the full-size frame, so detail is the photo's and no step of the
    net's grid shows. Only tiles near an uncertain probability are computed; everything else is exactly 0 or 1.

    Args:
        probability: (h, w) float32 in [0, 1] at any size, showing the same view as ``pyramid.small``.
        pyramid: the frame.
        softness: see ``soften``.

    Returns:
        (H, W) float32 in [0, 1], C-contiguous, at the frame's size.
    """
    height, width = pyramid.small.shape[0] // 2, pyramid.small.shape[1] // 2
    radius = RADII[pyramid.step > 1]
    values = cv2.resize(probability, (width, height), interpolation=cv2.INTER_LINEAR)
    tiles = _classify(values, softness, radius)
    coefficients = _coefficients(pyramid.small, values, tiles, radius, 2, 1 / softness if softness > 0 else 1.0)
    return _apply(coefficients, tiles, pyramid, factor=2 * pyramid.step, hard=softness <= 0)


def enlarge(alpha: Float32, pyramid: Pyramid) -> Float32:
    """A matte of the small frame at frame size: what ``refine`` does, with a coefficient for each of its pixels.

    Args:
        alpha: (h, w) float32 in [0, 1], of ``pyramid.small``'s size.
        pyramid: the frame.

    Returns:
        (H, W) float32 in [0, 1], C-contiguous, at the frame's size.
    """
    if pyramid.step == 1:
        height, width = pyramid.size
        return np.ascontiguousarray(alpha[:height, :width])
    tiles = _classify(alpha, 1.0, ENLARGING_RADIUS)
    coefficients = _coefficients(pyramid.small, alpha, tiles, ENLARGING_RADIUS, 1, 1.0)
    return _apply(coefficients, tiles, pyramid, factor=pyramid.step, hard=False)


def _coefficients(
    small: Any, values: Any, tiles: NDArray[np.int8], radius: int, cell: int, steepness: float
) -> NDArray[np.float32]:
    """(h, w, 4) float32 coefficients of ``values``, each for ``cell`` x ``cell`` pixels of ``small``; 0 far from
    tiles with an edge."""
    coefficients = np.zeros((*values.shape, 4), np.float32)
    window = _window(tiles, radius)
    if window is not None:
        guide: Any = small[tuple(slice(cell * side.start, cell * side.stop) for side in window)]
        if cell > 1:
            size = (guide.shape[1] // cell, guide.shape[0] // cell)
            guide = cv2.resize(guide, size, interpolation=cv2.INTER_AREA)
        coefficients[window] = fit(guide, values[window], radius, steepness=steepness)
    return coefficients


def fit(guide: Any, values: Any, radius: int, *, steepness: float = 1.0) -> Any:
    """Colour guided filter, first half.

    Args:
        guide: RGB uint8 (h, w, 3).
        values: float32 (h, w) in [0, 1].
        radius: of the window.
        steepness: the function is to be this much steeper around 0.5, see ``soften``.

    Returns:
        (h, w, 4) float32 coefficients, averaged over windows: for red, green, blue and 255, all in 8-bit levels.
    """
    kernel = np.full(2 * radius + 1, 1 / (2 * radius + 1), np.float32)

    def mean(image: Any) -> Any:  # OpenCV's own box filter sums in double precision, and takes twice as long
        return cv2.sepFilter2D(image, -1, kernel, kernel, borderType=_CORNERS)

    r, g, b = cv2.split(guide.astype(np.float32) * np.float32(1 / 255))
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
    scale = np.float32(steepness) / (rr * c_rr + rg * c_rg + rb * c_rb)
    a_r = (c_rr * rv + c_rg * gv + c_rb * bv) * scale
    a_g = (c_rg * rv + c_gg * gv + c_gb * bv) * scale
    a_b = (c_rb * rv + c_gb * gv + c_bb * bv) * scale
    constant = (mean_v - np.float32(0.5)) * np.float32(steepness) + np.float32(0.5)
    constant -= a_r * mean_r + a_g * mean_g + a_b * mean_b
    return mean(cv2.merge([a_r, a_g, a_b, constant])) * np.float32(1 / 255)


def _classify(coarse: Any, softness: float, radius: int) -> NDArray[np.int8]:
    """For every tile of the coefficient map: background, person, or an edge in it or near."""
    # Probabilities this far out end at 0 or 1 after softening, with room for the filter's overshoot.
    low = max(_FAINT, 0.25 - 0.25 * softness)
    window = np.ones((2 * radius + 3, 2 * radius + 3), np.uint8)
    above = cv2.dilate((coarse > low).astype(np.uint8), window)
    below = cv2.dilate((coarse < 1 - low).astype(np.uint8), window)
    rows, columns = -(-coarse.shape[0] // _TILE), -(-coarse.shape[1] // _TILE)
    edge = np.zeros((rows * _TILE, columns * _TILE), np.uint8)
    cv2.bitwise_and(above, below, dst=edge[: coarse.shape[0], : coarse.shape[1]])
    has_edge = edge.reshape(rows, _TILE, columns, _TILE).any(axis=(1, 3))
    solid = coarse[::_TILE, ::_TILE] > 0.5
    return np.where(has_edge, _EDGE, np.where(solid, _PERSON, _BACKGROUND)).astype(np.int8)


def _window(tiles: NDArray[np.int8], radius: int) -> tuple[slice, slice] | None:
    """The part of the coefficient map that tiles with an edge need; None where there are none."""
    rows, columns = np.nonzero(tiles == _EDGE)
    if not rows.size:
        return None
    margin = 2 * radius + 2  # two windows one after the other, and one for interpolation
    return (
        slice(max(0, int(rows.min()) * _TILE - margin), (int(rows.max()) + 1) * _TILE + margin),
        slice(max(0, int(columns.min()) * _TILE - margin), (int(columns.max()) + 1) * _TILE + margin),
    )


def _apply(coefficients: Any, tiles: NDArray[np.int8], pyramid: Pyramid, *, factor: int, hard: bool) -> Float32:
    """Second half: coefficients at full size times colours, in horizontal runs of tiles that have an edge."""
    height, width = pyramid.size
    rows, columns = coefficients.shape[:2]
    most = max(1, _RUN // (_TILE * factor))
    evaluate = _Evaluator(coefficients, factor, most)
    alpha = np.zeros((height, width), np.float32)
    for row, line in enumerate(tiles.tolist()):
        top, bottom = row * _TILE, min((row + 1) * _TILE, rows)
        band = alpha[top * factor : bottom * factor]
        for start, stop in _runs(line, _PERSON, 0, len(line)):
            band[:, start * _TILE * factor : stop * _TILE * factor] = 1.0
        for start, stop in _runs(line, _EDGE, _GAP, most):
            left, right = start * _TILE, min(stop * _TILE, columns)
            view = (slice(top * factor, bottom * factor), slice(left * factor, right * factor))
            target = alpha[view]
            if not target.size:
                continue
            value = evaluate(pyramid.frame[view], top, bottom, left, right)
            if hard:
                np.greater_equal(value, 0.5, out=target, casting="unsafe")
            else:
                cv2.threshold(value, 1, 1, cv2.THRESH_TRUNC, dst=value)
                cv2.threshold(value, 0, 0, cv2.THRESH_TOZERO, dst=target)
    return alpha


def _runs(line: list[int], kind: int, gap: int, most: int) -> list[tuple[int, int]]:
    """(start, stop) of the stretches of ``kind``, those at most ``gap`` apart as one, each at most ``most`` long."""
    runs: list[tuple[int, int]] = []
    start = stop = -1
    for index, value in enumerate(line):
        if value != kind:
            continue
        if start < 0 or index - stop > gap or index - start >= most:
            if start >= 0:
                runs.append((start, stop))
            start = index
        stop = index + 1
    if start >= 0:
        runs.append((start, stop))
    return runs


class _Evaluator:
    """slopes · colours + constants at full size, patch by patch, in memory that is taken once for all."""

    def __init__(self, coefficients: Any, factor: int, most: int) -> None:
        self._factor = factor
        self._coefficients = cv2.copyMakeBorder(coefficients, 1, 1, 1, 1, _CORNERS)
        tall, wide = _TILE * factor, most * _TILE * factor
        self._grown = np.empty(4 * (tall + 2 * factor) * (wide + 2 * factor), np.float32)
        self._pixels = np.empty(4 * tall * wide, np.uint8)
        self._product = np.empty(4 * tall * wide, np.float32)
        self._terms = [np.empty(tall * wide, np.float32) for _ in range(4)]

    def __call__(self, colours: Any, top: int, bottom: int, left: int, right: int) -> Any:
        """Float32 values of rows ``top:bottom``, columns ``left:right`` of the coefficients, from the colours there."""
        factor = self._factor
        height, width = (bottom - top + 2) * factor, (right - left + 2) * factor
        grown = self._grown[: 4 * height * width].reshape(height, width, 4)
        patch = self._coefficients[top : bottom + 2, left : right + 2]
        cv2.resize(patch, (width, height), dst=grown, interpolation=cv2.INTER_LINEAR)
        size = colours.shape[:2]
        area = size[0] * size[1]
        pixels = self._pixels[: 4 * area].reshape(*size, 4)
        product = self._product[: 4 * area].reshape(*size, 4)
        terms = [term[:area].reshape(size) for term in self._terms]
        cv2.cvtColor(colours, cv2.COLOR_RGB2RGBA, dst=pixels)  # the fourth channel is 255
        np.copyto(product, pixels, casting="unsafe")
        cv2.multiply(product, grown[factor : factor + size[0], factor : factor + size[1]], dst=product)
        cv2.split(product, terms)  # which takes a third of the time of a sum over channels
        value = terms[0]
        for term in terms[1:]:
            cv2.add(value, term, dst=value)
        return value


_HALF = np.float32(0.5 - 1e-6)
"""Where a hard edge lies. A sigmoid of 0 is 0.5 in one runtime and 0.49999997 in another: neither decides."""


def soften(alpha: Float32, softness: float) -> Float32:
    """``0.5 + (alpha - 0.5) / softness``, cut to [0, 1]: a steeper edge; 0 is a hard one, 1 changes nothing."""
    if softness <= 0:
        return (alpha >= _HALF).astype(np.float32)
    if softness >= 1:
        return alpha
    steep: Float32 = np.clip(alpha * np.float32(1 / softness) + np.float32(0.5 - 0.5 / softness), 0.0, 1.0)
    return steep
