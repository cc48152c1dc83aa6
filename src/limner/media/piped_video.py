"""A video from a pipe: read once, from its beginning to its end, its picture and its sound as they come."""

from __future__ import annotations

import contextlib
from collections import deque
from collections.abc import Generator, Iterator
from dataclasses import dataclass, fields, replace
from fractions import Fraction
from itertools import chain
from typing import Any, Protocol

import av

from limner.errors import MediaError
from limner.media.pipes import STDIN
from limner.media.video_info import VideoInfo, info_of, picture_stream, reason, refuse_other
from limner.media.video_marks import promised_by
from limner.media.video_reader import VideoReader
from limner.threads import decoder_threads

_FASTSTART = "MP4 goes through a pipe only where its index comes first (faststart); send mkv or ts, or name the file"
_RAW = "raw frames need ‹size› and ‹fps›"


class Source(Protocol):
    """Where bytes come from. `taken`: how many were read; `head`: the first of them. `release`: see `Held`."""

    taken: int
    head: bytes

    def read(self, count: int) -> bytes: ...

    def release(self) -> None: ...


class PipedVideo:
    """An open pipe: packets of the picture as they come, and a queue of all others that came on the way to them.

    Attributes:
        source: what it was made of.
        container, stream: the whole of it, and its picture.
        others: packets of other streams, in their order, for whoever wants them.

    Raises:
        OptionError: it has no such `stream`.
        MediaError: nothing comes, or nothing that can be decoded.
    """

    def __init__(self, source: Source, stream: str | None = None) -> None:
        self.source = source
        self.others: deque[Any] = deque()
        try:
            self.container: av.container.InputContainer = av.open(source, "r", options={"protocol_whitelist": "pipe"})
        except (av.FFmpegError, ValueError) as error:
            source.release()
            if not source.taken:
                raise MediaError(f"{STDIN}: nothing came through the pipe; send a video into it") from None
            raise MediaError(f"{STDIN}: cannot be read as a video ({reason(error)}); {_RAW}") from None
        refuse_other(self.container, STDIN)
        self.stream = picture_stream(self.container, STDIN, stream)
        self.stream.codec_context.thread_type = "AUTO"
        self.stream.codec_context.thread_count = decoder_threads()
        self._packets: Iterator[Any] = iter(self.container.demux())
        self._first: list[Any] = []

    def first_frame(self) -> tuple[av.Packet[av.VideoStream], av.VideoFrame]:
        """The first packet and frame of the picture, which come again in `pictures`.

        Raises:
            MediaError: none can be decoded.
        """
        fault, first = "it holds no picture", None
        while True:
            try:
                packet = next(self._packets, None)
            except av.FFmpegError as error:
                fault, packet = reason(error), None
            self.source.release()
            if packet is None:
                remedy = _FASTSTART if "mp4" in self.container.format.name else "it is damaged or cut off"
                raise MediaError(f"{STDIN}: no frame of it can be decoded ({fault}); {remedy}")
            self._first.append(packet)
            if packet.stream.index != self.stream.index:
                continue
            first = first or packet
            try:
                for frame in packet.decode():
                    self.stream.codec_context.flush_buffers()  # so that the same packets can come again
                    return first, frame
            except av.FFmpegError as error:
                fault = reason(error)

    def pictures(self) -> Iterator[av.Packet[av.VideoStream]]:
        """Packets of the picture; those of other streams go to `others`. Once only."""
        for packet in chain(self._first, self._packets):
            if packet.stream.index == self.stream.index:  # stream_index is 0 in the last, empty packet of any stream
                yield packet
            elif packet.size:
                self.others.append(packet)

    def take(self) -> Iterator[Any]:
        """What waits in `others`."""
        while self.others:
            yield self.others.popleft()


@dataclass(frozen=True, slots=True)
class PipedInfo(VideoInfo):
    """The facts of a video from a pipe, which is open."""

    video: PipedVideo


def probe_pipe(source: Source, *, stream: str | None = None) -> PipedInfo:
    """Facts about a video that comes through a pipe, by its first frame. `stream`: see `probe_video`.

    Raises:
        MediaError: it cannot be read as a video.
    """
    video = PipedVideo(source, stream)
    packet, frame = video.first_frame()
    info = info_of(video.container, video.stream, packet, frame, STDIN)
    if info.alpha == "stream":  # two passes through the file would be needed
        notice = "Its transparency was left out: from a pipe it cannot be had; name the file instead."
        info = replace(info, alpha=None, transparent=False, notices=(*info.notices, notice))
    return PipedInfo(**{item.name: getattr(info, item.name) for item in fields(VideoInfo)}, video=video)


class PipedReader(VideoReader):
    """Iterates the frames of a video from a pipe; see `VideoReader`. A pipe says nothing of its length, so that a cut
    shows only where it damages a frame, or where the file that was sent says how long it is."""

    info: PipedInfo

    def _from_start(self) -> Generator[tuple[av.VideoFrame, int]]:
        yield from self._decoded(None)

    def _open(self, opened: contextlib.ExitStack) -> tuple[av.container.InputContainer, av.VideoStream]:
        return self.info.video.container, self.info.video.stream

    def _decoder(self, stream: av.VideoStream) -> av.VideoCodecContext:
        return super()._decoder(stream) if self._place == "packet" else stream.codec_context

    def _picture_packets(
        self, container: av.container.InputContainer, stream: av.VideoStream
    ) -> Iterator[av.Packet[av.VideoStream]]:
        return self.info.video.pictures()

    def _why_cut_off(self, stream: av.VideoStream, *, whole: bool) -> str | None:
        if self._packets < stream.frames:
            return f"it has {self._packets} of {stream.frames} frames"
        source, step = self.info.video.source, 1 / (self.info.rate or Fraction(25))
        promised, length = promised_by(source.head), self.info.duration
        reached = None if self._last is None else self._last * self.info.time_base + step
        if source.taken >= promised or (length is not None and reached is not None and reached > length - step):
            return None
        return f"it has {source.taken:,} of {promised:,} bytes"
