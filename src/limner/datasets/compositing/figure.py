"""A figure: a person cut out of a photo, the old background's colours taken off the edge, and where the head is."""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from limner.datasets.composites import soften_cut
from limner.datasets.faults.measures import HIGH, LOW
from limner.datasets.head_crop import find_head
from limner.datasets.photo_decoding import Box, Touches, extent
from limner.effects.foreground import estimate_foreground
from limner.errors import DataError

Rgb = NDArray[np.uint8]
Mask = NDArray[np.uint8]

_LEAST_AREA, _LEAST_SIDE = 0.01, 64
_FAINT, _PART = 12, 0.05
"""Value up to which a mask says nothing, and the least part of a person as a share of the largest."""
_HARD = 0.6
"""Soft pixels for each pixel of the outline below which a mask counts as hard."""


@dataclass(frozen=True, slots=True)
class Outline:
    """Where the person of a photo is.

    Attributes:
        size: width and height of the photo.
        box: of the person (x0, y0, x1, y1) in pixels.
        touches: whether they reach the left, top, right, bottom border, where the photo cuts them off.
        head: its box, or None where it cannot be told.
        softness: soft pixels for each pixel of the outline.
    """

    size: tuple[int, int]
    box: Box
    touches: Touches
    head: Box | None
    softness: float

    @property
    def tall(self) -> int:
        """Height of the person in pixels."""
        return self.box[3] - self.box[1]

    def mirrored(self) -> Outline:
        """Of the mirrored photo."""
        left, top, right, bottom = self.touches
        head = None if self.head is None else _mirrored(self.head, self.size[0])
        return replace(self, box=_mirrored(self.box, self.size[0]), touches=(right, top, left, bottom), head=head)

    @property
    def stands(self) -> bool:
        """Whether all of them is seen, from head to feet."""
        return not any(self.touches) and self.tall > 1.8 * (self.box[2] - self.box[0])


@dataclass(frozen=True, slots=True)
class Figure:
    """A person to be put somewhere.

    Attributes:
        outline: where they are.
        rgb: the person's own colours, uint8 (H, W, 3), of meaning where alpha is above 0.
        alpha: uint8 (H, W).
    """

    outline: Outline
    rgb: Rgb
    alpha: Mask


def _mirrored(box: Box, width: int) -> Box:
    return width - box[2], box[1], width - box[0], box[3]


def outline_of(mask: Mask) -> Outline:
    """The outline in a mask, uint8 (H, W).

    Raises:
        DataError: the person is too small to be put anywhere.
    """
    person = mask > 127
    box, touches = extent(mask)
    if person.mean() < _LEAST_AREA or max(box[2] - box[0], box[3] - box[1]) < _LEAST_SIDE:
        raise DataError("the person is too small for a composite")
    edge = int((person[1:] != person[:-1]).sum()) + int((person[:, 1:] != person[:, :-1]).sum())
    soft = int(((mask >= LOW) & (mask < HIGH)).sum()) / max(edge, 1)
    return Outline((mask.shape[1], mask.shape[0]), box, touches, find_head(mask), soft)


def figure(outline: Outline, rgb: Rgb, mask: Mask, rng: np.random.Generator, *, exact: bool) -> Figure:
    """The person of a photo.

    Edge pixels hold colours of the old background. Where the mask is soft the person's own are estimated from the
    matting equation; where it is hard its edge is pulled in, feathered, and given the colours from inside.

    Args:
        outline: in the mask.
        exact: the colours are the person's own already, as in a render with straight alpha.
    """
    if exact:
        return Figure(outline, _spread(rgb, mask), mask)
    mask = _whole(mask)
    if outline.softness < _HARD:
        return Figure(outline, *soften_cut(rgb, mask, rng))
    return Figure(outline, estimate_foreground(rgb, np.multiply(mask, np.float32(1 / 255), dtype=np.float32)), mask)


def _whole(mask: Mask) -> Mask:
    """The mask without faint traces and small parts away from the person, as nets and painters leave them."""
    count, parts, about, _ = cv2.connectedComponentsWithStats((mask > _FAINT).astype(np.uint8))
    areas = about[:, cv2.CC_STAT_AREA]
    kept = np.zeros(count, bool)
    if count > 1:
        kept[np.unique(parts[mask > 127])] = True  # what is faint all over is nobody's
        kept &= areas >= _PART * areas[1:].max()
    kept[0] = False
    return np.where(kept[parts], mask, 0).astype(np.uint8)


def _spread(rgb: Rgb, alpha: Mask) -> Rgb:
    """The colours carried a few pixels beyond the alpha, as interpolation mixes neighbours."""
    weight = (alpha > 0).astype(np.float32)
    share = cv2.blur(weight, (5, 5))
    near = cv2.blur(rgb.astype(np.float32) * weight[..., None], (5, 5)) / np.maximum(share, 1e-3)[..., None]
    return np.where((alpha > 0)[..., None], rgb, np.clip(near + 0.5, 0, 255).astype(np.uint8))
