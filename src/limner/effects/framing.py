"""Where a camera operator would point: the crop for who is in a frame, and how it moves from one frame to the next."""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from limner.effects.one_euro import OneEuro

SHOWN = {"close": 0.32, "half": 0.55, "full": 1.0}
"""Framing -> how much of a person is shown, from the top of their head."""
_ABOVE = {"close": 0.14, "half": 0.12, "full": 0.08}
"""Room above the head, as a share of the crop's height."""
_BELOW = {"close": 0.0, "half": 0.0, "full": 0.06}
_TALL = 3.2
"""Height of a person by the width of their shoulders, arms at their sides."""
_WHOLE_TO = {"close": 0.5, "half": 0.7, "full": 1.0}
"""Down to which share of what is shown nobody's sides are cut off; elbows below it may be."""
_BESIDE = 1.2
"""Width of the crop by that of who is in it, so far."""
_SIDE = 160
"""Longer side of the matte that is looked at."""
_SPECK, _NOBODY = 0.1, 0.004
"""Regions smaller than this share of the largest do not count; of the frame, nobody is there."""


@dataclass(frozen=True, slots=True)
class Crop:
    """A part of a frame with the frame's proportions.

    Attributes:
        x, y: its centre, as shares of the frame's width and height.
        zoom: 1 is all of the frame, 2 a half of its width and height.
    """

    x: float = 0.5
    y: float = 0.5
    zoom: float = 1.0

    def inside(self) -> Crop:
        """The nearest crop of the same zoom that lies within the frame."""
        half = 0.5 / self.zoom
        return Crop(min(max(self.x, half), 1 - half), min(max(self.y, half), 1 - half), self.zoom)


WHOLE = Crop()


def wanted(alpha: NDArray[np.float32], framing: str, most: float) -> Crop | None:
    """The crop for who is in a frame; None where nobody is.

    Args:
        alpha: of the matte, (H, W).
        framing: a key of `SHOWN`. Of several people each is shown that far from the top of the highest head.
        most: the largest zoom.
    """
    height, width = alpha.shape
    scale = min(1.0, _SIDE / max(height, width))
    size = max(1, round(width * scale)), max(1, round(height * scale))
    small = cv2.resize(alpha, size, interpolation=cv2.INTER_AREA)
    person = _without_specks((small >= 0.5).astype(np.uint8))
    if person.mean() < _NOBODY:
        return None
    rows = np.flatnonzero(person.any(1))
    top, tall = int(rows[0]), int(rows[-1]) + 1 - int(rows[0])
    if rows[-1] >= size[1] - 2:  # the frame cuts them off: how wide they are tells how tall they would be
        tall = max(tall, round(_TALL * float(np.percentile(person[rows].sum(1), 90))))
    part = person[top : top + max(1, round(SHOWN[framing] * tall))]
    columns = np.flatnonzero(part[: max(1, round(_WHOLE_TO[framing] * part.shape[0]))].any(0))
    left, right = int(columns[0]), int(columns[-1]) + 1
    above, below = _ABOVE[framing], _BELOW[framing]
    share = max(part.shape[0] / size[1] / (1 - above - below), _BESIDE * (right - left) / size[0])
    zoom = min(max(1 / share, 1.0), most)
    middle = float((part.sum(0) * (np.arange(size[0]) + 0.5)).sum() / part.sum()) / size[0]
    if (right - left) / size[0] > 0.6 / zoom:  # several people, or wide arms: all of it counts, not where most of it is
        middle = (left + right) / 2 / size[0]
    return Crop(middle, top / size[1] + (0.5 - above) / zoom, zoom).inside()


def _without_specks(person: NDArray[np.uint8]) -> NDArray[np.uint8]:
    count, labels, stats, _ = cv2.connectedComponentsWithStats(person, connectivity=8)
    if count <= 2:
        return person
    areas = stats[1:, cv2.CC_STAT_AREA]
    kept = np.flatnonzero(areas >= _SPECK * areas.max()) + 1
    return np.isin(labels, kept).astype(np.uint8)


class Operator:
    """Moves a crop from frame to frame: it waits until somebody has really moved, then follows, and never hurries.

    Args:
        speed: the most that it moves, in widths of the crop a second. It zooms at most by that share a second.
    """

    CUT = 0.3
    """A target that is so far away at once, as a share of the frame, belongs to another shot."""
    PAUSE = 1.0
    """Seconds between two frames after which a new shot begins."""
    PATIENCE = 1.5
    """Seconds without anybody until it zooms out."""
    REST = (0.05, 0.08)
    """Ways of a target that it does not follow: of the crop's size, and in zoom."""
    SETTLED = 0.25
    """It follows until it is this share of those ways from its target."""
    EAGER = 3.0
    """Its speed, where that is below the limit, is this times the way that is left, by the second."""
    BREAK_IN = 0.35
    """Seconds in which it reaches its speed."""

    def __init__(self, *, speed: float) -> None:
        self._speed = speed
        self._filter = OneEuro(calm=0.8, follow=1.5)
        self.reset()

    def reset(self) -> None:
        """Another shot begins."""
        self._filter.reset()
        self._crop: Crop | None = None
        self._raw: Crop | None = None
        self._velocity = np.zeros(3)
        self._absent = 0.0
        self._moving = False

    def __call__(self, target: Crop | None, seconds: float) -> Crop:
        """The crop of the next frame.

        Args:
            target: what would be right for it; None where nobody is there.
            seconds: since the frame before; 0 or less where there is none.
        """
        if seconds <= 0 or seconds > self.PAUSE or self._is_cut(target, seconds):
            self.reset()
        self._raw = target or self._raw
        if self._crop is None:
            self._crop = target or WHOLE
            if target is not None:
                self._filter(_vector(target), 1.0)
            return self._crop
        self._absent = 0.0 if target is not None else self._absent + seconds
        if target is None:
            if self._absent < self.PATIENCE:
                return self._approach(self._crop, seconds)
            target = WHOLE
        return self._approach(_crop(self._filter(_vector(target), seconds)), seconds)

    def _is_cut(self, target: Crop | None, seconds: float) -> bool:
        if target is None or self._raw is None:
            return False
        far = max(abs(target.x - self._raw.x), abs(target.y - self._raw.y))
        return far > self.CUT and seconds <= 0.2

    def _approach(self, aim: Crop, seconds: float) -> Crop:
        """A step towards ``aim``, with limits to speed and to its change."""
        crop = self._crop
        assert crop is not None
        way = _vector(aim) - _vector(crop)
        limits = np.array([self.REST[0] / crop.zoom, self.REST[0] / crop.zoom, self.REST[1]])
        if not self._moving:
            self._moving = bool((np.abs(way) > limits).any())
        elif bool((np.abs(way) < self.SETTLED * limits).all()):
            self._moving = False
        most = self._speed * np.array([1 / crop.zoom, 1 / crop.zoom, 1.0])
        asked = np.clip(self.EAGER * way, -most, most) if self._moving else np.zeros(3)
        change = most / self.BREAK_IN * seconds
        self._velocity = self._velocity + np.clip(asked - self._velocity, -change, change)
        self._crop = _crop(_vector(crop) + self._velocity * seconds).inside()
        return self._crop


def _vector(crop: Crop) -> NDArray[np.float64]:
    return np.array([crop.x, crop.y, math.log(crop.zoom)])


def _crop(vector: NDArray[np.float64]) -> Crop:
    return Crop(float(vector[0]), float(vector[1]), max(1.0, math.exp(float(vector[2]))))
