"""Loose hair: thin strands drawn out of the upper outline of a person whose mask is smooth."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from limner.augment.blending import blur

Rgb = NDArray[np.uint8]
Mask = NDArray[np.uint8]

_FINE = 2
"""Strands are drawn this much larger, so that one can be thinner than a pixel."""
_BITS = 4
"""Fraction bits of the coordinates that OpenCV draws with."""
_POINTS = 7


def add_strands(image: Rgb, alpha: Mask, rng: np.random.Generator) -> tuple[Rgb, Mask]:
    """The person with loose hair.

    Strands leave the outline in the upper part of the mask, lean the same way along it, bend, get thinner towards
    their ends and have the colours of where they start. In between lies a thin veil of finer ones.

    Args:
        image: RGB uint8 (H, W, 3), meaningful inside the mask.
        alpha: uint8 (H, W).

    Returns:
        Image and mask, changed copies; those given where the mask has no outline in the picture.
    """
    roots = _roots(alpha, rng)
    if roots is None:
        return image, alpha
    places, normals = roots
    height, width = alpha.shape
    unit = min(height, width) / 100
    length, lean, thickness = rng.uniform(3, 16) * unit, rng.normal(0, 0.6), rng.uniform(0.25, 1.3)
    strength = np.zeros((height * _FINE, width * _FINE), np.uint8)
    colours = image.copy()
    for place, normal in zip(places, normals, strict=True):
        line = _strand(place, normal, length * rng.uniform(0.3, 1.3), lean + rng.normal(0, 0.35), rng)
        _draw(strength, line, thickness * rng.uniform(0.5, 1.2), rng)
        inside = np.clip(place - normal * rng.uniform(1, 4) * unit, 0, (width - 1, height - 1)).astype(int)
        colour = image[inside[1], inside[0]].astype(int) + rng.normal(0, 10)
        path = np.round(line * 2**_BITS).astype(np.int32)
        cv2.polylines(colours, [path], False, [int(np.clip(c, 0, 255)) for c in colour], thickness=5, shift=_BITS)
    hair = np.asarray(cv2.resize(strength, (width, height), interpolation=cv2.INTER_AREA), np.uint8)
    if rng.random() < 0.5:  # a veil, as curls and frizz make it
        veil = blur(hair, rng.uniform(1, 3) * unit).astype(np.float32) * rng.uniform(0.2, 0.7)
        hair = np.maximum(hair, veil.astype(np.uint8))
    mixed = 255 - cv2.multiply(255 - alpha, 255 - hair, scale=1 / 255)
    colours = np.where((alpha > 250)[..., None], image, colours)
    return colours, np.asarray(mixed, np.uint8)


def _roots(alpha: Mask, rng: np.random.Generator) -> tuple[NDArray[np.float64], NDArray[np.float64]] | None:
    """(K, 2) places (x, y) on the upper outline, bunched as hair is, and the outward normals there."""
    height, width = alpha.shape
    outlines, _ = cv2.findContours((alpha > 127).astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    if not outlines:
        return None
    outline = max(outlines, key=len)[:, 0].astype(np.float64)
    top, bottom = outline[:, 1].min(), outline[:, 1].max()
    upper = outline[:, 1] < top + (bottom - top) * rng.uniform(0.2, 0.6)
    seen = (outline > 1).all(1) & (outline[:, 0] < width - 2) & (outline[:, 1] < height - 2)
    chosen = np.flatnonzero(upper & seen)
    if len(chosen) < 12:
        return None
    smooth = cv2.GaussianBlur(alpha, (0, 0), 3).astype(np.float32)
    slope_x, slope_y = cv2.Sobel(smooth, cv2.CV_32F, 1, 0), cv2.Sobel(smooth, cv2.CV_32F, 0, 1)
    dense = rng.uniform(0, 1, len(chosen))
    dense = cv2.GaussianBlur(dense[None], (0, 0), max(1.0, len(chosen) / 12))[0]
    many = int(rng.uniform(0.15, 1.2) * len(chosen))
    shares = np.clip(dense - dense.min(), 1e-6, None) ** 2
    picked = rng.choice(chosen, size=min(many, 400), p=shares / shares.sum())
    places = outline[picked] + rng.normal(0, 0.5, (len(picked), 2))
    columns, rows = outline[picked].astype(int).T
    normals = -np.stack([slope_x[rows, columns], slope_y[rows, columns]], 1).astype(np.float64)
    lengths = np.linalg.norm(normals, axis=1)
    kept = lengths > 1e-3
    return (places[kept], normals[kept] / lengths[kept, None]) if kept.any() else None


def _strand(
    place: NDArray[np.float64], normal: NDArray[np.float64], length: float, lean: float, rng: np.random.Generator
) -> NDArray[np.float64]:
    """(P, 2) points of a curve that leaves ``place`` outward, leaning, and bends as it goes."""
    along = np.array([-normal[1], normal[0]])
    steps = np.linspace(0, 1, _POINTS)
    angle = np.arctan(lean) + rng.normal(0, 0.9) * steps
    direction = np.cos(angle)[:, None] * normal + np.sin(angle)[:, None] * along
    return place - normal + np.cumsum(direction, 0) * (length / _POINTS)


def _draw(strength: Mask, line: NDArray[np.float64], thickness: float, rng: np.random.Generator) -> None:
    """Draw a strand that fades towards its end, at ``_FINE`` times the size."""
    level = float(np.clip(thickness / _FINE * 2, 0.25, 1)) * rng.uniform(0.6, 1)
    width = max(1, round(thickness * _FINE / 2))
    path = np.round((line * _FINE + (_FINE - 1) / 2) * 2**_BITS).astype(np.int32)
    for index in range(len(path) - 1):
        fade = 1 - 0.7 * (index / len(path)) ** 2
        piece = path[index : index + 2]
        low = np.maximum(piece.min(0) // 2**_BITS - width - 2, 0)
        high = piece.max(0) // 2**_BITS + width + 3
        window = strength[low[1] : high[1], low[0] : high[0]]
        if not window.size:
            continue
        layer = np.zeros_like(window)
        shifted = piece - (low * 2**_BITS).astype(np.int32)
        cv2.polylines(layer, [shifted], False, int(255 * level * fade), width, cv2.LINE_AA, _BITS)
        np.maximum(window, layer, out=window)
