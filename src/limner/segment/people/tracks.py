"""Who is who from frame to frame: subjects that keep their number while they move, touch and come back."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from limner.segment.people.split import Labels, nearest

Mask = NDArray[np.bool_]

ENTER = 5
"""Frames that a new subject must be seen in before it counts."""
LEAVE = 45
"""Frames that a lost subject is waited for."""
_SHARED = 0.25
"""Share of the smaller one by which a region and a subject's last place must overlap to be the same."""
_REACH = 0.12
"""Share of the frame's shorter side: a small region so near to a subject is a hand of it."""
_HAND = 0.2
_HIDDEN = 0.4
"""Share of its usual size under which a subject that others touch is behind them."""
_FULL = 60.0
"""Frames after which persistence counts in full."""


@dataclass(slots=True, eq=False)
class Subject:
    """One person, as far as followed.

    Attributes:
        number: 1, 2, …: from left to right in the first frame with anybody, then in the order of entering.
        box: left, top, right, bottom in shares of the frame.
        area: share of the frame.
        seen: frames it was found in.
        missing: frames since it was found last; 0 where it is in this frame.
        counts: it was seen for long enough to be somebody.
    """

    number: int
    box: tuple[float, float, float, float]
    area: float
    mask: Mask
    seen: int = 1
    missing: int = 0
    counts: bool = False
    usual: float = 0.0
    """Share of the frame while nobody else touched it."""
    torn: int = 0
    """Frames in a row in which it was found in two bodies: sooner or later these are two people."""

    @property
    def weight(self) -> float:
        """How much this is the main person: large, in the middle, and there for long."""
        left, _, right, _ = self.box
        off = (left + right) / 2 - 0.5
        persistence = 0.5 + 0.5 * min(1.0, self.seen / _FULL)
        return float(self.area**0.5 * np.exp(-((off / 0.4) ** 2)) * persistence)

    def place(self, mask: Mask, *, alone: bool) -> None:
        """Where it is now, and whether nobody else touches it there."""
        left, top, width, height = cv2.boundingRect(mask.astype(np.uint8))
        rows, columns = mask.shape
        self.box = (left / columns, top / rows, (left + width) / columns, (top + height) / rows)
        self.area, self.mask = float(mask.mean()), mask
        self.missing = 0
        self.seen += 1
        if alone or not self.usual:
            self.usual = self.area


class Tracks:
    """All subjects of a clip."""

    def __init__(self) -> None:
        self.all: list[Subject] = []
        self._count = 0

    def update(self, count: int, labels: Labels) -> Labels:
        """Take the people of a frame (`split_people`); whose each cell is, by number of the subject, 0: nobody's."""
        if self.all and self.all[0].mask.shape != labels.shape:
            self.all.clear()
        owners = self._owners(count, labels)
        self._tear(owners, labels)
        numbers = np.zeros(labels.shape, np.int32)
        first = not any(one.counts for one in self.all)
        fresh: list[int] = []
        for label, own in owners.items():
            region = labels == label
            if not own:
                fresh.append(label)
            elif len(own) == 1:
                numbers[region] = own[0].number
            else:
                numbers[region] = self._shared_out(region, own)[region]
        self._enter(fresh, labels, numbers, at_once=first)
        alone = {own[0].number for own in owners.values() if len(own) == 1}
        self._settle(numbers, alone - {one.number for own in owners.values() if len(own) > 1 for one in own})
        return numbers

    def _owners(self, count: int, labels: Labels) -> dict[int, list[Subject]]:
        """The subjects that each region belongs to: none where it is new, several where they touch."""
        sizes = np.bincount(labels.reshape(-1), minlength=count + 1)
        owners: dict[int, list[Subject]] = {label: [] for label in range(1, count + 1)}
        for one in self.all:
            common = np.bincount(labels[one.mask], minlength=count + 1)
            place = max(1, int(one.mask.sum()))
            for label in owners:
                if common[label] >= _SHARED * min(int(sizes[label]), place):
                    owners[label].append(one)
        for label, own in owners.items():
            present = [one for one in own if one.missing == 0]
            if present and len(own) > 1:  # somebody lost is behind others, or is one of them under an old number
                owners[label] = own = [one for one in own if one.missing <= ENTER] or present
            taken = {id(one) for others in owners.values() for one in others}
            if not own:
                again = self._found_again(labels == label, [one for one in self.all if id(one) not in taken])
                owners[label] = [] if again is None else [again]
        return owners

    def _tear(self, owners: dict[int, list[Subject]], labels: Labels) -> None:
        """Make a region that has long been a second body of one subject a new region."""
        for one in self.all:
            mine = [label for label, own in owners.items() if own == [one]]
            sizes = {label: int((labels == label).sum()) for label in mine}
            largest = max(sizes.values(), default=0)
            bodies = [label for label in mine if sizes[label] > _HAND * largest]
            one.torn = one.torn + 1 if len(bodies) > 1 else 0
            if one.torn < ENTER:
                continue
            kept = max(bodies, key=lambda label: int((one.mask & (labels == label)).sum()))
            for label in set(bodies) - {kept}:
                again = self._found_again(labels == label, [other for other in self.all if other.missing > 0])
                owners[label] = [] if again is None else [again]

    def _found_again(self, region: Mask, lost: list[Subject]) -> Subject | None:
        """A lost subject of about this size and not far from here."""
        area, (x, y) = float(region.mean()), _centre(region)
        for one in sorted(lost, key=lambda one: one.missing):
            its_x, its_y = _centre(one.mask)
            away = np.hypot((x - its_x) * region.shape[1], (y - its_y) * region.shape[0]) / min(region.shape)
            near = away < min(1.0, 0.35 + 0.03 * one.missing)
            if near and 0.4 < area / max(one.usual, 1e-6) < 2.5:
                return one
        return None

    def _enter(self, fresh: list[int], labels: Labels, numbers: Labels, *, at_once: bool) -> None:
        """New regions: hands of somebody who is there, or new subjects, numbered from left to right."""
        for label in sorted(fresh, key=lambda label: _centre(labels == label)[0]):
            region = labels == label
            area = float(region.mean())
            owner = self._arm_of(region, area, numbers)
            if owner is None:
                self._count += 1
                owner = Subject(self._count, (0, 0, 0, 0), area, region, seen=0, counts=at_once)
                self.all.append(owner)
            numbers[region] = owner.number

    def _arm_of(self, region: Mask, area: float, numbers: Labels) -> Subject | None:
        reach = max(1, round(_REACH * min(region.shape)))
        around = cv2.dilate(region.astype(np.uint8), np.ones((2 * reach + 1, 2 * reach + 1), np.uint8)) > 0
        near = set(np.flatnonzero(np.bincount(numbers[around])).tolist())
        able = [one for one in self.all if one.number in near and one.counts and area < _HAND * one.area]
        return max(able, key=lambda one: one.area, default=None)

    def _shared_out(self, region: Mask, own: list[Subject]) -> Labels:
        """Whose each cell of a region is: that of the subject whose last place is nearest, those behind left out."""
        seeds = np.zeros(region.shape, np.int32)
        for one in own:
            seeds[one.mask] = one.number
        whose = nearest(seeds)
        sizes = np.bincount(whose[region], minlength=self._count + 1) / region.size
        front = [one for one in own if sizes[one.number] >= _HIDDEN * one.usual]
        if front and len(front) < len(own):
            seeds[~np.isin(seeds, [one.number for one in front])] = 0
            whose = nearest(seeds)
        return whose

    def _settle(self, numbers: Labels, alone: set[int]) -> None:
        """Note where everybody is, who is lost, and who has been there for long enough."""
        kept = []
        for one in self.all:
            mask = numbers == one.number
            if mask.any():
                one.place(mask, alone=one.number in alone)
                one.counts = one.counts or one.seen >= ENTER
            else:
                one.missing += 1
            # Who never counted is forgotten at once: that was a flash.
            if one.missing <= (LEAVE if one.counts else 2):
                kept.append(one)
        self.all = kept


def _centre(mask: Mask) -> tuple[float, float]:
    """x and y in shares of the frame."""
    rows, columns = np.nonzero(mask)
    return float(columns.mean()) / mask.shape[1], float(rows.mean()) / mask.shape[0]
