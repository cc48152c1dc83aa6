"""Parcels as packets of FFmpeg's, for those that begin in the middle of a stream."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import av

from limner.streams.parcel import Parcel, ticks


class FromFirstKey:
    """Leaves out what comes before the first key frame of the picture, with which time begins."""

    def __init__(self) -> None:
        self._origin: Fraction | None = None

    @property
    def begun(self) -> bool:
        """Whether that key frame came."""
        return self._origin is not None

    def packet(self, parcel: Parcel) -> av.Packet[Any] | None:
        """The parcel's data with its times; None where it is left out."""
        base = Fraction(1, ticks(parcel.stream))
        if self._origin is None:
            if parcel.stream != 0 or not parcel.key:
                return None
            self._origin = parcel.pts * base
        pts = parcel.pts - round(self._origin / base)
        if pts < 0:
            return None
        packet: av.Packet[Any] = av.Packet(parcel.data)
        packet.pts = packet.dts = pts
        packet.duration, packet.time_base, packet.is_keyframe = parcel.duration, base, parcel.key
        return packet
