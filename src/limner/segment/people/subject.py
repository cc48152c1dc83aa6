"""Which people stay: everyone, the main person or one that was picked; and the largest region of a single map."""

from __future__ import annotations

from typing import Any, Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from limner.checking import checked
from limner.errors import OptionError
from limner.matte import Matte
from limner.segment.people.split import nearest, split_people
from limner.segment.people.tracks import Subject, Tracks
from limner.segment.relay import Relay

Float32 = NDArray[np.float32]
Keep = Literal["everyone", "main"] | int

_FAINT = 0.05
_LONGEST = 128
_TRACE = 0.02
_SWITCH = 15
"""Frames for which somebody else must clearly have been the main person before they become it."""
_BY_FAR = 1.4
_NEAR = 0.1
"""Share of the frame's shorter side by which a click may miss."""


def largest_region(probability: Float32) -> Float32:
    """``probability`` with everything set to 0 but the largest region above 0.5 and the soft edge around it.

    A soft pixel belongs to the region it is nearest to, so two people who touch only softly are told apart, and must be
    connected to it, so far haze goes. Where nothing is above 0.5 the map comes back as it is.
    """
    solid = (probability > 0.5).astype(np.uint8)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(solid, connectivity=8)
    if count < 2:
        return probability
    largest = 1 + int(stats[1:, cv2.CC_STAT_AREA].argmax())
    mine = (labels == largest).astype(np.uint8)
    keep = (probability > _FAINT).astype(np.uint8)
    if count > 2:
        to_mine = cv2.distanceTransform(1 - mine, cv2.DIST_L2, 3)
        to_others = cv2.distanceTransform(1 - (solid - mine), cv2.DIST_L2, 3)
        keep &= to_mine <= to_others
    _, regions = cv2.connectedComponents(keep, connectivity=8)
    row, column = np.unravel_index(int(mine.argmax()), mine.shape)
    return np.where(regions == regions[row, column], probability, np.float32(0.0))


class SubjectFilter:
    """Keeps some of the people of a clip in its mattes: everyone, the main person, or one that was picked.

    People are told apart on a grid of 128 cells (`limner.segment.people.split`), followed from frame to frame, and keep
    their number when they touch, cross or are lost for a moment (`limner.segment.people.tracks`). Nobody blinks: who
    is new counts after five frames, who is lost is waited for, and the main person changes only when somebody else was
    it clearly for half a second. For a single photo, use a new filter.

    Args:
        keep: "everyone", "main" (large, in the middle, there for long), or the number of a subject.
        point: x and y in pixels of the frame: keep who is there; as `pick`, from the first frame on.

    Attributes:
        subjects: those in the last frame that count, in the order of their numbers, for an overlay.
        chosen: numbers of those kept in the last frame.

    Raises:
        OptionError: ``keep`` is none of these.
    """

    @checked
    def __init__(self, keep: Keep = "everyone", *, point: tuple[float, float] | None = None) -> None:
        number = isinstance(keep, int) and not isinstance(keep, bool) and keep >= 1
        if not number and keep not in ("everyone", "main"):
            raise OptionError(f"subject {keep!r} is unknown: say everyone, main, or a number from 1 (the leftmost)")
        self._keep: Keep = keep
        self._point: tuple[float, float] | None
        self.reset()
        self._point = point

    def reset(self) -> None:
        """A new clip: everybody gets a new number, and nobody is picked any more."""
        self._tracks = Tracks()
        self._point = None
        self._picked: int | None = None
        self._main: int | None = None
        self._rival, self._rival_frames = 0, 0
        self.chosen: tuple[int, ...] = ()
        self._kept_any = False
        self._others: list[Subject] = []

    @property
    def subjects(self) -> list[Subject]:
        return [one for one in self._tracks.all if one.counts and one.missing == 0]

    @checked
    def pick(self, x: float, y: float) -> None:
        """From the next frame on keep who is at x, y (pixels of the frame), until ``release`` or ``reset``.

        Where nobody is there in that frame, the first to be there is it. Until then nobody is kept.
        """
        self._point, self._picked = (x, y), None

    def release(self) -> None:
        """Forget the pick: what ``keep`` says holds again."""
        self._point = self._picked = None

    @checked
    def apply(self, matte: Matte, frame: NDArray[np.uint8]) -> Matte:
        """The matte with only those people in it; the same object where nobody has to go.

        Args:
            matte: of the next frame; a hidden one is given back and not looked at.
            frame: RGB uint8 (H, W, 3), of the matte's size.

        Raises:
            OptionError: the point that was picked lies outside the frame.
        """
        if matte.size != frame.shape[:2]:
            raise ValueError(f"the matte of {matte.size} does not belong to the frame of {frame.shape[:2]} (H, W)")
        if self._point is not None:
            _check_point(self._point, matte.size)
        if matte.hidden:
            return matte
        small = _reduced(matte.alpha)
        count, labels = split_people(small)
        numbers = self._tracks.update(count, labels)
        self.chosen = self._choose(matte.size)
        self._note(matte.size)
        present = set(np.flatnonzero(np.bincount(numbers.reshape(-1))).tolist()) - {0}
        gone = present - set(self.chosen)
        stray = self._keep != "everyone" or self._picked is not None or self._point is not None
        if not gone and not (stray and not present and small.max() > _TRACE):
            return matte
        if not present & set(self.chosen):
            return Matte(np.zeros(matte.size, np.float32), matte.confidence)
        drop = np.isin(nearest(numbers), list(gone)).astype(np.uint8)
        return Matte(_without(matte.alpha, drop, small), matte.confidence)

    def absence(self) -> str:
        """Why nobody was kept in any frame so far although people were there; "" where somebody was, or nobody is."""
        if self._kept_any or not self._others:
            return ""
        if self._point is not None:
            x, y = self._point
            return f"nobody stands at {x:g},{y:g}; {_places(self._others, self._size)}"
        return f"there is no subject {self._keep}; {_places(self._others, self._size)}"

    def _note(self, size: tuple[int, int]) -> None:
        """What ``absence`` tells, after a frame."""
        here = self.subjects
        self._kept_any = self._kept_any or any(one.number in self.chosen for one in here)
        if here:
            self._others, self._size = here, size

    def _choose(self, size: tuple[int, int]) -> tuple[int, ...]:
        """Numbers of the subjects to keep in this frame."""
        here = self.subjects
        if self._point is not None:
            found = _at(here, self._point, size)
            if found is None:
                return ()
            self._picked, self._point = found.number, None
        if self._picked is not None:
            return (self._picked,)
        if self._keep == "everyone":
            return tuple(one.number for one in here)
        if self._keep == "main":
            self._follow_main(here)
            return () if self._main is None else (self._main,)
        return (int(self._keep),)

    def _follow_main(self, here: list[Subject]) -> None:
        if not here:
            return
        main = next((one for one in self._tracks.all if one.number == self._main), None)
        best = max(here, key=lambda one: one.weight)
        if main is None:
            self._main, self._rival_frames = best.number, 0
            return
        by_far = best is not main and (main.missing > 0 or best.weight > _BY_FAR * main.weight)
        self._rival_frames = self._rival_frames + 1 if by_far and best.number == self._rival else int(by_far)
        self._rival = best.number
        # Somebody who is lost is waited for until the tracks give them up.
        if self._rival_frames >= _SWITCH and main.missing == 0:
            self._main, self._rival_frames = best.number, 0


class Subjects(Relay):
    """The mattes of ``source`` with a `SubjectFilter` at work: the two as one source."""

    @checked
    def __init__(self, source: Any, filter: SubjectFilter) -> None:
        super().__init__(source)
        self.filter = filter

    def treat(self, frame: NDArray[np.uint8], matte: Matte) -> Matte:
        """The matte with the chosen people only."""
        return self.filter.apply(matte, frame)

    def reset(self) -> None:
        """A new clip."""
        super().reset()
        self.filter.reset()


def _reduced(alpha: Float32) -> Float32:
    """At most `_LONGEST` cells long."""
    height, width = alpha.shape
    step = max(1, -(-max(height, width) // (2 * _LONGEST)))
    thin = np.ascontiguousarray(alpha[step // 2 :: step, step // 2 :: step])
    scale = min(1.0, _LONGEST / max(thin.shape))
    size = (max(1, round(thin.shape[1] * scale)), max(1, round(thin.shape[0] * scale)))
    return cv2.resize(thin, size, interpolation=cv2.INTER_AREA).astype(np.float32, copy=False)


def _without(alpha: Float32, drop: NDArray[np.uint8], small: Float32) -> Float32:
    """``alpha`` with 0 where ``drop`` (cells) is 1, softly between; only where somebody stays is worked at."""
    some = (cv2.dilate(small, np.ones((3, 3), np.uint8)) > 0).astype(np.uint8)
    kept = _pixels(some & (1 - drop), alpha.shape)
    result = np.zeros(alpha.shape, np.float32)
    result[kept] = alpha[kept]
    cut = _pixels(some & drop, alpha.shape)
    y0, y1 = max(kept[0].start, cut[0].start), min(kept[0].stop, cut[0].stop)
    x0, x1 = max(kept[1].start, cut[1].start), min(kept[1].stop, cut[1].stop)
    if y0 >= y1 or x0 >= x1:
        return result
    tall, wide = alpha.shape[0] / drop.shape[0], alpha.shape[1] / drop.shape[1]
    matrix = np.array([[wide, 0, 0.5 * wide - 0.5 - x0], [0, tall, 0.5 * tall - 0.5 - y0]])
    # Smoothed, for the cut through two people is a line of cells.
    keep = cv2.warpAffine(
        cv2.GaussianBlur((1 - drop).astype(np.float32), (3, 3), 0),
        matrix,
        (x1 - x0, y1 - y0),
        flags=cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REPLICATE,
    )
    result[y0:y1, x0:x1] *= keep
    return result


def _pixels(cells: NDArray[np.uint8], shape: tuple[int, ...]) -> tuple[slice, slice]:
    """Rows and columns of a frame of ``shape`` in which there are cells of 1, and one cell around them."""
    left, top, wide, tall = cv2.boundingRect(cells)
    rows, columns = cells.shape
    return (
        slice(max(0, (top - 1) * shape[0] // rows), min(shape[0], -(-(top + tall + 1) * shape[0] // rows))),
        slice(max(0, (left - 1) * shape[1] // columns), min(shape[1], -(-(left + wide + 1) * shape[1] // columns))),
    )


def _places(here: list[Subject], size: tuple[int, int]) -> str:
    """The people by number, with a pixel of each."""
    spots: list[str] = []
    for one in here:
        ys, xs = np.nonzero(one.mask)
        middle = int(np.hypot(xs - xs.mean(), ys - ys.mean()).argmin())  # a pixel of theirs, unlike the mean itself
        rows, columns = one.mask.shape
        x, y = (xs[middle] + 0.5) / columns * size[1], (ys[middle] + 0.5) / rows * size[0]
        spots.append(f"subject {one.number} {'' if spots else 'stands '}at {x:.0f},{y:.0f}")
    return ", ".join(spots)


def _at(here: list[Subject], point: tuple[float, float], size: tuple[int, int]) -> Subject | None:
    """Who is at a point, or nearest to it and not far."""
    best, least = None, _NEAR
    for one in here:
        rows, columns = one.mask.shape
        x, y = point[0] / size[1] * columns, point[1] / size[0] * rows
        ys, xs = np.nonzero(one.mask)
        away = float(np.hypot(xs + 0.5 - x, ys + 0.5 - y).min()) / min(rows, columns)
        if away < least:
            best, least = one, away
    return best


def _check_point(point: tuple[float, float], size: tuple[int, int]) -> None:
    x, y = point
    if not (0 <= x < size[1] and 0 <= y < size[0]):
        raise OptionError(f"‹pick› {x:g},{y:g} lies outside the picture of {size[1]}x{size[0]} pixels (width x height)")
