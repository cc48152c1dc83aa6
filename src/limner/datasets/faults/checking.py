"""Checking: every photo is decoded once, measured, compared with all others and, if asked for, with a net."""

from __future__ import annotations

import statistics
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

from limner.datasets.faults.duplicates import Print, Twin, find_twins, print_of
from limner.datasets.faults.kinds import KINDS, Fault
from limner.datasets.faults.listed import Listed, in_order
from limner.datasets.faults.measures import MaskMeasures, measure_mask
from limner.datasets.photo import Photo
from limner.errors import DataError

Rgb = NDArray[np.uint8]
Mask = NDArray[np.uint8]
Net = Callable[[Rgb], NDArray[np.float32]]
"""RGB uint8 (H, W, 3) to alpha float32 (H, W) in [0, 1]."""

_HARD_SET = 1.0
"""Median softness of a set, up to which its masks are hard ones."""
_SOFT_MASK = 3.0
"""Softness from which a mask of such a set is told."""
_RANKS = {"train": 0, "val": 1, "test": 2}


@dataclass(frozen=True, slots=True)
class _Seen:
    """What is kept of a photo: its print, what was measured of its mask, and its faults so far."""

    photo: Photo
    print: Print | None = None
    mask: MaskMeasures | None = None
    mask_print: bytes = b""
    has_void: bool = False
    faults: list[Fault] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Checked:
    """What was found.

    Attributes:
        photos: how many were looked at.
        faults: all of them, by kind as ``KINDS`` has them, the worst of each kind first.
    """

    photos: int
    faults: list[Fault]

    @property
    def counts(self) -> dict[str, int]:
        """Kind -> how many, for kinds that were found."""
        found = Counter(fault.kind for fault in self.faults)
        return {kind: found[kind] for kind in KINDS if found[kind]}

    @property
    def is_clean(self) -> bool:
        """Whether no fault is an error."""
        return all(KINDS[fault.kind].weight != "error" for fault in self.faults)


def check(
    photos: Sequence[Listed],
    *,
    net: Net | None = None,
    agree: float = 0.8,
    progress: Callable[[int, int], None] | None = None,
) -> Checked:
    """Look for faults in all photos.

    Args:
        net: whose mattes the masks are compared with; None leaves that out.
        agree: IoU with the net below which a mask is told.
        progress: called with (photos done, photos in all).
    """
    seen: list[_Seen] = []
    for item in in_order(photos, lambda listed: _look(listed, net, agree), threads=1 if net is not None else None):
        seen.append(item)
        if progress is not None:
            progress(len(seen), len(photos))
    faults = [fault for item in seen for fault in item.faults]
    faults += _soft(seen)
    faults += _twins(seen)
    order = {kind: place for place, kind in enumerate(KINDS)}
    return Checked(len(photos), sorted(faults, key=lambda fault: (order[fault.kind], -fault.score, fault.photo)))


def _look(listed: Listed, net: Net | None, agree: float) -> _Seen:
    photo = listed.photo
    key = (photo.set, photo.stem)
    try:
        rgb, mask = listed.load()
    except DataError as error:
        return _Seen(photo, faults=[Fault("unreadable", key, str(error), mendable=True)])
    faults = []
    height, width = rgb.shape[:2]
    if photo.width and (photo.width, photo.height) != (width, height):
        told = f"{width}×{height}, but the manifest says {photo.width}×{photo.height}"
        faults.append(Fault("size", key, told, mendable=True))
    if mask is None:
        faults += _people(key, rgb, net) if photo.mask == "none" else []
        return _Seen(photo, print_of(rgb), faults=faults)
    area = mask.shape[1] * height
    if abs(area - mask.shape[0] * width) > 0.01 * area + min(max(height, width), 0.02 * area):
        told = f"{mask.shape[1]}×{mask.shape[0]}, but the photo has {width}×{height}"
        return _Seen(photo, print_of(rgb), faults=[*faults, Fault("shape", key, told)])
    measures = measure_mask(mask)
    iou, flipped = _agreement(rgb, mask, net)
    faults += mask_faults(key, measures, fixed=listed.has_void or photo.mask == "exact", flipped=flipped)
    if iou is not None and iou < agree and not measures.inverted:
        faults.append(Fault("disagrees", key, f"IoU with the net {iou:.2f}", score=1 - iou))
    return _Seen(photo, print_of(rgb), measures, print_of(np.dstack([mask] * 3)).exact, listed.has_void, faults)


def mask_faults(
    key: tuple[str, str], mask: MaskMeasures, *, fixed: bool = False, flipped: bool | None = None
) -> list[Fault]:
    """The faults that a mask shows by itself.

    Args:
        key: (set, stem).
        fixed: its values are as they should be: an alpha that was rendered, or a mask with undecided pixels.
        flipped: whether a net sees the person where the mask has none; None where no net can tell.
    """
    if mask.largest == 0 or (mask.area == 0 and mask.largest > 127):
        return [Fault("empty", key, "nobody is in the mask")]
    if mask.largest < 200:
        told = f"its greatest value is {mask.largest}"
        return [Fault("range", key, told, score=float(255 - mask.largest), mendable=mask.largest == 1)]
    if mask.area > 0.995:
        return [Fault("full", key, f"{mask.area:.1%} of the pixels are person", score=mask.area)]
    found = []
    if mask.inverted and flipped is not False:
        told = "the borders are person, the middle is not" + (
            "; the net sees it the other way round" if flipped else ""
        )
        found.append(Fault("inverted", key, told, score=mask.area, mendable=bool(flipped)))
    if mask.residue > 0.002 and mask.softness < _SOFT_MASK and not fixed:
        told = f"{mask.residue:.1%} of the pixels are near 0 or 255, but not there"
        found.append(Fault("residue", key, told, score=mask.residue, mendable=True))
    if count := mask.holes + mask.specks:
        told = f"{mask.holes} tiny holes, {mask.specks} specks"
        found.append(Fault("specks", key, told, score=count, mendable=not fixed and not mask.inverted))
    if mask.touches[1] and not mask.inverted:
        found.append(Fault("cut", key, f"{mask.top:.0%} of the upper border are person", score=mask.top))
    return found


def _people(key: tuple[str, str], rgb: Rgb, net: Net | None) -> list[Fault]:
    if net is None:
        return []
    area = float((net(rgb) > 0.5).mean())
    return [Fault("people", key, f"{area:.1%} of the picture", score=area)] if area > 0.02 else []


def _agreement(rgb: Rgb, mask: Mask, net: Net | None) -> tuple[float | None, bool | None]:
    """IoU of mask and net, and whether the net fits the inverted mask; None where it fits neither, or there is none."""
    if net is None:
        return None, None
    seen = net(rgb) > 0.5
    size = (seen.shape[1], seen.shape[0])
    drawn = cv2.resize(mask, size, interpolation=cv2.INTER_LINEAR) > 127

    def iou(a: NDArray[np.bool_], b: NDArray[np.bool_]) -> float:
        either = int((a | b).sum())
        return int((a & b).sum()) / either if either else 1.0

    straight, turned = iou(seen, drawn), iou(seen, ~drawn)
    return straight, None if max(straight, turned) < 0.7 else turned > straight


def _soft(seen: Sequence[_Seen]) -> list[Fault]:
    """Masks that are soft in sets of hard ones."""
    by_set: dict[str, list[tuple[Photo, MaskMeasures]]] = defaultdict(list)
    for item in seen:
        if item.mask is not None and item.photo.mask in ("hand", "auto") and not item.has_void:
            by_set[item.photo.set].append((item.photo, item.mask))
    faults = []
    for masks in by_set.values():
        if statistics.median(mask.softness for _, mask in masks) > _HARD_SET:
            continue
        for photo, mask in masks:
            if mask.softness > _SOFT_MASK and mask.largest >= 200:
                told = f"{mask.softness:.1f} soft pixels for each of the outline"
                faults.append(Fault("soft", (photo.set, photo.stem), told, score=mask.softness))
    return faults


def _twins(seen: Sequence[_Seen]) -> list[Fault]:
    """Duplicates, each told at the photo that would go."""
    there = [item for item in seen if item.print is not None]
    faults: dict[tuple[str, tuple[str, str]], Fault] = {}
    for twin in find_twins([item.print for item in there if item.print is not None]):
        fault = _twin_fault(there[twin.first], there[twin.second], twin)
        faults.setdefault((fault.kind, fault.photo), fault)
    leaks = {photo for kind, photo in faults if kind == "leak"}
    return [fault for (kind, photo), fault in faults.items() if kind == "leak" or photo not in leaks]


def _twin_fault(first: _Seen, second: _Seen, twin: Twin) -> Fault:
    stays, goes = sorted((first, second), key=lambda item: -_RANKS[item.photo.split])  # stable: the first one stays
    keys = [(item.photo.set, item.photo.stem) for item in (goes, stays)]
    how = "exactly" if twin.exact else "mirrored, nearly" if twin.mirrored else "nearly"
    masks = "; their masks differ" if twin.exact and goes.mask_print != stays.mask_print else ""
    told = f"{how} {'/'.join(keys[1])}{masks}"
    if goes.photo.split != stays.photo.split:
        return Fault("leak", keys[0], f"{goes.photo.split}: {told} ({stays.photo.split})", (keys[1],), 2, mendable=True)
    if twin.exact:
        return Fault("duplicate", keys[0], told, (keys[1],), score=1 + bool(masks), mendable=not masks)
    return Fault("near_duplicate", keys[0], told, (keys[1],))
