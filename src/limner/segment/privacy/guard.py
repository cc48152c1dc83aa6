"""PrivacyGuard: hides the whole frame whenever its matte cannot be trusted. It fails closed."""

from __future__ import annotations

import time
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from limner.checking import check_fields, checked
from limner.errors import LimnerError, OptionError
from limner.frame import Frame
from limner.matte import Matte, hidden_matte
from limner.segment.base import Result
from limner.segment.privacy.trust import Glance, Trust, TrustRules
from limner.segment.relay import Relay, ask

START = "nobody was found yet"
ERROR = "the segmenter failed"
LOW = "low confidence"
SOURCE = "the segmenter asked for it"
STALL = "a stage stalled"
RECOVERY = "waiting for good frames"


@dataclass(frozen=True, slots=True, kw_only=True)
class PrivacyRules(TrustRules):
    """When a frame may be shown. Every number of frames is meant at about 30 frames a second.

    Attributes:
        hide_below: a matte less confident than this hides its frame at once.
        show_from: while hidden, only mattes at least so confident count as good; more than ``hide_below``, so that
            a confidence that hovers does not make the picture flap.
        good_frames: good frames in a row that end hiding; the last of them is shown.
        person: least share of the frame that counts as somebody.
        strict: never show a frame in which nobody is found.

    The others, about mattes that do not fit the picture, are explained in ``TrustRules``.

    Raises:
        OptionError: numbers that make no sense together.
    """

    hide_below: float = 0.35
    show_from: float = 0.45
    good_frames: int = 3
    person: float = 0.005
    strict: bool = False

    def __post_init__(self) -> None:
        check_fields(self)
        if not 0.0 <= self.hide_below <= self.show_from <= 1.0:
            raise OptionError(
                f"privacy: hide_below {self.hide_below} and show_from {self.show_from} must rise within 0 to 1"
            )
        if self.good_frames < 1:
            raise OptionError(f"privacy: good_frames must be 1 or more, not {self.good_frames}")


class PrivacyGuard(Relay):
    """Gives the mattes of ``source``, and hidden ones in place of those that cannot be trusted.

    A frame is hidden until the first confident mattes with somebody in them; when the source raises an error, gives
    something that is no matte of this frame, asks for it (``Matte.hidden``) or is unsure; when the matte suddenly
    loses its people, swallows the picture or jumps elsewhere while the picture did not change so; and after
    ``distrust``. It is shown again after some good frames in a row. A room that people left is shown again after a
    while: see ``TrustRules``.

    A ``LimnerError`` before any matte came is a wrong option and is raised, for nothing was shown yet.

    Args:
        source: has ``matte(frame)``, and may have ``push``, ``flush``, ``reset`` and ``delay``.
        rules: None is ``PrivacyRules()``.

    Attributes:
        reason: why the last frame was hidden, in words; None where it was shown.
        hidden: hidden frames so far, counted by reason.
        frames: frames so far.
        error: the last error of the source, if there was one.
    """

    @checked
    def __init__(self, source: Any, *, rules: PrivacyRules | None = None) -> None:
        super().__init__(source)
        self.rules = PrivacyRules() if rules is None else rules
        self.hidden: Counter[str] = Counter()
        self.frames = 0
        self.error: Exception | None = None
        self._heard = False
        self._waiting: deque[tuple[Any, Frame]] = deque()
        self._begin()

    def _begin(self) -> None:
        self.reason: str | None = START
        self._good = 0
        self._trust = Trust(self.rules)

    def reset(self) -> None:
        """A new clip: hidden again until somebody was found."""
        self._waiting.clear()
        self._begin()
        super().reset()

    def distrust(self, reason: str = STALL) -> None:
        """Hide from the next frame on until enough good ones came; for faults that only the caller can see."""
        self._good, self.reason = 0, reason

    def matte(self, frame: Frame, *, previous: Matte | None = None) -> Matte:
        """The matte of one frame, or a hidden one."""
        try:
            matte = ask(self.source, frame, previous)
        except Exception as error:
            return self._failed(frame, error)
        return self.treat(frame, matte)

    def push(self, frame: Frame, tag: Any = None) -> list[Result]:
        """As ``Relay.push``. When the source fails, all frames that it still held come out at once, hidden."""
        if not hasattr(self.source, "push"):
            return [(tag, frame, self.matte(frame))]
        self._waiting.append((tag, frame))
        return self._drain(lambda: self.source.push(frame, tag))

    def flush(self) -> list[Result]:
        """The frames that still waited, each with its matte or hidden."""
        results = self._drain(self.source.flush) if hasattr(self.source, "flush") else []
        lost = [(tag, frame, self._hide(frame, ERROR)) for tag, frame in self._waiting]
        self._waiting.clear()
        return results + lost

    def treat(self, frame: Frame, matte: Matte) -> Matte:
        """The matte itself where it can be trusted, else a hidden one."""
        if not isinstance(matte, Matte) or matte.size != frame.shape[:2]:
            return self._failed(frame, TypeError("what the segmenter gave is no matte of the frame"))
        self._heard = True
        if matte.hidden:
            return self._hide(frame, SOURCE)
        showing = self.reason is None
        if matte.confidence < (self.rules.hide_below if showing else self.rules.show_from):
            return self._hide(frame, LOW)
        glance = Glance.of(frame, matte)
        if not self._trust.known and glance.coverage < self.rules.person:
            return self._hide(frame, START)
        doubt = self._trust.doubt(glance)
        if doubt is not None:
            return self._hide(frame, doubt, glance)
        if self.rules.strict and glance.coverage < self.rules.person:
            return self._hide(frame, START, glance)
        self._good += 1
        if not showing and self._good < self.rules.good_frames:
            self._count(RECOVERY)
            return hidden_matte(matte.size)
        self.frames += 1
        self.reason = None
        self._trust.shown(glance)
        return matte

    def _failed(self, frame: Frame, error: Exception) -> Matte:
        if not self._heard and isinstance(error, LimnerError):
            raise error
        self.error = error
        return self._hide(frame, ERROR)

    def _hide(self, frame: Frame, reason: str, glance: Glance | None = None) -> Matte:
        self._good = 0
        if glance is None:
            self._trust.lost_sight()
        self._count(reason)
        return hidden_matte((frame.shape[0], frame.shape[1]))

    def _count(self, reason: str) -> None:
        self.frames += 1
        self.reason = reason
        self.hidden[reason] += 1

    def _drain(self, ready: Callable[[], list[Result]]) -> list[Result]:
        try:
            results = ready()
        except Exception as error:
            lost = list(self._waiting)
            self._waiting.clear()
            hidden = [(tag, frame, self._failed(frame, error)) for tag, frame in lost]
            super().reset()
            return hidden
        for _ in results:
            if self._waiting:
                self._waiting.popleft()
        return self._treated(results)


class Watchdog:
    """Tells that a stage hangs: frames went in, and nothing came out for too long.

    The live path calls ``fed`` when it hands a frame to the stage and ``came`` when a result arrives, and shows
    ``FailClosed.hide(newest_frame)`` while ``stalled`` is true. Once a result is there it tells the guard
    (``PrivacyGuard.distrust``), so that good frames are waited for. Calls may come from several threads.

    Args:
        timeout: seconds.
        clock: seconds, monotonic; tests give their own.

    Raises:
        OptionError: the timeout is not positive.
    """

    def __init__(self, timeout: float = 0.5, *, clock: Callable[[], float] = time.monotonic) -> None:
        if not timeout > 0:
            raise OptionError(f"privacy: the timeout must be more than 0 seconds, not {timeout}")
        self.timeout = timeout
        self._clock = clock
        self._since: float | None = None

    def fed(self) -> None:
        """A frame went in. The wait is counted from the first one that is still unanswered."""
        if self._since is None:
            self._since = self._clock()

    def came(self, *, more: bool = False) -> None:
        """A result came out; ``more`` says that other frames are still in the stage."""
        self._since = self._clock() if more else None

    @property
    def waited(self) -> float:
        """Seconds since something went in or came out; 0 where nothing is waited for."""
        since = self._since
        return 0.0 if since is None else max(0.0, self._clock() - since)

    @property
    def stalled(self) -> bool:
        """Something is waited for, and has been for longer than the timeout."""
        return self.waited > self.timeout


def describe(hidden: Counter[str]) -> str:
    """ "12 (9 low confidence, 3 …)": how many frames were hidden, and why, most frequent first."""
    return f"{sum(hidden.values())} ({', '.join(f'{count} {reason}' for reason, count in hidden.most_common())})"
