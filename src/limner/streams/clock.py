"""The clock of a source: when each of its pictures and sounds is due on this machine's own clock, which never jumps."""

from __future__ import annotations

_LATE = 1.0
_JUMP = 10.0


class SourceClock:
    """Maps a source's own seconds to `time.monotonic`'s. Pictures and sound share one, so they stay in step.

    The first moment is now. From then on the source's own spacing is kept, which is steadier than arrivals are. What
    comes earlier than that, such as the burst that servers send to whoever joins, moves the clock: the delay stays as
    small as it ever was. Times that jump, and a source that falls a second behind, begin anew. Moments of pictures
    never run backwards.

    Args:
        paced: somebody waits until each moment is due, so nothing is ever early.
    """

    def __init__(self, *, paced: bool) -> None:
        self._paced = paced
        self._offset: float | None = None
        self._last = 0.0

    def moment(self, seconds: float, now: float, *, leads: bool = True) -> float:
        """
        Args:
            seconds: the source's own time.
            now: `time.monotonic`.
            leads: may move the clock; pictures do, and sound where there is no picture yet.
        """
        if self._offset is None or (leads and abs(seconds - self._last) > _JUMP):
            self._offset = now - seconds
        early = seconds + self._offset - now
        if leads:
            self._last = seconds
            if early < -_LATE or (early > 0 and not self._paced):
                self._offset = now - seconds
        return seconds + self._offset
