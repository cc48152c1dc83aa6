"""Head and shoulders: where they are in a photo of a whole body, by the geometry of its mask alone."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from limner.datasets.photo_decoding import Box
from limner.errors import DataError, OptionError

Rgb = NDArray[np.uint8]
Mask = NDArray[np.uint8]

_SIDE = 256
_HEADS_OF_A_BODY = 7.5
"""Heights of the head that an adult is tall."""
_LARGEST, _LARGEST_STANDING = 0.6, 0.26
"""Height of a head at most, as a share of what is seen of the person, and of somebody who stands; children have 1/4."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CropOptions:
    """What is cut out.

    Attributes:
        heads: height of the crop, in heights of the head.
        above: room above the head, in the same.
        aspect: width of the crop divided by its height.
        least: pixels that the crop's shorter side has at least; smaller ones are refused.
    """

    heads: float = 3.0
    above: float = 0.5
    aspect: float = 1.0
    least: int = 96

    def __post_init__(self) -> None:
        if not 1 <= self.heads <= 20:
            raise OptionError(f"‹heads›: must lie in [1, 20], not {self.heads}")
        if not 0 <= self.above < self.heads:
            raise OptionError(f"‹above›: must lie in [0, {self.heads:g}), not {self.above}")
        if not 0.1 <= self.aspect <= 10:
            raise OptionError(f"‹aspect›: must lie in [0.1, 10], not {self.aspect}")
        if self.least < 1:
            raise OptionError(f"‹least›: must be 1 or more, not {self.least}")


def find_head(mask: Mask) -> Box | None:
    """The box (x0, y0, x1, y1) of the head of the largest person of a mask, uint8 (H, W), in pixels.

    From the top down the person's width grows to that of the head, shrinks to the neck and grows to the shoulders.
    Where no neck is seen (long hair, a hood) the head of somebody who stands is so much of their height as an adult's.
    None: there is nobody, or no head can be told.
    """
    scale = max(1.0, max(mask.shape) / _SIDE)
    size = max(1, round(mask.shape[1] / scale)), max(1, round(mask.shape[0] / scale))
    person = np.asarray(cv2.resize(mask, size, interpolation=cv2.INTER_AREA), np.uint8) > 127
    count, parts, about, _ = cv2.connectedComponentsWithStats(person.astype(np.uint8))
    if count < 2:
        return None
    largest = 1 + int(about[1:, cv2.CC_STAT_AREA].argmax())
    top, tall, wide = (int(about[largest, at]) for at in (cv2.CC_STAT_TOP, cv2.CC_STAT_HEIGHT, cv2.CC_STAT_WIDTH))
    runs = _runs(parts == largest, top)
    neck = _neck(runs[:, 1] - runs[:, 0])
    stands = tall > 2 * wide
    if neck is None or neck > (_LARGEST_STANDING if stands else _LARGEST) * tall:  # a waist, more likely
        if not stands:
            return None
        neck = max(2, round(tall / _HEADS_OF_A_BODY))
    head = runs[:neck]
    fx, fy = mask.shape[1] / size[0], mask.shape[0] / size[1]
    box = head[:, 0].min() * fx, top * fy, head[:, 1].max() * fx, (top + neck) * fy
    return round(box[0]), round(box[1]), round(box[2]), round(box[3])


def _runs(person: NDArray[np.bool_], top: int) -> NDArray[np.int64]:
    """From ``top`` down the run (first, end) of person pixels of each row that hangs on the one above, int64 (N, 2)."""
    found: list[tuple[int, int]] = []
    for row in person[top:]:
        edges = np.flatnonzero(np.diff(np.concatenate([[False], row, [False]]).astype(np.int8)))
        runs = [(int(first), int(end)) for first, end in edges.reshape(-1, 2)]
        if found:
            first, end = found[-1]
            runs = [run for run in runs if run[0] < end and run[1] > first]
        if not runs:
            break
        found.append(max(runs, key=lambda run: run[1] - run[0]))
    return np.array(found, np.int64)


def _neck(widths: NDArray[np.int64]) -> int | None:
    """Rows from the top to the narrowest place below the head and above the shoulders; None where there is none."""
    padded = np.pad(widths.astype(np.float64), 1, mode="edge")
    smooth = (padded[:-2] + padded[1:-1] + padded[2:]) / 3
    head = 0.0
    least, at = np.inf, 0
    for row, width in enumerate(smooth):
        if least < np.inf and width > max(1.2 * least, 1.05 * head):
            ratio = head / max(at, 1)
            return at if at >= 3 and 0.4 < ratio < 2 else None
        if width > head and least == np.inf:
            head = float(width)
        elif width < 0.85 * head and width <= least:
            least, at = float(width), row
    return None


def crop_box(mask: Mask, options: CropOptions) -> Box:
    """What is cut out of a photo, (x0, y0, x1, y1) in pixels, inside it and of the aspect asked for.

    Args:
        mask: of the photo, uint8 (H, W).

    Raises:
        DataError: no head can be told, or the crop would be too small.
    """
    head = find_head(mask)
    if head is None:
        raise DataError("no head can be told in the mask")
    height, width = mask.shape
    tall = head[3] - head[1]
    high = options.heads * tall
    scale = min(1.0, height / high, width / (high * options.aspect))
    high, wide = high * scale, high * options.aspect * scale
    if min(high, wide) < options.least:
        raise DataError(f"head and shoulders have only {round(wide)}×{round(high)} pixels")
    left = min(max((head[0] + head[2]) / 2 - wide / 2, 0), width - wide)
    top = min(max(head[1] - options.above * tall * scale, 0), height - high)
    x0, y0 = round(left), round(top)
    return x0, y0, min(x0 + round(wide), width), min(y0 + round(high), height)


def crop(rgb: Rgb, mask: Mask, options: CropOptions) -> tuple[Rgb, Mask]:
    """Head and shoulders of a photo, uint8 (H, W, 3), and of its mask, uint8 (H, W); errors as for ``crop_box``."""
    x0, y0, x1, y1 = crop_box(mask, options)
    return np.ascontiguousarray(rgb[y0:y1, x0:x1]), np.ascontiguousarray(mask[y0:y1, x0:x1])
