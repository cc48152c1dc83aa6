"""Full-size edges from a small probability map: a fast guided filter that works where the edge is and nowhere else."""

from __future__ import annotations

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
_FAINT = 0.02
_CORNERS = cv2.BORDER_REPLICATE
_BACKGROUND, _PERSON, _EDGE = 0, 1, 2
_SLOPE_GAIN = np.float32(1 / 255) / np.array([0.299, 0.587, 0.114], np.float32)


def refine(probability: Float32, pyramid: Pyramid, *, softness: float) -> Float32:
    """A matte at frame size whose edges follow the frame's own.

    The fast guided filter (He & Sun 2015, arXiv:1505.00996) with colour guidance (He et al. 2013): in every small window
    the matte is the affine function of colour that fits the probabilities best. Its coefficients are fitted on the small
    frame, and applied to the colours of the full-size frame, so detail is the photo's and no step of the net's grid shows.
    Only tiles near an uncertain probability are computed; everything else is exactly 0 or 1.

    Args:
        probability: (h, w) float32 in [0, 1] at any size, showing the same view as ``pyramid.full``.
        pyramid: the frame.
        softness: see ``soften``.

    Returns:
        (H, W) float32 in [0, 1], C-contiguous, at the frame's size.
    """
    small = pyramid.small
    guide = small.astype(np.float32) * np.float32(1 / 255)
    fine = cv2.resize(probability, (small.shape[1], small.shape[0]), interpolation=cv2.INTER_LINEAR)
    coarse, coefficients = fit(guide, fine)
    if softness > 0:
        coefficients /= softness
        coefficients[..., 3] += 0.5 - 0.5 / softness
    return _apply(coefficients, _classify(coarse, softness), pyramid, hard=softness <= 0)


def fit(guide: Float32, values: Float32) -> tuple[Float32, Float32]:
    """Colour guided filter, first half, at half the guide's size.

    Args:
        guide: RGB float32 (2h, 2w, 3) in [0, 1].
        values: float32 (2h, 2w).

    Returns:
        ``values`` at (h, w), and (h, w, 4) coefficients, averaged over windows: for red, green, blue and the constant.
    """
    half = (guide.shape[1] // 2, guide.shape[0] // 2)

    def shrink(image: Float32) -> Float32:
        return cv2.resize(image, half, interpolation=cv2.INTER_AREA)  # type: ignore[return-value]

    def mean(image: Float32) -> Float32:
        # Products are made at the guide's size and averaged from there, so that fine texture counts as variance.
        return box(shrink(image))

    coarse = shrink(values)
    r, g, b = cv2.split(guide)
    mean_r, mean_g, mean_b, mean_v = mean(r), mean(g), mean(b), box(coarse)
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
    return coarse, box(cv2.merge([a_r, a_g, a_b, constant]))  # type: ignore[arg-type]


def box(image: Float32) -> Float32:
    """Mean over the window of ``RADIUS``."""
    side = 2 * RADIUS + 1
    return cv2.blur(image, (side, side), borderType=_CORNERS)  # type: ignore[return-value]


def _classify(coarse: Float32, softness: float) -> NDArray[np.int8]:
    """For every tile of the coefficient map: background, person, or an edge in it or near."""
    # Probabilities this far out end at 0 or 1 after softening, with room for the filter's overshoot.
    low = max(_FAINT, 0.25 - 0.25 * softness)
    reach = 2 * RADIUS
    window = np.ones((2 * reach + 1, 2 * reach + 1), np.uint8)
    above = cv2.dilate((coarse > low).astype(np.uint8), window)
    below = cv2.dilate((coarse < 1 - low).astype(np.uint8), window)
    rows, columns = -(-coarse.shape[0] // _TILE), -(-coarse.shape[1] // _TILE)
    pad = ((0, rows * _TILE - coarse.shape[0]), (0, columns * _TILE - coarse.shape[1]))
    edge = np.pad(above & below, pad).reshape(rows, _TILE, columns, _TILE).any(axis=(1, 3))
    solid = coarse[::_TILE, ::_TILE] > 0.5
    return np.where(edge, _EDGE, np.where(solid, _PERSON, _BACKGROUND)).astype(np.int8)


def _apply(coefficients: Any, tiles: NDArray[np.int8], pyramid: Pyramid, *, hard: bool) -> Float32:
    """Second half: coefficients at full size times colours, in horizontal runs of tiles that have an edge."""
    height, width = pyramid.size
    rows, columns = coefficients.shape[:2]
    factor = 2 * pyramid.step
    slopes = cv2.copyMakeBorder(coefficients[..., :3] * _SLOPE_GAIN, 1, 1, 1, 1, _CORNERS)
    constants = cv2.copyMakeBorder(coefficients[..., 3], 1, 1, 1, 1, _CORNERS)
    alpha = np.zeros((height, width), np.float32)
    for row, line in enumerate(tiles):
        top, bottom = row * _TILE, min((row + 1) * _TILE, rows)
        cuts = np.flatnonzero(np.diff(line)) + 1
        for start, stop in zip([0, *cuts], [*cuts, len(line)], strict=True):
            left, right = start * _TILE, min(stop * _TILE, columns)
            view = (slice(top * factor, bottom * factor), slice(left * factor, right * factor))
            target = alpha[view]
            if line[start] == _PERSON:
                target[:] = 1.0
            elif line[start] == _EDGE and target.size:
                patch = (slice(top, bottom + 2), slice(left, right + 2))
                value = _evaluate(slopes[patch], constants[patch], pyramid.full[view], factor)
                value = value[: target.shape[0], : target.shape[1]]
                if hard:
                    np.greater_equal(value, 0.5, out=target, casting="unsafe")
                else:
                    np.clip(value, 0.0, 1.0, out=target)
    return alpha


def _evaluate(slopes: Any, constants: Any, colours: Any, factor: int) -> Any:
    """slopes · colours + constants at full size; both come with a border of one, ``slopes`` times ``_SLOPE_GAIN``."""
    size = (constants.shape[1] * factor, constants.shape[0] * factor)
    inner = (slice(factor, -factor), slice(factor, -factor))
    value = colours.astype(np.float32)
    cv2.multiply(value, cv2.resize(slopes, size, interpolation=cv2.INTER_LINEAR)[inner], dst=value)
    # OpenCV's only fast sum over channels is its conversion to grey; the gain has undone its weights.
    value = cv2.cvtColor(value, cv2.COLOR_RGB2GRAY)
    return cv2.add(value, cv2.resize(constants, size, interpolation=cv2.INTER_LINEAR)[inner], dst=value)


def soften(alpha: Float32, softness: float) -> Float32:
    """Steepen the edge around 0.5: ``0.5 + (alpha - 0.5) / softness``, cut to [0, 1]; 0 is a hard edge, 1 changes nothing."""
    if softness <= 0:
        return (alpha >= 0.5).astype(np.float32)
    if softness >= 1:
        return alpha
    return np.clip(alpha * np.float32(1 / softness) + np.float32(0.5 - 0.5 / softness), 0.0, 1.0)
