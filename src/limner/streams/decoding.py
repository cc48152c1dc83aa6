"""Packets of a source decoded: pictures upright and in sRGB, sound at one rate, each with its seconds."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray

from limner.frame import Frame
from limner.media.color_conversion import SRGB, converter
from limner.media.deinterlace import Deinterlacer
from limner.media.video_color import ColorTags, ToRgb, tags_of
from limner.media.video_info import Orientation, orientation_of
from limner.streams.parcel import SOUND_RATE

Samples = NDArray[np.float32]
"""Sound: float32 (2, N), left and right, 48,000 a second, -1 to 1."""
_UNTIL_KEY = 300
"""Packets after which a source without key frames is decoded as it comes."""
_DAMAGED = 500
"""Packets in a row that cannot be decoded, after which a source counts as lost."""


class Pictures:
    """The pictures of one stream: from its first key frame on, with their seconds, upright and in sRGB.

    Attributes:
        frames: given so far.
        packets: of them so far; ``left_out``: those that could not be decoded; ``torn``: those that came in part.
    """

    def __init__(self, stream: av.VideoStream) -> None:
        self._stream, self._keyed, self._damaged = stream, False, 0
        self._last: float | None = None
        self._whole = Deinterlacer()
        self._made: tuple[Any, ToRgb, Orientation, Callable[[Frame], Frame] | None] | None = None
        self.frames = self.packets = self.left_out = self.torn = 0

    def of(self, packet: av.Packet[Any]) -> Iterator[tuple[av.VideoFrame, float]]:
        self.packets += bool(packet.size)
        self._keyed = self._keyed or packet.is_keyframe or self.packets > _UNTIL_KEY
        if not self._keyed:  # who joins in the middle would see grey shadows
            return
        try:
            frames = self._stream.codec_context.decode(packet if packet.size else None)
        except av.FFmpegError:
            self._damaged += 1
            self.left_out += 1
            if self._damaged > _DAMAGED:
                raise
            return
        self._damaged = 0
        self.torn += packet.is_corrupt
        for frame in frames:
            for whole in self._whole.push(frame):
                yield whole, self._seconds(whole)
                self.frames += 1
        if not packet.size:
            for whole in self._whole.flush():
                yield whole, self._seconds(whole)

    def _seconds(self, frame: av.VideoFrame) -> float:
        step = 1 / float(self._stream.average_rate or self._stream.guessed_rate or 25)
        if frame.pts is None or frame.time_base is None:
            seconds = 0.0 if self._last is None else self._last + step
        else:
            seconds = float(frame.pts * frame.time_base)
        self._last = seconds
        return seconds

    def upright(self, frame: av.VideoFrame) -> Frame:
        """RGB uint8 (H, W, 3)."""
        tags = tags_of(frame)
        key = (frame.width, frame.height, frame.format.name, tags)
        if self._made is None or self._made[0] != key:
            turn, _ = orientation_of(frame)
            self._made = key, _to_rgb(tags, frame), turn, converter(tags.points, SRGB)
        _, to_rgb, turn, to_srgb = self._made
        pixels = turn.apply(to_rgb(frame))
        return pixels if to_srgb is None else to_srgb(pixels)


def _to_rgb(tags: ColorTags, frame: av.VideoFrame) -> ToRgb:
    return ToRgb(tags, width=frame.width, height=frame.height)


class Ear:
    """The sound of one stream as float32 (2, N) at 48 kHz, with the seconds of its first sample."""

    def __init__(self, stream: av.AudioStream) -> None:
        self._stream = stream
        self._resampler = self._new()

    def _new(self) -> av.AudioResampler:
        return av.AudioResampler(format="fltp", layout="stereo", rate=SOUND_RATE)

    def of(self, packet: av.Packet[Any]) -> Iterator[tuple[Samples, float]]:
        frames: list[av.AudioFrame] = []
        with contextlib.suppress(av.FFmpegError):  # a damaged packet is a gap
            frames = self._stream.codec_context.decode(packet if packet.size else None)
        for frame in frames:
            if frame.pts is None:
                continue
            try:
                made = self._resampler.resample(frame)
            except (ValueError, av.FFmpegError):  # the layout or rate has changed
                self._resampler = self._new()
                made = self._resampler.resample(frame)
            for item in made:
                if item.pts is not None and item.time_base is not None:
                    yield item.to_ndarray().astype(np.float32, copy=False), float(item.pts * item.time_base)
