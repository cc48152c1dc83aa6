"""Parcels: encoded pictures and sound on their way to targets."""

from __future__ import annotations

from dataclasses import dataclass

PICTURE_TICKS = 90_000
"""Of a second, in which pictures are timed; sound is timed in samples."""
SOUND_RATE = 48_000
CODECS = ("libx264", "aac", "libopus")


@dataclass(frozen=True, slots=True)
class Parcel:
    """One encoded picture or bit of sound.

    Attributes:
        stream: index in `CODECS`.
        data: H.264 with each unit behind its length, as in MP4; AAC and Opus as they are.
        pts, duration: 1/90000 s for pictures, samples for sound. Nothing is reordered: they ascend.
        key: can be decoded without what came before.
    """

    stream: int
    data: bytes
    pts: int
    duration: int
    key: bool

    @property
    def seconds(self) -> float:
        return self.pts / ticks(self.stream)


def ticks(stream: int) -> int:
    """Ticks of a second in which a stream of `CODECS` is timed."""
    return PICTURE_TICKS if stream == 0 else SOUND_RATE
