"""Trust: does a matte fit the picture and the mattes before? Finds collapse, swallowed pictures and jumps."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from statistics import median

import cv2
import numpy as np
from numpy.typing import NDArray

from limner.matte import Matte

Float32 = NDArray[np.float32]
Mask = NDArray[np.bool_]

COLLAPSE = "the mask collapsed"
SWALLOWED = "the mask swallowed the picture"
JUMP = "the mask jumped"
EMPTY = "not sure yet that everybody left"

_SIDE = 80
_NOISE = 3.0
"""Grey levels (of 255) by which a cell of a still picture may change between two frames."""
_CUT = 0.5
"""Share of cells that change with a scene cut."""
_WHOLE = 0.97
"""Nobody covers more of a picture than this."""
_SOMEBODY, _NOBODY = 0.01, 0.002
"""Shares of the frame from which a mask is worth remembering, and below which it is nobody's."""
_RESTLESS = 0.01
"""A picture of which fewer cells change is still."""
_DEAD = 1.5
"""Mean change in grey levels, over ten seconds, that no living person stays under."""
_FLAT = 9.0
"""Variance in squared grey levels below which a place shows nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrustRules:
    """When a matte does not fit.

    Attributes:
        keeps: a mask that keeps less than this share of its usual area has lost its people.
        sudden: frames within which that must happen to be sudden. Who walks out takes longer.
        same: correlation of the picture where a person was last seen, then and now, from which they still sit there.
        everything: share of the frame from which a mask that grew suddenly has swallowed the picture.
        overlap: least overlap (IoU) with the mask before, while the picture is the same.
        still_patience: frames that nobody must be found in, the picture being still, until a room counts as empty.
        restless_patience: the same for a picture that is not still, as with a television in it.
        dead_patience: frames that the place of a lost person must be as still as nobody can sit, until it counts as
            empty although it looks as before: what was taken for a person there was a coat.
    """

    keeps: float = 0.25
    sudden: int = 4
    same: float = 0.85
    everything: float = 0.75
    overlap: float = 0.2
    still_patience: int = 30
    restless_patience: int = 150
    dead_patience: int = 300


@dataclass(frozen=True, slots=True, eq=False)
class Glance:
    """A frame and its matte in a few thousand cells: grey float32 (h, w) in [0, 255], mask bool (h, w)."""

    grey: Float32
    mask: Mask
    coverage: float

    @classmethod
    def of(cls, frame: NDArray[np.uint8], matte: Matte) -> Glance:
        """At most 80 cells long; a cell is the mean of a few pixels of it, which is enough to compare pictures."""
        height, width = matte.size
        scale = min(1.0, _SIDE / max(height, width))
        size = (max(1, round(width * scale)), max(1, round(height * scale)))
        step = max(1, max(height, width) // (4 * _SIDE))
        thin = (max(size[0], width // step), max(size[1], height // step))
        some, alpha = (cv2.resize(full, thin, interpolation=cv2.INTER_NEAREST) for full in (frame, matte.alpha))
        grey = cv2.cvtColor(cv2.resize(some, size, interpolation=cv2.INTER_AREA), cv2.COLOR_RGB2GRAY)
        small = cv2.resize(alpha, size, interpolation=cv2.INTER_AREA)
        return cls(cv2.GaussianBlur(grey, (3, 3), 0).astype(np.float32), small > 0.5, float(small.mean()))


class Trust:
    """Compares each glance with what was shown before. Call ``doubt`` with each, and ``shown`` with those shown."""

    def __init__(self, rules: TrustRules) -> None:
        self.rules = rules
        self._areas: deque[float] = deque(maxlen=30)
        self._seen: Glance | None = None
        """The last glance that showed the people at about their usual size."""
        self._last: Glance | None = None
        """The last that was shown."""
        self._before: Glance | None = None
        """The last that was looked at, shown or not."""
        self._doubting: str | None = None
        self._anchor: Glance | None = None
        """Since when the place of a lost person has been dead still."""
        self._room_is_empty = False
        self._empty = self._still = self._dead = 0

    @property
    def known(self) -> bool:
        """Somebody was found, and shown, before."""
        return self._seen is not None

    def lost_sight(self) -> None:
        """A frame without a matte to look at: nothing that was counted in a row goes on."""
        self._empty = self._still = self._dead = 0
        self._anchor = None

    def doubt(self, now: Glance) -> str | None:
        """Why the matte cannot be trusted, or None."""
        before, self._before = self._before, now
        if self._seen is not None and now.mask.shape != self._seen.mask.shape:
            self._forget()
        if self._seen is None or before is None:
            return SWALLOWED if now.coverage > _WHOLE else None
        if changed_share(before.grey, now.grey) > _CUT:
            # Another scene: its people have other sizes, and that nobody is in it has to be seen anew.
            self._areas.clear()
            self._room_is_empty = False
            self._doubting = self._doubting or EMPTY
        self._doubting = self._lost(now, before) or self._swallowed(now) or self._jumped(now)
        return self._doubting

    def shown(self, now: Glance) -> None:
        """What the next glance is compared with."""
        self._areas.append(now.coverage)
        self._last = now
        if self._seen is None or now.coverage >= max(0.6 * self._usual, _SOMEBODY):
            self._seen = now

    @property
    def _usual(self) -> float:
        return median(self._areas) if self._areas else 0.0

    def _lost(self, now: Glance, before: Glance) -> str | None:
        """Collapse, or a room of which it is not known yet whether it is empty."""
        seen = self._seen
        if seen is None or now.coverage >= max(self.rules.keeps * self._usual, _NOBODY):
            self._room_is_empty = False
            self.lost_sight()
            return None
        if self._room_is_empty:
            return None
        place = _grown(seen.mask)
        alike = _looks_alike(seen.grey, now.grey, place) >= self.rules.same
        self._count(now, before, place)
        if self._doubting is None:
            self._room_is_empty = not alike and self._left_slowly()
        else:
            self._room_is_empty = self._accepted(alike)
        if self._room_is_empty:
            return None
        return COLLAPSE if alike or self._doubting in (None, COLLAPSE) else EMPTY

    def _left_slowly(self) -> bool:
        """Whether the mask was dwindling before it went. A person takes longer to walk out than a net to fail."""
        most = max(self._areas, default=0.0)
        return most < _SOMEBODY or self._areas[max(0, len(self._areas) - self.rules.sudden)] < 0.8 * most

    def _count(self, now: Glance, before: Glance, place: Mask) -> None:
        """Go on counting how long nobody was found, and how long the picture has been still."""
        self._empty += 1
        self._still = self._still + 1 if (np.abs(now.grey - before.grey) > _NOISE).mean() < _RESTLESS else 0
        if self._anchor is None or np.abs(now.grey - self._anchor.grey)[place].mean() > _DEAD:
            self._anchor, self._dead = now, 0
        self._dead += 1

    def _accepted(self, alike: bool) -> bool:
        """Whether the room counts as empty now."""
        rules = self.rules
        if alike:
            return self._dead >= rules.dead_patience
        return self._still >= rules.still_patience or self._empty >= rules.restless_patience

    def _swallowed(self, now: Glance) -> str | None:
        """Almost all of the picture, or so much more of it than before although it looks as before there."""
        if now.coverage > _WHOLE:
            return SWALLOWED
        seen = self._seen
        if seen is None or now.coverage < max(self.rules.everything, self._usual + 0.25):
            return None
        claimed = now.mask & ~seen.mask
        return SWALLOWED if _looks_alike(seen.grey, now.grey, claimed) >= self.rules.same else None

    def _jumped(self, now: Glance) -> str | None:
        last = self._last
        if last is None or min(last.coverage, now.coverage) < 0.01:
            return None
        union, both = last.mask | now.mask, last.mask & now.mask
        if not union.any() or both.sum() >= self.rules.overlap * union.sum():
            return None
        return JUMP if _looks_alike(last.grey, now.grey, union) >= self.rules.same else None

    def _forget(self) -> None:
        self._areas.clear()
        self._seen = self._last = None
        self._doubting, self._room_is_empty = None, False
        self.lost_sight()


def changed_share(one: Float32, other: Float32) -> float:
    """Share of cells that differ by much more than noise, after a change of exposure is taken out."""
    gain = (float(other.mean()) + 1.0) / (float(one.mean()) + 1.0)
    return float((np.abs(one * np.float32(gain) - other) > 8 * _NOISE).mean())


def _looks_alike(one: Float32, other: Float32, place: Mask) -> float:
    """Correlation of two pictures in ``place``, in [-1, 1], blind to exposure; 1 where both are too flat to tell."""
    if not place.any():
        return 1.0
    a, b = one[place], other[place]
    a, b = a - a.mean(), b - b.mean()
    power = float((a * a).mean()), float((b * b).mean())
    if max(power) < _FLAT:
        return 1.0
    if min(power) < 0.1 * _FLAT:
        return 0.0
    return float((a * b).mean() / np.sqrt(power[0] * power[1]))


def _grown(mask: Mask) -> Mask:
    """With a margin of one cell, so that an outline is seen."""
    return cv2.dilate(mask.astype(np.uint8), np.ones((3, 3), np.uint8)).astype(bool)
