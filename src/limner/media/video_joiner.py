"""Videos that follow one another as one video, without encoding anything again."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import av

from limner.errors import MediaError
from limner.media.video_formats import OutputFormat
from limner.media.video_info import reason
from limner.media.video_reader import VideoReader
from limner.media.video_writer import VideoWriter
from limner.whole_file import cannot_write


class VideoJoiner(VideoWriter):
    """Writes pieces of one clip, encoded alike and with the times that their frames have in the clip, into one file.

    Args:
        target, output, audio, cover: as of `VideoWriter`.
        like: the reader of the clip whose other streams are carried; nothing of its picture is read.
        pieces: files in the order of their times, at least one. They hold a picture and nothing else.

    Raises:
        MediaError: as of `VideoWriter`, or a piece cannot be read, or was encoded in another way than the first.
    """

    def __init__(
        self,
        target: str | Path,
        output: OutputFormat,
        like: VideoReader,
        pieces: Sequence[Path],
        *,
        audio: bool = True,
        cover: bool = False,
    ) -> None:
        self._pieces = tuple(pieces)
        self._head = b""
        self._decoded_until: int | None = None
        super().__init__(target, output, like, audio=audio, cover=cover)
        self._alpha = None  # each piece was checked when it was written

    def join(self) -> None:
        """Writes all pieces; `finish` comes next."""
        for piece in self._pieces:
            try:
                with av.open(str(piece.absolute())) as container:
                    self._copy(piece, container)
            except av.FFmpegError as error:
                raise MediaError(f"{piece}: a piece of {self._target} cannot be read: {reason(error)}") from None

    def _copy(self, piece: Path, container: av.container.InputContainer) -> None:
        stream = container.streams.video[0]
        if (stream.codec_context.extradata or b"") != self._head:
            raise MediaError(f"{piece}: was encoded in another way than the pieces before it; make all of them again")
        ticks = list[int]()
        for packet in container.demux(stream):
            if packet.size == 0 or packet.pts is None or packet.dts is None or packet.time_base is None:
                continue
            time = packet.pts * packet.time_base
            ticks.append(round(time / self._time_base))
            try:
                self._put(packet, time)
            except (av.FFmpegError, OSError) as error:
                raise cannot_write(self._target, error, self._file.fate) from error
        self._ticks.extend(array("q", sorted(ticks)))

    def _put(self, packet: av.Packet[av.VideoStream], time: Fraction) -> None:
        if self.frames == 0 and self._copier and self._reader:
            self._carry_time_code(self._copier.time_code, Fraction(0))
            self._copier.begin(self._reader.offset, None, cut=False)
        assert packet.dts is not None
        if self._decoded_until is not None and packet.dts <= self._decoded_until:
            packet.dts = self._decoded_until + 1  # a piece's first frames are decoded before the last ends
        self._decoded_until = packet.dts
        self.frames += 1
        packet.stream = self._stream
        self._container.mux(packet)
        if self._copier:
            self._copier.copy_until(time)
        self._file.written()

    def _add_stream(self) -> av.VideoStream:
        try:
            with av.open(str(self._pieces[0].absolute())) as first:
                source = first.streams.video[0]
                stream = self._container.add_stream_from_template(source)
                self._head = source.codec_context.extradata or b""
                self.width, self.height = source.codec_context.width, source.codec_context.height
                stream.time_base = source.time_base
        except av.FFmpegError as error:
            raise MediaError(f"{self._pieces[0]}: a piece of {self._target} cannot be read: {reason(error)}") from None
        assert isinstance(stream, av.VideoStream)
        if self._output.alpha and self._output.codec.name == "vp9":
            stream.metadata["alpha_mode"] = "1"
        return stream

    def _last_packets(self) -> list[av.Packet[av.VideoStream]]:
        return []
