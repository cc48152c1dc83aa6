"""The two stages of the live picture that keys reach into while frames pass: the mattes, and the effect."""

from __future__ import annotations

import threading
from collections.abc import Callable
from fractions import Fraction
from typing import Any

from limner.effects.base import Effect
from limner.effects.fail_closed import FailClosed, obliterate
from limner.frame import Frame
from limner.matte import Matte
from limner.segment.base import Result
from limner.segment.people.subject import SubjectFilter
from limner.segment.relay import Relay


class Attended(Relay):
    """A source of mattes to which other threads can hand small tasks: each is done just before the next frame.

    Segmenters, filters and guards belong to one thread; this is how a click or a lost camera reaches them.
    """

    def __init__(self, source: Any) -> None:
        super().__init__(source)
        self._lock = threading.Lock()
        self._tasks: list[Callable[[], object]] = []

    def soon(self, task: Callable[[], object]) -> None:
        """Runs `task` before the next frame. Any thread may call this."""
        with self._lock:
            self._tasks.append(task)

    def matte(self, frame: Frame, *, previous: Matte | None = None) -> Matte:
        self._do()
        return super().matte(frame, previous=previous)

    def push(self, frame: Frame, tag: Any = None) -> list[Result]:
        self._do()
        return super().push(frame, tag)

    def _do(self) -> None:
        with self._lock:
            tasks, self._tasks = self._tasks, []
        for task in tasks:
            task()


class Picked(Relay):
    """Mattes with the chosen people only; costs nothing until somebody is chosen.

    Args:
        source: a guarded source of mattes: what it hides stays hidden.
        filter: chooses from the first frame on; None keeps everyone until `pick` is called.
    """

    def __init__(self, source: Any, filter: SubjectFilter | None = None) -> None:
        super().__init__(source)
        self.filter = filter

    def pick(self, x: float, y: float) -> None:
        """From the next frame on keep who is at that pixel of the frame."""
        self.filter = self.filter or SubjectFilter()
        self.filter.pick(x, y)

    def release(self) -> None:
        """From the next frame on keep those whom the options keep: who was picked is one of them again."""
        if self.filter is not None:
            self.filter.release()

    def treat(self, frame: Frame, matte: Matte) -> Matte:
        return matte if self.filter is None else self.filter.apply(matte, frame)

    def reset(self) -> None:
        """A new clip; who was picked has to be picked again, since they may sit elsewhere."""
        super().reset()
        if self.filter is not None:
            self.filter.reset()


class SwitchedEffect(Effect):
    """The effect of the moment, failing closed: also an effect that raises an error shows nothing of its frame.

    Attributes:
        fault: what the effect last failed with, until another one is chosen.
    """

    name = "live"

    def __init__(self, effect: Effect) -> None:
        self.fault: Exception | None = None
        self._guarded = FailClosed(effect)

    def choose(self, effect: Effect) -> None:
        """The effect from the next frame on. Any thread may call this."""
        if effect is not self._guarded.effect:
            self.fault = None
            self._guarded = FailClosed(effect)

    @property
    def chosen(self) -> Effect:
        """The effect, without its guard."""
        return self._guarded.effect

    def at(self, time: Fraction) -> None:
        try:
            self._guarded.at(time)
        except Exception as error:
            self.fault = error

    def __call__(self, frame: Frame, matte: Matte) -> Frame:
        guarded = self._guarded
        try:
            return guarded(frame, matte)
        except Exception as error:
            self.fault = error
            return obliterate(frame)
