"""What live use is judged by: frames a second, milliseconds of each stage, delay and dropped frames, in flat memory."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field

STAGES = ("decode", "segment", "effect", "show")
_SECONDS = 1.0
_BINS = 4000


@dataclass(slots=True)
class Reading:
    """The last second: frames a second, milliseconds at work by stage, and of delay from camera to window."""

    fps: float = 0.0
    milliseconds: dict[str, float] = field(default_factory=lambda: dict.fromkeys(STAGES, 0.0))
    delay: float = 0.0


class Meter:
    """Counts frames as they are shown. Delays are counted by millisecond: an hour takes no more than a minute.

    Attributes:
        last: the reading of the last full second.
        frames: frames shown in all.
    """

    def __init__(self) -> None:
        self.last = Reading()
        self.frames = 0
        self._counts = [0] * _BINS
        self._recent: deque[float] = deque(maxlen=240)
        self._since = time.monotonic()
        self._frames_before, self._busy_before = 0, dict.fromkeys(STAGES, 0.0)

    def shown(self, delay: float, busy: Mapping[str, float]) -> None:
        """A frame is on the screen, `delay` seconds after the camera gave it; `busy` has seconds by stage, in all."""
        self.frames += 1
        self._counts[min(_BINS - 1, max(0, int(1000 * delay)))] += 1
        self._recent.append(delay)
        now = time.monotonic()
        if now - self._since < _SECONDS:
            return
        count = self.frames - self._frames_before
        spent = {stage: 1000 * (busy[stage] - self._busy_before[stage]) / count for stage in STAGES}
        late = sorted(self._recent)[len(self._recent) // 2]
        self.last = Reading(count / (now - self._since), spent, 1000 * late)
        self._since, self._frames_before, self._busy_before = now, self.frames, dict(busy)

    def delay_ms(self, share: float) -> float:
        """Milliseconds within which that share of all frames was on the screen: 0.5 is the median."""
        wanted, seen = share * self.frames, 0
        for milliseconds, count in enumerate(self._counts):
            seen += count
            if count and seen >= wanted:
                return milliseconds + 0.5
        return 0.0
