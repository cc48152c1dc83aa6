"""Video out: frames with their times and the clip's other streams, in a file that is checked before it is named."""

from __future__ import annotations

import contextlib
import math
from array import array
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Self

import av

from limner.errors import MediaError
from limner.frame import TimedFrame
from limner.media.clips import ClipReader
from limner.media.pipes import PIPE
from limner.media.result_file import HiddenFile, LastingFile, PipeFile
from limner.media.time_code import move_time_code
from limner.media.video_check import AlphaSamples, check_video
from limner.media.video_color import FromRgb
from limner.media.video_files import check_target
from limner.media.video_formats import OutputFormat
from limner.media.video_info import VideoInfo
from limner.media.video_reader import VideoReader
from limner.media.video_streams import CarriedStream, StreamCopier
from limner.whole_file import cannot_write


class VideoWriter:
    """Writes one video. Use it as a context manager: leaving it by an exception, or without `finish`, leaves no file,
    or with `lasting` what was written so far.

    Args:
        target: the result, or ``-`` for stdout. A file appears, or is replaced, in one step at the end of `finish`.
        output: codec and container.
        like: the reader the frames come from: its size, colours, pixel aspect, rate and other streams are carried.
            Facts alone, as `live_info` makes them, where there is no file behind the frames.
        audio: carry sound too; subtitles always are.
        audio_streams: of several sounds only these, by number in the file or language.
        cover: carry the cover picture.
        end: the source's own time in seconds at which its other streams stop too, where the picture does.
        cut: the picture does not begin with the source, so the other streams must not either.
        lasting: write it so that it can be read at any moment, and keep it whatever happens (see `LastingFile`).

    Attributes:
        width, height: of the written picture: even where the codec needs that.
        frames: frames written.
        notices: what could not be kept as it was, in sentences.

    Raises:
        MediaError: the target cannot be written, also while writing; or the check of the result failed.
    """

    def __init__(
        self,
        target: str | Path,
        output: OutputFormat,
        like: ClipReader | VideoInfo,
        *,
        audio: bool = True,
        audio_streams: Sequence[str] = (),
        cover: bool = False,
        end: Fraction | None = None,
        cut: bool = False,
        lasting: bool = False,
    ) -> None:
        self._target, self._output = Path(target), output
        self._reader = like if isinstance(like, VideoReader) else None
        self._info = info = like if isinstance(like, VideoInfo) else like.info
        self._end, self._cut = end, cut
        self._file: HiddenFile | LastingFile | PipeFile
        if self._target == PIPE:
            self._file, self._target = PipeFile(), PipeFile.path
        else:
            check_target(self._target, info.path if self._reader else None)
            self._file = LastingFile(self._target) if lasting else HiddenFile(self._target)
        self.frames = 0
        self.notices: list[str] = []
        if info.colors.is_hdr:
            self.notices.append(
                f"It is HDR with {info.bits} bits; the result has 8 bits under the same tags, and may show bands."
            )
        elif info.bits > 8:
            self.notices.append(f"It has {info.bits} bits a channel; the result has 8.")
        self._ticks: array[int] = array("q")
        self._durations: dict[int, int] = {}
        self._reach = self._first_tick = 0
        self._uneven = False
        self._alpha = AlphaSamples() if output.alpha else None
        self._time_base = output.time_base(info.time_base, info.rate or Fraction(25))
        self._done = False
        self._container = av.open(
            self._file.opened(), "w", format=output.muxer, container_options=self._muxer_options()
        )
        self._copier: StreamCopier | None = None
        try:
            self._stream = self._add_stream()
            if self._reader and not output.codec.bare:
                self._copier = StreamCopier(
                    info, self._container, muxer=output.muxer, audio=audio, audio_streams=audio_streams, cover=cover
                )
        except BaseException:
            self._discard()
            raise

    @property
    def carried(self) -> list[CarriedStream]:
        """What became of the clip's other streams."""
        return self._copier.carried if self._copier else []

    @property
    def kept(self) -> Path | None:
        """Where the file is that was not finished, if there is one."""
        return self._file.kept

    def write(self, frame: TimedFrame) -> None:
        """Encodes a frame: RGB uint8 (H, W, 3), or RGBA where the format has alpha. Times must ascend."""
        try:
            if self.frames == 0 and self._copier and self._reader:
                self._carry_time_code(self._copier.time_code, self._reader.offset - self._info.origin)
                self._copier.begin(self._reader.offset, self._end, cut=self._cut)
            video = self._from_rgb(frame.pixels)
            video.pts, video.time_base = self._tick(frame), self._time_base
            if self._alpha:
                self._alpha.add(frame.pixels)
            self.frames += 1
            self._mux(self._stream.encode(video))
            if self._copier:
                self._copier.copy_until(frame.time)
            self._file.written()
        except BrokenPipeError:  # whoever reads stdout has what they want
            raise
        except (av.FFmpegError, OSError) as error:
            raise cannot_write(self._target, error, self._file.fate) from error

    def finish(self) -> None:
        """Writes what is still held back, reads the file again to check it, and gives it its name."""
        try:
            self._mux(self._last_packets())
            if self._copier:
                self._copier.copy_until(None)
                self.notices += self._copier.notices
                self._copier.close()
            self._container.close()
            self._file.written()
        except BrokenPipeError:
            raise
        except (av.FFmpegError, OSError) as error:
            raise cannot_write(self._target, error, self._file.fate) from error
        if self._uneven:
            self.notices.append(
                f"{self._output.codec.name} has no times: its frames come evenly, though those of the clip did not."
            )
        if self._file.can_be_read:
            self._check()
        try:
            self._file.accept()
        except OSError as error:
            raise cannot_write(self._target, error, self._file.fate) from error
        self._done = True

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if not self._done:
            self._discard()

    def _check(self) -> None:
        try:
            check_video(self._file.path, self._target, self._output, self._ticks, self._time_base, self._alpha)
        except MediaError as error:
            raise MediaError("; ".join(filter(None, (str(error), self._file.fate)))) from error

    def _carry_time_code(self, text: str | None, shift: Fraction) -> None:
        """Before the first frame is written, since it goes into the head of the file."""
        rate = self._info.rate
        if text is None:
            return
        moved = None if rate is None else move_time_code(text, round(shift * rate), rate)
        if moved is None:
            self.notices.append(f"Its time code ({text}) makes no sense at its rate and was left out.")
        else:
            self._stream.metadata["timecode"] = moved

    def _muxer_options(self) -> dict[str, str]:
        quicktime = self._output.muxer in ("mp4", "mov")
        options = self._file.muxer_options(quicktime=quicktime)
        if not quicktime:
            return options
        # A late start is written in ticks of the movie, which are whole milliseconds unless told otherwise.
        fine = math.lcm(self._time_base.denominator, 48000)
        return options | {"movie_timescale": str(fine)} if fine < 2**31 else options

    def _add_stream(self) -> av.VideoStream:
        info, codec = self._info, self._output.codec
        pad = (info.height % 2, info.width % 2) if codec.needs_even else (0, 0)
        self.width, self.height = info.width + pad[1], info.height + pad[0]
        if any(pad):
            self.notices.append(
                f"{codec.name} needs an even size: {info.width}x{info.height} became {self.width}x{self.height} "
                "by repeating the last column or row."
            )
        if codec.most is not None and max(self.width, self.height) > codec.most:
            raise MediaError(
                f"{self._target}: {codec.name} pictures have at most {codec.most} pixels a side, and these are "
                f"{self.width}x{self.height}; use .mkv with ffv1, or pictures such as out/frame_%06d.png"
            )
        matrix = info.colors.matrix_for(info.coded_height, info.coded_width)
        tags = info.colors.for_output(info.coded_height, info.coded_width, limited_only=codec.limited_only)
        self._from_rgb = FromRgb(self._output.pixel_format, tags, matrix=matrix, pad=pad)
        rate = info.rate or Fraction(25)
        stream = self._container.add_stream(
            codec.encoder,
            rate=rate.limit_denominator(100_000),
            options=self._output.options_for(self.width, self.height) | self._hdr_options(),
            width=self.width,
            height=self.height,
            time_base=self._time_base,
        )
        assert isinstance(stream, av.VideoStream)
        context = stream.codec_context
        context.pix_fmt = self._output.pixel_format
        context.sample_aspect_ratio = info.sample_aspect
        rgb = av.VideoFormat(self._output.pixel_format).is_rgb
        context.colorspace = 0 if rgb else tags.matrix
        context.color_range = 2 if rgb else tags.range
        context.color_primaries, context.color_trc = tags.primaries, tags.transfer
        if codec.name in ("ffv1", "vp9"):
            context.thread_count = 4
        if self._output.alpha and codec.name == "vp9":
            stream.metadata["alpha_mode"] = "1"
        return stream

    def _hdr_options(self) -> dict[str, str]:
        left_out = self._info.hdr.left_out(self._output.codec.name)
        if left_out:
            self.notices.append(left_out)
        params = self._info.hdr.x264_params if self._output.codec.name == "h264" else ""
        return {"x264-params": params} if params else {}

    def _tick(self, frame: TimedFrame) -> int:
        exact = frame.time / self._time_base
        tick = math.floor(exact + Fraction(1, 2))
        if self._output.codec.bare:
            self._uneven |= bool(self._ticks) and tick - self._first_tick != len(self._ticks)
            self._first_tick = self._first_tick if self._ticks else tick
            tick = len(self._ticks)
        if self._ticks and tick <= self._ticks[-1]:  # two frames within one tick of a coarse container
            tick = self._ticks[-1] + 1
        self._ticks.append(tick)
        if frame.duration:
            self._durations[tick] = max(1, round(frame.duration / self._time_base))
        return tick

    def _mux(self, packets: list[av.Packet[av.VideoStream]]) -> None:
        for packet in packets:
            self._note(packet)
            if packet.pts is not None and packet.time_base == self._time_base:
                packet.duration = self._durations.pop(packet.pts, packet.duration)
            self._container.mux(packet)

    def _last_packets(self) -> list[av.Packet[av.VideoStream]]:
        """What the encoder holds back. A recording in MP4 or QuickTime ends for players where its last packet ends, and
        they leave out what is shown later: so that packet lasts until then, even where its frame does not.
        """
        packets = self._stream.encode(None)
        for packet in packets:
            self._note(packet)
        last = packets[-1] if packets else None
        if self._file.lasts and last is not None and last.pts is not None:
            lasts = self._durations.get(last.pts, last.duration or 0)
            self._durations[last.pts] = max(lasts, self._reach - last.pts)
        return packets

    def _note(self, packet: av.Packet[av.VideoStream]) -> None:
        """How far packets reach in time; one of no known length for a frame's usual time."""
        if packet.pts is not None:
            usual = max(1, round(1 / (self._info.rate or 25) / self._time_base))
            lasts = self._durations.get(packet.pts, packet.duration) or usual
            self._reach = max(self._reach, packet.pts + lasts)

    def _discard(self) -> None:
        if self._file.lasts:
            with contextlib.suppress(Exception):  # what the encoder holds; nothing where writing has failed
                self._mux(self._last_packets())
        self._file.give_up(self._container)
        if self._copier:
            self._copier.close()
