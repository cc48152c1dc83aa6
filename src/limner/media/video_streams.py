"""Everything in a clip that is not its picture: sound, subtitles, fonts, chapters and tags, carried to the result."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import av
from av.stream import Disposition

from limner.media.container_tables import AUDIO, AUDIO_ENCODER, BITMAP, COVERS, QUICKTIME, SUBTITLE_ENCODER, SUBTITLES
from limner.media.piped_video import PipedInfo
from limner.media.sound import DecodedSound
from limner.media.stream_choice import choose_streams
from limner.media.time_code import find_time_code
from limner.media.video_info import VideoInfo, open_video
from limner.media.video_tracks import ConvertedAudio, ConvertedText, Packet, Track, first_packet, try_copy

_OWN_TAGS = {"timecode", "major_brand", "minor_version", "compatible_brands", "encoder", "duration", "vendor_id"}
_STATISTICS = ("_statistics", "bps", "number_of_", "duration-")


@dataclass(frozen=True, slots=True)
class CarriedStream:
    """What became of a stream: `how` is "copied" or "converted to …"."""

    index: int
    kind: str
    codec: str
    language: str | None
    how: str


class StreamCopier:
    """Reads the source a second time and muxes its other streams, as far as the picture has come.

    Pulling them like this keeps the picture's pipeline free of them, and their packets out of memory.

    Attributes:
        carried: what became of each stream that was kept.
        notices: which streams were left out or converted, and why.
        time_code: of the clip's first frame, where it has one.
    """

    def __init__(
        self,
        info: VideoInfo,
        output: av.container.OutputContainer,
        *,
        muxer: str,
        audio: bool = True,
        audio_streams: Sequence[str] = (),
        cover: bool = False,
    ) -> None:
        self._output = output
        self._muxer = muxer
        self._path = info.path
        self._tracks: dict[int, Track] = {}
        self._sounds: dict[int, Any] = {}
        self._converted: dict[int, ConvertedAudio] = {}
        self._covers: list[tuple[Any, Packet]] = []
        self._offset = Fraction(0)
        self._end: Fraction | None = None
        self._cut = False
        self._waiting: Packet | None = None
        self._packets: Any = None
        self.carried: list[CarriedStream] = []
        self.notices: list[str] = []
        self._piped = info.video if isinstance(info, PipedInfo) else None
        self._source = open_video(info.path) if self._piped is None else self._piped.container
        try:
            self._chapters = self._source.chapters()
            self.time_code = find_time_code(self._source, info.stream_index)
            _copy_tags(self._source.metadata, output.metadata)
            chosen: Sequence[Any] = self._source.streams.audio
            if audio_streams:
                chosen = choose_streams(chosen, audio_streams, option="audio_stream", what="sound", name=str(info.path))
            sounds = {stream.index for stream in chosen}
            for stream in self._source.streams:
                if stream.index == info.stream_index:
                    continue
                if stream.disposition & Disposition.attached_pic:
                    self._plan_cover(stream, cover)
                elif stream.type != "audio" or (audio and stream.index in sounds):
                    self._plan(stream)
                if stream.index not in self._tracks:  # converted sound is read apart
                    stream.discard = av.stream.Discard.all
            if self._piped is None:
                self._source.streams[info.stream_index].discard = av.stream.Discard.all
        except BaseException:
            self.close()
            raise

    def begin(self, offset: Fraction, end: Fraction | None, *, cut: bool) -> None:
        """Streams begin at `offset` seconds of the source, which is time 0 of the result, and stop before `end`.

        Args:
            cut: leave out what lies before `offset`; otherwise it keeps its (negative) time.
        """
        self._offset, self._end, self._cut = offset, end, cut
        if cut and offset > 0 and self._tracks and self._piped is None:
            back = max(Fraction(0), offset - 10)  # far enough for subtitles that are already on the screen
            self._source.seek(int(back * av.time_base))
        origin = Fraction(self._source.start_time or 0, av.time_base)
        for index, out in self._sounds.items():
            sound = DecodedSound(
                self._path, index, AUDIO_ENCODER[self._muxer], origin=origin, span=(offset if cut else None, end)
            )
            self._converted[index] = ConvertedAudio(out, sound, offset)
        chapters = _moved_chapters(self._chapters, offset, end)
        if chapters:
            self._output.set_chapters(chapters)
        for out, packet in self._covers:
            packet.stream, packet.pts, packet.dts = out, 0, 0
            self._output.mux(packet)
        if self._tracks and self._piped is None:
            self._packets = self._source.demux([self._source.streams[i] for i in self._tracks])

    def copy_until(self, time: Fraction | None) -> None:
        """Muxes everything that begins before `time` of the result; None: all that is left."""
        for sound in self._converted.values():
            self._output.mux(sound.until(time))
        self._copy_packets(time)
        if time is None:
            for index, track in self._tracks.items():
                self._output.mux(track.finish())
                if track.lost:
                    self.notices.append(f"Stream {index}: {track.lost} damaged packets could not be converted.")
            for index, sound in self._converted.items():
                if sound.missing:
                    self.notices.append(
                        f"Sound (stream {index}): {float(sound.missing):.2f} s of it are missing or damaged; "
                        "they became silence."
                    )

    def _copy_packets(self, time: Fraction | None) -> None:
        packets = self._packets if self._piped is None else self._piped.take()
        while packets is not None:
            packet = self._waiting or next(packets, None)
            self._waiting = None
            if packet is None:
                return
            if packet.stream_index not in self._tracks or (packet.pts is None and packet.dts is None):
                continue
            if time is not None and _begins(packet) - self._offset >= time:
                self._waiting = packet
                return
            if self._wanted(packet):
                self._output.mux(self._tracks[packet.stream_index].take(packet, self._offset))

    def close(self) -> None:
        if self._piped is None:
            self._source.close()

    def _wanted(self, packet: Packet) -> bool:
        begins = _begins(packet)
        if self._end is not None and begins >= self._end:
            return False
        if not self._cut or begins >= self._offset:
            return True
        if packet.stream.type == "subtitle" and packet.duration:
            overlap = begins + packet.duration * packet.time_base - self._offset
            if overlap > 0 and packet.pts is not None:
                late = round((self._offset - begins) / packet.time_base)
                packet.pts += late
                packet.dts = packet.pts
                packet.duration = max(1, packet.duration - late)
                return True
        return False

    def _plan(self, stream: Any) -> None:
        name = "" if stream.codec_context is None else stream.codec_context.name
        if stream.type == "audio":
            self._plan_audio(stream, name)
        elif stream.type == "subtitle":
            self._plan_subtitle(stream, name)
        elif stream.type == "attachment":
            if self._muxer == "matroska":
                self._output.add_stream_from_template(stream)
                self.carried.append(CarriedStream(stream.index, "attachment", stream.name or "", None, "copied"))
            else:
                self._leave_out(stream, stream.name or "file", f"{self._muxer} has no attached files")
        elif stream.type == "data" and not _rebuilt_by_the_muxer(stream, bool(self._chapters)):
            self._leave_out(stream, stream.name or "unknown", "only sound and subtitles are carried")

    def _plan_cover(self, stream: Any, wanted: bool) -> None:
        """Asked for only: what it shows was not processed."""
        name = "" if stream.codec_context is None else stream.codec_context.name
        if not wanted:
            self.notices.append(
                f"The cover picture (stream {stream.index}) was left out: it may show the background that was to go."
            )
            return
        packet = None if self._piped is not None else first_packet(self._path, stream.index)
        if packet is None or name not in COVERS or self._muxer not in ("mp4", "matroska"):
            why = "from a pipe it cannot be had" if self._piped is not None else f"{self._muxer} has no place for it"
            self.notices.append(f"The cover picture (stream {stream.index}, {name}) was left out: {why}.")
            return
        if self._muxer == "matroska":
            suffix, kind = COVERS[name]
            self._output.add_attachment(f"cover.{suffix}", kind, bytes(packet))
        else:
            out: Any = self._output.add_stream_from_template(stream)
            out.disposition = Disposition.attached_pic
            self._covers.append((out, packet))
        self.carried.append(CarriedStream(stream.index, "cover", name, None, "copied"))

    def _plan_audio(self, stream: Any, name: str) -> None:
        if not name:
            self._leave_out(stream, "unknown", "its codec is not known")
            return
        fitting = AUDIO[self._muxer]
        if fitting is None or name in fitting:
            track = try_copy(self._output, stream)
            if track is not None:
                self._keep(stream, track, track.out, name, "copied")
                return
        if self._piped is not None:
            self._leave_out(stream, name, f"{self._muxer} cannot hold it, and from a pipe it is not converted; use mkv")
            return
        encoder = AUDIO_ENCODER[self._muxer]
        try:
            sound = DecodedSound(self._path, stream.index, encoder)
        except av.FFmpegError as error:
            self._leave_out(stream, name, f"{self._muxer} cannot hold it, and it cannot be converted: {error.strerror}")
            return
        if sound.empty:
            self._leave_out(stream, name, f"{self._muxer} cannot hold it, and none of it can be decoded or converted")
            return
        out: Any = self._output.add_stream(encoder.name, rate=sound.rate, layout=sound.layout)
        out.codec_context.bit_rate = 96_000 * av.AudioLayout(sound.layout).nb_channels
        self._sounds[stream.index] = out
        self._carry(stream, out, name, f"converted to {encoder.codec}")
        self.notices.append(
            f"Sound (stream {stream.index}, {name}) does not go into {self._muxer} as it is: "
            f"converted to {encoder.codec}."
        )

    def _plan_subtitle(self, stream: Any, name: str) -> None:
        if name in SUBTITLES[self._muxer]:
            track = try_copy(self._output, stream)
            if track is not None:
                self._keep(stream, track, track.out, name, "copied")
                return
        if not name or name in BITMAP:
            self._leave_out(stream, name or "unknown", f"{self._muxer} cannot hold subtitles that are pictures")
            return
        if self._muxer not in SUBTITLE_ENCODER:
            self._leave_out(stream, name, f"{self._muxer} cannot hold subtitles that are text")
            return
        encoder = SUBTITLE_ENCODER[self._muxer]
        stream.codec_context.open(strict=False)  # the decoder has its header only then
        out: Any = self._output.add_stream(encoder)
        out.codec_context.subtitle_header = stream.codec_context.subtitle_header
        out.codec_context.time_base = out.time_base = Fraction(1, 1000)
        self._keep(stream, ConvertedText(stream, out), out, name, f"converted to {encoder}")
        self.notices.append(f"Subtitles (stream {stream.index}, {name}) were converted to {encoder}.")

    def _keep(self, stream: Any, track: Track, out: Any, name: str, how: str) -> None:
        self._tracks[stream.index] = track
        self._carry(stream, out, name, how)

    def _carry(self, stream: Any, out: Any, name: str, how: str) -> None:
        _copy_tags(stream.metadata, out.metadata)
        language = stream.metadata.get("language")
        if language in QUICKTIME and self._muxer == "mov":
            out.metadata["language"] = QUICKTIME[language]
        out.disposition = stream.disposition
        self.carried.append(CarriedStream(stream.index, stream.type, name, stream.metadata.get("language"), how))

    def _leave_out(self, stream: Any, name: str, why: str) -> None:
        kinds = {"audio": "Sound", "subtitle": "Subtitles", "attachment": "The attached file", "data": "Data"}
        what = kinds.get(stream.type, "A stream")
        self.notices.append(f"{what} (stream {stream.index}, {name}) left out: {why}.")


def _begins(packet: Packet) -> Fraction:
    ticks = packet.pts if packet.pts is not None else packet.dts
    return (ticks or 0) * packet.time_base


def _rebuilt_by_the_muxer(stream: Any, has_chapters: bool) -> bool:
    """Chapter and time code tracks of QuickTime files: the writer tells the muxer of both, which makes them anew."""
    handler = stream.metadata.get("handler_name", "")
    return "timecode" in stream.metadata or (has_chapters and (stream.name == "bin_data" or "Subtitle" in handler))


def _copy_tags(source: Mapping[str, str], target: dict[str, str]) -> None:
    for key, value in source.items():
        low = key.lower()
        if low in _OWN_TAGS or low.startswith(_STATISTICS):
            continue
        target["title" if key == "name" else key] = value


def _moved_chapters(chapters: list[Any], offset: Fraction, end: Fraction | None) -> list[Any]:
    """Chapters in whole milliseconds from `offset`, those outside left out."""
    moved: list[dict[str, Any]] = []
    for chapter in chapters:
        base = chapter["time_base"] or Fraction(1, 1000)
        first, last = chapter["start"] * base, chapter["end"] * base
        last = last if end is None else min(last, end)
        if last <= offset or (end is not None and first >= end):
            continue
        start, stop = max(Fraction(0), first - offset), last - offset
        moved.append(
            {
                "id": len(moved) + 1,
                "start": round(start * 1000),
                "end": round(stop * 1000),
                "time_base": Fraction(1, 1000),
                "metadata": dict(chapter["metadata"]),
            }
        )
    return moved
