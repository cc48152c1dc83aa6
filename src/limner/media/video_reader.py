"""Video in: every frame of a file, upright, in RGB, with its exact presentation time."""

from __future__ import annotations

import contextlib
from collections.abc import Generator, Iterator
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

from limner.checking import checked
from limner.cores import check_parallel
from limner.deprecation import deprecated
from limner.errors import MediaError
from limner.frame import Frame, TimedFrame
from limner.media.deinterlace import Deinterlacer
from limner.media.video_alpha import AlphaStream, alpha_decoder, alpha_of
from limner.media.video_color import ToRgb, fit_picture
from limner.media.video_info import VideoInfo, open_video, picture_stream, probe_video
from limner.media.video_marks import why_cut_off

_SEEK_MARGINS = (Fraction(0), Fraction(5), Fraction(30))
_FLUSHES = 64
_KEEP_GOING = "‹keep_going› leaves out what is damaged"


class NoFrameError(MediaError):
    """A clip has no frame in the span that was asked for."""


class VideoReader:
    """Iterates the frames of a video once, from the first at or after `start` to the last before `start + duration`.

    Args:
        source: a path, or what `probe_video` said of it.
        start, duration: seconds from the beginning of the clip; times of the frames then count from the first frame
            read. Without `start` they count as the file's own do.
        keep_going: leave out frames that cannot be decoded (the one before stays on the screen) and stop quietly where
            the file is cut off, instead of raising.
        smooth_chroma: see `smooth` of `ToRgb`.
        exact: deprecated, without effect.
        alpha: give the clip's own transparency with the frames; otherwise nobody looks for it.
        deinterlace: make whole frames of those that the clip marks as interlaced.
        threads: that decode; None is what the codec likes best.

    Attributes:
        info: the clip's facts.
        offset: the file's own time, in seconds, of what is time 0 here. Known once the first frame was read.
        frames: frames read so far.
        damaged: packets that could not be decoded.
        transparent: frames read so far that came with transparency.
        notices: what happened while reading, in sentences.

    Raises:
        MediaError: the file cannot be read; while iterating: a frame is damaged, the file is cut off, or no frame lies
            between `start` and its end.
        OptionError: threads that ``limner.cores.check_parallel`` refuses.
    """

    @checked
    def __init__(
        self,
        source: str | Path | VideoInfo,
        *,
        start: Fraction | None = None,
        duration: Fraction | None = None,
        keep_going: bool = False,
        smooth_chroma: bool = False,
        alpha: bool = False,
        deinterlace: bool = True,
        threads: int | None = None,
        exact: bool | None = None,
    ) -> None:
        if exact is not None:
            deprecated("VideoReader(exact=…)", "nothing in its place: colours are always exact")
        self.info = source if isinstance(source, VideoInfo) else probe_video(source)
        self._start = start
        self._end = None if duration is None else (start or Fraction(0)) + duration
        self._keep_going = keep_going
        self._threads = 0 if threads is None else check_parallel(threads, "threads")
        self.offset = self.info.origin
        self.frames = 0
        self.damaged = self.transparent = 0
        self.notices: list[str] = []
        self._nudged = 0
        self._packets = 0
        self._last: int | None = None
        self._cut_off: str | None = None
        self._resized = 0
        self._smooth = smooth_chroma
        self._deinterlace = deinterlace
        self._fields: Deinterlacer | None = None
        self._place = self.info.alpha if alpha else None
        self._beside: AlphaStream | None = None
        self._open_beside = contextlib.ExitStack()
        self._converters: dict[tuple[int, int], ToRgb] = {}

    def __iter__(self) -> Iterator[TimedFrame]:
        with self._open_beside:  # the last frame asks for its transparency after the picture has ended
            yield from self._frames()

    def _frames(self) -> Iterator[TimedFrame]:
        info = self.info
        ended_early = False
        for frame, pts, length in self._with_length():
            time = pts * info.time_base - info.origin
            if self._start is not None and time < self._start:
                continue
            if self._end is not None and time >= self._end:
                ended_early = True
                break
            if self.frames == 0 and self._start is not None:
                self.offset = time + info.origin
            self.frames += 1
            yield self._timed(frame, pts, length)  # nothing is held of it while others work on it
        if not ended_early:
            self._check_whole()
        if self.frames == 0:
            raise NoFrameError(self._nothing())
        if self.damaged:
            self.notices.append(f"Damaged packets left out: {self.damaged}; the frame before each stays on.")
        if self._fields is not None and self._fields.interlaced:
            self.notices.append("It is interlaced; its frames were deinterlaced (bwdif).")
        if self._resized:
            self.notices.append(
                f"Frames of another size, fitted into {self.info.width}x{self.info.height}: {self._resized}."
            )
        if self._nudged:
            self.notices.append(f"Frames whose times ran backwards, put in order: {self._nudged}.")

    def _timed(self, frame: av.VideoFrame, pts: int, length: int | None) -> TimedFrame:
        info = self.info
        pixels, alpha = (None if p is None else info.orientation.apply(p) for p in self._at_one_size(frame))
        assert pixels is not None
        self.transparent += alpha is not None
        lasts = length * info.time_base if length else None
        return TimedFrame(pixels, pts * info.time_base - self.offset, lasts, alpha)

    def _at_one_size(self, frame: av.VideoFrame) -> tuple[Frame, NDArray[np.uint8] | None]:
        """RGB and alpha of the size that the clip begins with; another shape stands between black bars."""
        info, size = self.info, (frame.width, frame.height)
        if size not in self._converters:
            self._converters[size] = ToRgb(info.colors, width=size[0], height=size[1], smooth=self._smooth)
        pixels = self._converters[size](frame)
        beside = frame if self._beside is None else self._beside.at(frame.pts)
        alpha = None if self._place is None or beside is None else alpha_of(beside)
        if size == (info.coded_width, info.coded_height):
            return pixels, alpha
        self._resized += 1
        swapped = info.orientation.transpose
        usual = 1 / info.sample_aspect if swapped else info.sample_aspect
        aspect = (self._stream.codec_context.sample_aspect_ratio or usual) / usual
        whole = (info.coded_height, info.coded_width)
        fitted = None if alpha is None else fit_picture(alpha, whole, float(aspect))
        return fit_picture(pixels, whole, float(aspect)), fitted

    def _with_length(self) -> Iterator[tuple[av.VideoFrame, int, int | None]]:
        """Frames with the ticks that they stay on the screen: until the next one comes, or the stream ends.

        What the container says of a frame's length is true in decoding order only, so it is wrong after reordering.
        """
        held: tuple[av.VideoFrame, int] | None = None
        for frame, pts in self._from_start():
            if held is not None:
                yield *held, pts - held[1]
            held = frame, pts
        if held is not None:
            ends = (self._stream.start_time or 0) + (self._stream.duration or 0) - held[1]
            yield *held, ends if ends > 0 else held[0].duration or None

    def _from_start(self) -> Iterator[tuple[av.VideoFrame, int]]:
        """Frames from a key frame before `start`, so that the first one wanted is certain to come."""
        if self._start is None or self._start <= 0:
            yield from self._decoded(None)
            return
        for margin in _SEEK_MARGINS:
            target = self._start - margin
            if target <= 0:
                break
            frames = self._decoded(target + self.info.origin)
            first = next(frames, None)
            if first is not None and first[1] * self.info.time_base - self.info.origin <= self._start:
                yield first
                yield from frames
                return
            frames.close()
        yield from self._decoded(None)

    def _decoded(self, seek: Fraction | None) -> Generator[tuple[av.VideoFrame, int]]:
        info = self.info
        self._last, self._packets = None, 0
        self._fields = fields = Deinterlacer() if self._deinterlace else None
        with contextlib.ExitStack() as opened:
            container, stream = self._open(opened)
            decoder = self._decoder(stream)
            if self._place == "stream":
                again = self._open_beside.enter_context(open_video(info.path))
                self._beside = AlphaStream(again, self._picture(again), threads=self._threads)
            self._stream = stream
            if seek is not None:
                try:
                    container.seek(int(seek / info.time_base), stream=stream)
                except av.FFmpegError:
                    return  # a format without seeking: the caller reads from the beginning
            packets = self._picture_packets(container, stream)
            while True:
                try:
                    packet = next(packets, None)
                except av.FFmpegError as error:
                    self._fault(f"the file cannot be read on: {error.strerror}")
                    break
                if packet is None:
                    self._cut_off = self._why_cut_off(stream, whole=seek is None)
                    break
                for frame in self._decode(packet, decoder):
                    for whole in (frame,) if fields is None else fields.push(frame):
                        yield whole, self._in_order(whole)
            if fields is not None:
                yield from ((frame, self._in_order(frame)) for frame in fields.flush())

    def _open(self, opened: contextlib.ExitStack) -> tuple[av.container.InputContainer, av.VideoStream]:
        """The file, for this pass through it, and the stream of its picture."""
        container = opened.enter_context(open_video(self.info.path))
        return container, self._picture(container)

    def _picture(self, container: av.container.InputContainer) -> av.VideoStream:
        return picture_stream(container, self.info.path, self.info.stream_index)

    def _decoder(self, stream: av.VideoStream) -> av.VideoCodecContext:
        decoder = alpha_decoder(stream) if self._place == "packet" else stream.codec_context
        decoder.thread_type = "AUTO"
        decoder.thread_count = self._threads
        return decoder

    def _picture_packets(
        self, container: av.container.InputContainer, stream: av.VideoStream
    ) -> Iterator[av.Packet[av.VideoStream]]:
        for other in container.streams:
            if other.index != stream.index:
                other.discard = av.stream.Discard.all
        return container.demux(stream)

    def _decode(self, packet: av.Packet[av.VideoStream], decoder: av.VideoCodecContext) -> list[av.VideoFrame]:
        self._packets += packet.size > 0
        frames: list[av.VideoFrame] = []
        broken = packet.is_corrupt
        for _ in range(_FLUSHES if packet.size == 0 else 1):
            try:
                frames += decoder.decode(packet if packet.size else None)
                break
            except av.FFmpegError:  # the decoder's threads report late: at the end, each may still have an error
                broken = True
        if broken:
            self.damaged += 1
            where = f" near {float(packet.pts * packet.time_base):.2f} s" if packet.pts is not None else ""
            self._fault(f"a frame{where} is damaged")
        return frames

    def _in_order(self, frame: av.VideoFrame) -> int:
        """The frame's tick, made up where the file has none and moved by one where it would run backwards."""
        pts, last = frame.pts, self._last
        if pts is None:
            rate = self.info.rate or Fraction(25)
            step = max(1, round(1 / (rate * self.info.time_base)))
            pts = 0 if last is None else last + step
        elif last is not None and pts <= last:
            pts = last + 1
            self._nudged += 1
        self._last = pts
        return pts

    def _why_cut_off(self, stream: av.VideoStream, *, whole: bool) -> str | None:
        step = 1 / (self.info.rate or Fraction(25))
        reached = None if self._last is None else self._last * self.info.time_base + step
        packets = self._packets if whole else None
        try:
            return why_cut_off(self.info.path, stream, packets=packets, reached=reached, step=step)
        except OSError as error:
            if self._keep_going:
                return None
            reason = error.strerror or str(error)
            raise MediaError(
                f"{self.info.path}: went while it was read ({reason}); put it back and run again"
            ) from None

    def _check_whole(self) -> None:
        if self._cut_off is not None:
            self._fault(f"the file is cut off: {self._cut_off}")
            self.notices.append(f"The file is cut off: {self._cut_off}.")

    def _fault(self, what: str) -> None:
        if not self._keep_going:
            raise MediaError(f"{self.info.path}: {what}; {_KEEP_GOING}")

    def _nothing(self) -> str:
        length = f" and lasts {float(self.info.duration):.2f} s" if self.info.duration else ""
        asked = f"from {float(self._start or 0):g} s"
        if self._end is not None:
            asked += f" to {float(self._end):g} s"
        return f"{self.info.path}: no frame {asked}; the clip starts at 0{length}: choose another ‹start› or ‹duration›"
