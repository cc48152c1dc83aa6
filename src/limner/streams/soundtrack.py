"""Sound in one unbroken line: gaps filled with silence, overlaps cut, so that it stays in step with the picture."""

from __future__ import annotations

import threading
from collections import deque

import numpy as np

from limner.streams.decoding import Samples
from limner.streams.parcel import SOUND_RATE
from limner.streams.reading import OnSound

_SLACK = 0.06
"""Seconds by which sound may be off its place before it is moved: arrivals jitter, and clocks drift."""
_EARLY = 256
"""Pieces that are kept."""
_MOST = 30.0
"""Seconds of silence that are put in at most."""


class EarlySound:
    """Takes sound from a source, and keeps it until somebody listens: a source speaks as soon as it is opened."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: deque[tuple[Samples, float]] = deque(maxlen=_EARLY)
        self._listener: OnSound | None = None

    def __call__(self, samples: Samples, seconds: float) -> None:
        with self._lock:
            if self._listener is None:
                self._kept.append((samples, seconds))
            else:
                self._listener(samples, seconds)

    def listen(self, listener: OnSound) -> None:
        """From now on ``listener`` gets it all, what was kept first."""
        with self._lock:
            for item in self._kept:
                listener(*item)
            self._kept.clear()
            self._listener = listener


class Soundtrack:
    """Places pieces of sound one after the other.

    Args:
        start: seconds at which it begins; sound before that is cut off.

    Attributes:
        position: samples since time 0 at which the next piece begins.
        silence: seconds of silence put in.
    """

    def __init__(self, start: float) -> None:
        self.position = round(start * SOUND_RATE)
        self.silence = 0.0

    @property
    def seconds(self) -> float:
        """Up to where there is sound."""
        return self.position / SOUND_RATE

    def place(self, samples: Samples, seconds: float) -> tuple[Samples, int]:
        """What is to be heard next, and its position in samples.

        Args:
            samples: float32 (2, N).
            seconds: since time 0, of the first of them.
        """
        off = round(seconds * SOUND_RATE) - self.position
        if off > _SLACK * SOUND_RATE:
            quiet = min(off, round(_MOST * SOUND_RATE))
            samples = np.concatenate([np.zeros((2, quiet), np.float32), samples], axis=1)
            self.silence += quiet / SOUND_RATE
        elif off < -_SLACK * SOUND_RATE:
            samples = samples[:, min(-off, samples.shape[1]) :]
        begins = self.position
        self.position += samples.shape[1]
        return samples, begins

    def quiet_until(self, seconds: float) -> tuple[Samples, int]:
        """Silence up to that time; as `place`."""
        count = max(0, round(seconds * SOUND_RATE) - self.position)
        quiet = np.zeros((2, min(count, round(_MOST * SOUND_RATE))), np.float32)
        begins = self.position
        self.position += quiet.shape[1]
        self.silence += quiet.shape[1] / SOUND_RATE
        return quiet, begins
