"""Statistics of labelled photos, by set: sizes, where people are, how masks end and how photos look."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from limner.datasets.faults.listed import Listed, in_order
from limner.datasets.faults.measures import Look, MaskMeasures, measure_look, measure_mask
from limner.datasets.photo import Photo
from limner.errors import DataError

QUANTITIES: dict[str, str] = {
    "megapixels": "of the photo",
    "aspect": "width divided by height",
    "area": "share of the picture that is person, %",
    "centre_x": "middle of the person's box from the left, % of the width",
    "centre_y": "the same from the top, % of the height",
    "height": "height of the person's box, % of the picture's",
    "softness": "soft pixels for each of the outline",
    "contrast": "difference of colour across the outline, 0 to 255",
    "luma": "mean brightness, 0 to 255",
    "spread": "standard deviation of the brightness",
    "saturation": "mean, 0 to 255",
    "warmth": "mean of red less mean of blue",
}
"""Name -> what it is. Those of masks are of photos with people only."""
LEVELS = (5, 50, 95)
"""Percentiles that are told."""


@dataclass(frozen=True, slots=True)
class SetStatistics:
    """What a set is like.

    Attributes:
        name: of the set; "" for all together.
        photos: how many could be read.
        unreadable: how many could not.
        splits, masks: how many of each.
        cut: share of the photos with people whose person reaches the left, top, right, bottom border, in [0, 1].
        quantities: name in ``QUANTITIES`` -> the percentiles ``LEVELS``; without those that no photo has.
    """

    name: str
    photos: int
    unreadable: int
    splits: dict[str, int]
    masks: dict[str, int]
    cut: tuple[float, float, float, float]
    quantities: dict[str, tuple[float, ...]]


@dataclass(frozen=True, slots=True)
class _Seen:
    photo: Photo
    size: tuple[int, int] | None = None
    mask: MaskMeasures | None = None
    look: Look | None = None


def statistics_of(
    photos: Sequence[Listed], *, progress: Callable[[int, int], None] | None = None
) -> list[SetStatistics]:
    """The statistics of each set, in order, and of all together where there are several.

    Args:
        progress: called with (photos done, photos in all).
    """
    by_set: dict[str, list[_Seen]] = defaultdict(list)
    for done, seen in enumerate(in_order(photos, _look), start=1):
        by_set[seen.photo.set].append(seen)
        if progress is not None:
            progress(done, len(photos))
    found = [_summed(name, items) for name, items in sorted(by_set.items())]
    if len(found) > 1:
        found.append(_summed("", [seen for items in by_set.values() for seen in items]))
    return found


def _look(listed: Listed) -> _Seen:
    try:
        rgb, mask = listed.load()
    except DataError:
        return _Seen(listed.photo)
    measures = measure_mask(mask) if mask is not None else None
    return _Seen(listed.photo, (rgb.shape[0], rgb.shape[1]), measures, measure_look(rgb, mask))


def _summed(name: str, items: Sequence[_Seen]) -> SetStatistics:
    values: dict[str, list[float]] = {quantity: [] for quantity in QUANTITIES}
    touches = []
    for seen in items:
        for quantity, value in _values(seen).items():
            values[quantity].append(value)
        if seen.mask is not None and seen.mask.area:
            touches.append(seen.mask.touches)
    left, top, right, bottom = np.mean(touches, 0).tolist() if touches else (0.0, 0.0, 0.0, 0.0)
    readable = [seen for seen in items if seen.size is not None]
    return SetStatistics(
        name=name,
        photos=len(readable),
        unreadable=len(items) - len(readable),
        splits=dict(sorted(Counter(seen.photo.split for seen in items).items())),
        masks=dict(sorted(Counter(seen.photo.mask for seen in items).items())),
        cut=(left, top, right, bottom),
        quantities={key: tuple(np.percentile(each, LEVELS).tolist()) for key, each in values.items() if each},
    )


def _values(seen: _Seen) -> dict[str, float]:
    found: dict[str, float] = {}
    if seen.size is not None:
        height, width = seen.size
        found |= {"megapixels": height * width / 1e6, "aspect": width / height}
    if seen.look is not None:
        look = seen.look
        found |= {"luma": look.luma, "spread": look.spread, "saturation": look.saturation, "warmth": look.warmth}
        if look.contrast is not None:
            found["contrast"] = look.contrast
    if seen.mask is not None and seen.mask.area and seen.size is not None:
        x0, y0, x1, y1 = seen.mask.box
        height, width = seen.mask.shape
        found |= {
            "area": 100 * seen.mask.area,
            "centre_x": 50 * (x0 + x1) / width,
            "centre_y": 50 * (y0 + y1) / height,
            "height": 100 * (y1 - y0) / height,
            "softness": seen.mask.softness,
        }
    return found
