"""TemporalSegmenter: mattes that do not flicker, at no cost where nothing moves, each with the frame it belongs to."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from limner.checking import checked
from limner.errors import OptionError
from limner.frame import Frame
from limner.matte import Matte
from limner.segment.base import MatteSource, Result, SplitSource
from limner.segment.edge import Edge
from limner.segment.segmenter import check_frame
from limner.segment.steady.adaptive import STRENGTHS, Mixer, SteadyFilter, at_rest, motion
from limner.segment.steady.motion import Look, MotionWatch, compare
from limner.segment.steady.scene_memory import SceneMemory

TEMPORAL = ("off", *STRENGTHS)
MOST_AHEAD = 2
SETTLE, REFRESH = 8, 30
"""Frames without motion before the net rests, and frames it then rests at most: a second at 30 frames a second."""
_DISAGREES = 0.002
"""Mean difference between a fresh matte and the kept one, over the frame, that keeps the net awake."""


@dataclass(slots=True)
class _Held:
    """A frame that waits for those after it."""

    tag: Any
    frame: Frame
    look: Look | None
    raw: Matte
    steady: Matte
    worth: Any
    kept: bool


@dataclass(frozen=True, slots=True, eq=False)
class _Seen:
    """What was done of a frame ahead: the look at it, and the segmenter's first part unless the net may rest."""

    frame: Frame
    look: Look | None
    begun: Any


class TemporalSegmenter:
    """A segmenter for the frames of one clip, in order, one at a time: it holds the mattes before.

    Nets with a fourth channel are given the matte before. For all of them the mattes are averaged where the picture
    stands still and taken at once where it moves (see `limner.segment.steady.adaptive`). While nothing moves, the matte
    is kept and the net rests. What a still camera has shown behind the person is remembered, and pieces of it that the
    net takes for a part of them go (see `limner.segment.steady.scene_memory`). A cut or a frame of another size begins
    a new clip. A hidden matte stays hidden, nothing is mixed with it, and the average begins anew after it.

    >>> import numpy as np
    >>> from limner import Segmenter, TemporalSegmenter
    >>> clip = TemporalSegmenter(Segmenter("default"))
    >>> [clip.matte(frame).size for frame in np.zeros((2, 90, 160, 3), np.uint8)]
    [(90, 160), (90, 160)]

    Args:
        segmenter: finds the person.
        temporal: "off" (every matte is what the segmenter says; nothing rests), "light" or "strong".
        gate: let the net rest while nothing moves. It looks again at the latest after `REFRESH` frames.
        look_ahead: frames, 0 to 2, that a frame waits for, so that its matte is averaged over them too.
        scene_memory: remember the scene; not with temporal off.
        edge: where the edges of this clip's mattes lie and how wide they are; None leaves them as the segmenter has
            them. Streams that share a segmenter may each have their own.

    Attributes:
        frames, skipped, cuts: frames that came in, those for which the net rested, and cuts seen; `reset` keeps them.

    Raises:
        OptionError: an option cannot be used.
    """

    @checked
    def __init__(
        self,
        segmenter: MatteSource,
        *,
        temporal: str = "light",
        gate: bool = True,
        look_ahead: int = 0,
        scene_memory: bool = True,
        edge: Edge | None = None,
    ) -> None:
        if temporal not in TEMPORAL:
            raise OptionError(f"temporal must be one of {', '.join(TEMPORAL)}, not {temporal!r}")
        if isinstance(look_ahead, bool) or look_ahead not in range(MOST_AHEAD + 1):
            raise OptionError(f"look_ahead must be 0, 1 or 2 frames, not {look_ahead!r}")
        if temporal == "off" and look_ahead:
            raise OptionError("look_ahead has nothing to do with temporal off: leave it out, or choose light or strong")
        self.segmenter = segmenter
        self._edge: Edge | None = None
        self.edge = edge
        self.frames = self.skipped = self.cuts = 0
        self._split = segmenter if isinstance(segmenter, SplitSource) else None
        self._filter = SteadyFilter(STRENGTHS[temporal]) if temporal != "off" else None
        self._memory = SceneMemory() if scene_memory and self._filter is not None else None
        self._studied = False
        self._gate, self._ahead = gate, look_ahead
        self._watch, self._mixer = MotionWatch(), Mixer()
        self._previous: Matte | None = None
        self._quiet = self._rested = 0
        self._waiting: deque[_Held] = deque()
        self._seen: deque[_Seen] = deque()
        self._fresh = True

    @property
    def delay(self) -> int:
        """Frames by which results come later than they were pushed."""
        return self._ahead

    @property
    def edge(self) -> Edge | None:
        """The edge of the mattes; None where the segmenter has none to choose. May be set from any thread.

        Raises:
            OptionError: the segmenter draws its edges its own way.
        """
        own: Edge | None = getattr(self.segmenter, "edge", None)
        return self._edge or own

    @edge.setter
    def edge(self, value: Edge | None) -> None:
        if value is not None and getattr(self.segmenter, "edge", None) is None:
            raise OptionError(f"‹edge›: {type(self.segmenter).__name__} draws its edges its own way; leave it out")
        self._edge = value

    @checked
    def matte(self, frame: Frame, *, previous: Matte | None = None) -> Matte:
        """The matte of the next frame, as ``Segmenter.matte``. While the net rests it is the same object again.

        Args:
            frame: RGB uint8 (H, W, 3), C-contiguous.
            previous: stands in for the matte before, in this frame only.

        Raises:
            OptionError: with look-ahead, mattes come later: use ``push`` and ``flush``.
        """
        if self._ahead:
            raise OptionError(f"with look_ahead {self._ahead} mattes come later than frames: use push() and flush()")
        return self._next(frame, None, previous).steady

    def ahead(self, frame: Frame) -> None:
        """Looks at a frame that will be pushed, and has the net see it, while the one before is still being finished.

        May be called in a thread of its own, in the order of ``push``. Nothing is raised; what failed is tried again.
        """
        try:
            check_frame(frame)
        except (ValueError, TypeError):
            return  # `push` tells it
        begun = None
        if self._split is not None and not self._rests_next():
            with suppress(Exception):
                begun = self._split.begin(frame)
        look = None if self._filter is None else self._watch.look(frame, None if begun is None else begun.small)
        self._seen.append(_Seen(frame, look, begun))

    def study(self, frames: Iterable[Frame]) -> int:
        """Learns the scene from some of the frames of the clip that is about to begin, up to a cut.

        Without it the scene is learned as the clip runs, and the first frames know nothing of it yet. Nothing else
        than the scene is remembered of these frames.

        Args:
            frames: RGB uint8 (H, W, 3), from the clip's first frame on, some tenths of a second apart. They are not
                asked for where the scene is not remembered.

        Returns:
            How many were learned from.
        """
        if self._memory is None:
            return 0
        self._memory.reset()
        watch, count = MotionWatch(), 0
        for frame in frames:
            look = watch.look(frame)
            if look.begins and count:
                break
            matte = self.segmenter.matte(frame)
            if matte.hidden:
                break
            self._memory.study(frame, matte.alpha, look)
            count += 1
        self._studied = count > 0
        return count

    @checked
    def push(self, frame: Frame, tag: Any = None) -> list[Result]:
        """Takes the next frame; returns (tag, frame, matte) of the frames that are done, in order: none, one or more.

        A frame that is pushed must not be changed until it comes back.
        """
        held = self._next(frame, tag, None)
        done = []
        if self._waiting and (held.look is None or held.look.begins):
            done = self._release(0)
        self._waiting.append(held)
        return done + self._release(self._ahead)

    def flush(self) -> list[Result]:
        """The frames still held back, at the end of a clip; then forgets it, as `reset` does."""
        done = self._release(0)
        self.reset()
        return done

    def reset(self) -> None:
        """Forget the mattes and frames before: the next frame is the first of a clip."""
        self._begin()
        self._fresh, self._studied = True, False
        self._waiting.clear()

    def _begin(self) -> None:
        self._previous = None
        self._quiet = self._rested = 0
        if self._filter is not None:
            self._filter.reset()

    def _next(self, frame: Frame, tag: Any, previous: Matte | None) -> _Held:
        check_frame(frame)
        self.frames += 1
        seen = self._take(frame)
        if self._filter is None:
            looked = self._previous is not None and self._previous.memory is not None
            if self._previous is not None and self._begins(frame, self._previous):
                self._begin()
            raw = self._matte(frame, seen, previous)
            if raw.memory is not None and not looked:
                self._watch.look(frame)  # for the next frame to be compared with
            self._previous = None if raw.hidden else raw
            return _Held(tag, frame, None, raw, raw, None, False)
        look = self._watch.look(frame) if seen is None or seen.look is None else seen.look
        if self._fresh:
            look, self._fresh = look._replace(begins=True, cut=False), False
        if look.begins:
            self.cuts += look.cut
            self._begin()
        compared = self._filter.against(look)
        resting = compared is not None and at_rest(compared)
        self._quiet = self._quiet + 1 if resting else 0
        kept = self._previous
        if kept is not None and previous is None and self._rests_next():
            self.skipped += 1
            self._rested += 1
            return _Held(tag, frame, look, kept, kept, self._filter.weights(), True)
        self._rested = 0
        raw = self._matte(frame, seen, previous)
        if raw.hidden:
            self._begin()
            return _Held(tag, frame, look, raw, raw, None, False)
        raw = self._without_scene(frame, raw, look, seen)
        if resting and self._previous is not None and self._disagrees(raw, self._previous):
            self._quiet = 0
        # What waits for later frames is averaged with their own mattes; and only a split source gives its mattes away.
        alpha = self._filter.blend(raw.alpha, look, compared, spent=self._split is not None and not self._ahead)
        self._previous = raw if alpha is raw.alpha else replace(raw, alpha=alpha)
        return _Held(tag, frame, look, raw, self._previous, self._filter.weights(), False)

    def _begins(self, frame: Frame, previous: Matte) -> bool:
        """Whether a frame begins a new clip, where nothing is averaged: another size or, for a net that carries a
        state of its own from frame to frame, a cut."""
        if previous.memory is None:
            return previous.size != frame.shape[:2]
        look = self._watch.look(frame)
        self.cuts += look.cut
        return look.begins

    def _rests_next(self) -> bool:
        """Whether the net rests in this frame, or in the next one if nothing moves there."""
        return self._gate and self._previous is not None and self._quiet > SETTLE and self._rested < REFRESH

    def _take(self, frame: Frame) -> _Seen | None:
        """What was done of this frame ahead; None where nothing was."""
        while self._seen:
            seen = self._seen.popleft()
            if seen.frame is frame:
                return seen
        return None

    def _matte(self, frame: Frame, seen: _Seen | None, previous: Matte | None) -> Matte:
        """The segmenter's matte, told the one before."""
        before = previous or self._previous
        if seen is not None and seen.begun is not None and self._split is not None:
            return self._split.finish(seen.begun, previous=before, **self._asked())
        return self.segmenter.matte(frame, previous=before, **self._asked())

    def _without_scene(self, frame: Frame, raw: Matte, look: Look, seen: _Seen | None) -> Matte:
        """The segmenter's matte without what is known to be scene."""
        if self._memory is None:
            return raw
        if self._studied:  # the clip begins here, but not what is known of it
            look, self._studied = look._replace(begins=False), False
        half = None if seen is None or seen.begun is None else seen.begun.small
        alpha = self._memory.correct(frame, raw.alpha, look, half, spent=self._split is not None)
        return raw if alpha is raw.alpha else replace(raw, alpha=alpha)

    def _asked(self) -> dict[str, Edge]:
        """The edge, for a segmenter that can be asked for one."""
        return {} if self._edge is None else {"edge": self._edge}

    @staticmethod
    def _disagrees(raw: Matte, kept: Matte) -> bool:
        """Something changed that the watch took for noise: the average must go on until it is in the matte."""
        return float(np.abs(raw.alpha[::4, ::4] - kept.alpha[::4, ::4]).mean()) > _DISAGREES

    def _release(self, keep: int) -> list[Result]:
        done: list[Result] = []
        while len(self._waiting) > keep:
            first = self._waiting.popleft()
            done.append((first.tag, first.frame, self._with_later(first)))
        return done

    def _with_later(self, first: _Held) -> Matte:
        """The frame's matte averaged with the raw ones of the frames that wait behind it, where they look the same."""
        if first.look is None or first.raw.hidden or all(later.kept for later in self._waiting):
            return first.steady
        alpha, worth = first.steady.alpha, first.worth
        for later in self._waiting:
            if later.raw.hidden:
                break
            if later.look is None or later.kept:
                continue
            same = 1 - motion(compare(later.look.picture, first.look.picture, later.look.sigma))
            alpha = self._mixer(alpha, later.raw.alpha, same / (worth + same))
            worth = worth + same
        return replace(first.steady, alpha=alpha)
