"""One stream's way from the clip to the result: packet by packet as it is, or decoded and encoded again."""

from __future__ import annotations

import math
from fractions import Fraction
from pathlib import Path
from typing import Any, Protocol, TypeAlias

import av

from limner.media.sound import DecodedSound
from limner.media.video_info import open_video

_STEP = Fraction(1, 1000)
"""Seconds between two packets that must not be told apart any less: the coarsest tick of a container."""

Packet: TypeAlias = "av.Packet[Any]"


class Track(Protocol):
    """Turns packets of one stream of the source into packets for the output. `lost`: packets it could not read."""

    lost: int

    def take(self, packet: Packet, shift: Fraction) -> list[Packet]: ...

    def finish(self) -> list[Packet]: ...


class Copied:
    """Packets as they are, moved in time; one that is stored before its forerunner, as in joined clips, follows it."""

    def __init__(self, out: Any, *, skip_gaps: bool) -> None:
        self.out, self.lost = out, 0
        self._last: int | None = None
        self._skip_gaps = skip_gaps

    def take(self, packet: Packet, shift: Fraction) -> list[Packet]:
        if packet.size == 0 or (self._skip_gaps and bytes(packet) == b"\0\0"):  # the muxer writes its own gaps
            return []
        ticks = round(shift / packet.time_base)
        packet.pts = None if packet.pts is None else packet.pts - ticks
        packet.dts = None if packet.dts is None else packet.dts - ticks
        if packet.dts is not None:
            if self._last is not None and packet.dts <= self._last:
                packet.dts = self._last + math.ceil(_STEP / packet.time_base)
                packet.pts = None if packet.pts is None else max(packet.pts, packet.dts)
            self._last = packet.dts
        packet.stream = self.out
        return [packet]

    def finish(self) -> list[Packet]:
        return []


class ConvertedAudio:
    """Sound that is decoded and encoded again; it reads the file by itself, so no packet of it comes from outside."""

    def __init__(self, out: Any, sound: DecodedSound, shift: Fraction) -> None:
        self._out, self._sound, self._shift = out, sound, shift

    @property
    def missing(self) -> Fraction:
        """Seconds without sound in the middle of it."""
        return self._sound.missing

    def until(self, time: Fraction | None) -> list[Packet]:
        """Packets for what begins before `time` of the result; None: all that is left."""
        made: list[Packet] = []
        for frame in self._sound.until(None if time is None else time + self._shift):
            if frame.pts is not None and frame.time_base is not None:
                frame.pts -= round(self._shift / frame.time_base)
            made += self._out.encode(frame)
        return made if time is not None else made + list(self._out.encode(None))


class ConvertedText:
    """Subtitles from one text form to another."""

    def __init__(self, stream: Any, out: Any) -> None:
        self._decoder = stream.codec_context
        self._out, self.lost = out, 0

    def take(self, packet: Packet, shift: Fraction) -> list[Packet]:
        if packet.size == 0 or packet.pts is None:
            return []
        pts, duration, base = packet.pts, packet.duration or 0, packet.time_base
        try:
            text = self._decoder.decode2(packet)
            if text is None or len(text) == 0:
                return []
            made = self._out.codec_context.encode_subtitle(text)
        except av.FFmpegError:
            self.lost += 1
            return []
        made.pts = made.dts = round((pts * base - shift) * 1000)
        made.duration = round(duration * base * 1000)
        made.time_base = Fraction(1, 1000)
        made.stream = self._out
        return [made]

    def finish(self) -> list[Packet]:
        return []


def try_copy(output: av.container.OutputContainer, stream: Any) -> Copied | None:
    try:
        out = output.add_stream_from_template(stream)
    except ValueError:
        return None
    return Copied(out, skip_gaps=stream.codec_context.name == "mov_text")


def first_packet(path: Path, index: int) -> Packet | None:
    """The first packet of a stream of a file, None where it has none."""
    with open_video(path) as container:
        return next((packet for packet in container.demux(container.streams[index]) if packet.size), None)
