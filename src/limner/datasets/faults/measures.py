"""What is measured of a photo and its mask, and the faults that one photo shows by itself."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from limner.datasets.photo_decoding import Box, Touches, extent

Rgb = NDArray[np.uint8]
Mask = NDArray[np.uint8]
Float = NDArray[np.float32]

SPECK = 0.0003
"""Share of the picture below which an island or a hole is a speck."""
LOW, HIGH = 16, 240
"""Values below and from these on count as hard."""
_CONTRAST_SIDE = 256


@dataclass(frozen=True, slots=True)
class MaskMeasures:
    """What is measured of a mask.

    Attributes:
        area: share of the pixels that are person (above 127).
        box: of the person, in pixels; the whole picture if nobody is there.
        touches: whether the person reaches the left, top, right, bottom border.
        top: share of the upper border that is person.
        largest: greatest value.
        softness: soft pixels for each pixel of the outline; 0 is hard, about 1 is smoothed, mattes have more.
        residue: share of the pixels near 0 or 255, but not there.
        holes, specks: how many tiny ones.
        inverted: whether the borders are person and the middle is not.
        shape: (height, width).
    """

    area: float
    box: Box
    touches: Touches
    top: float
    largest: int
    softness: float
    residue: float
    holes: int
    specks: int
    inverted: bool
    shape: tuple[int, int]


def measure_mask(mask: Mask) -> MaskMeasures:
    """Measure a mask, uint8 (H, W), 0 background … 255 person."""
    person = mask > 127
    box, touches = extent(mask)
    outline = int((person[1:] != person[:-1]).sum()) + int((person[:, 1:] != person[:, :-1]).sum())
    soft = int(((mask >= LOW) & (mask < HIGH)).sum())
    near = int(((mask > 0) & (mask < LOW)).sum()) + int(((mask >= HIGH) & (mask < 255)).sum())
    return MaskMeasures(
        area=float(person.mean()),
        box=box,
        touches=touches,
        top=float(person[:2].any(0).mean()),
        largest=int(mask.max()),
        softness=soft / max(outline, 1),
        residue=near / mask.size,
        holes=len(small_parts(~person, inner=True)[1]),
        specks=len(small_parts(person, inner=False)[1]),
        inverted=_is_inverted(person),
        shape=(mask.shape[0], mask.shape[1]),
    )


def small_parts(where: NDArray[np.bool_], *, inner: bool) -> tuple[NDArray[np.int32], list[int]]:
    """Connected parts of ``where``, bool (H, W), that are specks: the numbered parts, and the numbers of those.

    Args:
        inner: only parts that do not reach the border of the picture. Otherwise the largest part is never a speck.
    """
    count, parts, about, _ = cv2.connectedComponentsWithStats(where.astype(np.uint8), connectivity=4)
    areas = about[:, cv2.CC_STAT_AREA]
    small = areas < max(2, SPECK * where.size)
    small[0] = False
    if inner:
        left, top = about[:, cv2.CC_STAT_LEFT], about[:, cv2.CC_STAT_TOP]
        right, bottom = left + about[:, cv2.CC_STAT_WIDTH], top + about[:, cv2.CC_STAT_HEIGHT]
        small &= (left > 0) & (top > 0) & (right < where.shape[1]) & (bottom < where.shape[0])
    elif count > 1:
        small[1 + int(areas[1:].argmax())] = False
    return np.asarray(parts, np.int32), np.flatnonzero(small).tolist()


def _is_inverted(person: NDArray[np.bool_]) -> bool:
    """People stand in the middle and touch the lower border at most; what covers the three others is background."""
    height, width = person.shape
    upper = max(1, height * 3 // 4)
    ring = np.concatenate([person[0], person[:upper, 0], person[:upper, -1]])
    middle = person[height // 4 : height - height // 4, width // 3 : width - width // 3]
    return bool(ring.mean() > 0.85 and middle.mean() < 0.5)


@dataclass(frozen=True, slots=True)
class Look:
    """How a photo looks.

    Attributes:
        luma: mean brightness, 0 to 255.
        spread: standard deviation of the brightness.
        saturation: mean of HSV's, 0 to 255.
        warmth: mean of red less mean of blue, −255 to 255.
        contrast: mean difference of colour across the person's outline, 0 to 255; None without an outline.
    """

    luma: float
    spread: float
    saturation: float
    warmth: float
    contrast: float | None


def measure_look(rgb: Rgb, mask: Mask | None) -> Look:
    """Measure a photo, RGB uint8 (H, W, 3), with its mask, uint8 (H, W), on a copy of 256 pixels at most."""
    scale = min(1.0, _CONTRAST_SIDE / max(rgb.shape[:2]))
    size = max(1, round(rgb.shape[1] * scale)), max(1, round(rgb.shape[0] * scale))
    small = np.asarray(cv2.resize(rgb, size, interpolation=cv2.INTER_AREA), np.uint8)
    luma = cv2.cvtColor(small, cv2.COLOR_RGB2GRAY)
    saturation = cv2.cvtColor(small, cv2.COLOR_RGB2HSV)[..., 1]
    red, _, blue = (float(value) for value in small.reshape(-1, 3).mean(0))
    contrast = None
    if mask is not None:
        contrast = _contrast(small, np.asarray(cv2.resize(mask, size, interpolation=cv2.INTER_AREA), np.uint8))
    return Look(float(luma.mean()), float(luma.std()), float(saturation.mean()), red - blue, contrast)


def _contrast(rgb: Rgb, mask: Mask) -> float | None:
    person = (mask > 127).astype(np.uint8)
    kernel = np.ones((3, 3), np.uint8)
    inside = cv2.erode(person, kernel) - cv2.erode(person, kernel, iterations=4)
    outside = cv2.dilate(person, kernel, iterations=4) - cv2.dilate(person, kernel)
    outline = cv2.morphologyEx(person, cv2.MORPH_GRADIENT, kernel)
    if not inside.any() or not outside.any():
        return None
    pixels = rgb.astype(np.float32)
    sums = [_mean_near(pixels, where) for where in (np.asarray(inside, np.uint8), np.asarray(outside, np.uint8))]
    known = (outline > 0) & (sums[0][1] > 0) & (sums[1][1] > 0)
    if not known.any():
        return None
    return float(np.abs(sums[0][0][known] - sums[1][0][known]).mean())


def _mean_near(pixels: Float, where: Mask) -> tuple[Float, Float]:
    """The mean colour of the marked pixels near each pixel, and the share of them there."""
    share = np.asarray(cv2.blur(where.astype(np.float32), (11, 11)), np.float32)
    total = np.asarray(cv2.blur(pixels * where[..., None], (11, 11)), np.float32)
    mean = total / np.maximum(share, np.float32(1e-6))[..., None]
    return np.asarray(mean, np.float32), np.where(share > 1e-4, share, np.float32(0))
