"""One clip in pieces: each is made by itself, in whatever process, and all are joined without encoding them again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from limner.assembly.saving import VideoSaving
from limner.effects.base import Effect
from limner.frame import TimedFrame
from limner.media.clips import ClipReader
from limner.media.video_formats import MUXERS, OutputFormat, choose_format
from limner.media.video_info import VideoInfo, probe_video
from limner.media.video_joiner import VideoJoiner
from limner.media.video_reader import NoFrameError, VideoReader
from limner.media.video_writer import VideoWriter
from limner.processing.pipeline import run_pipeline
from limner.processing.scene_study import study_scene
from limner.processing.video import IN_FLIGHT, output_of, with_channels
from limner.segment.base import MatteStream
from limner.threads import decoder_threads, opencv_threads

_WARM = Fraction(1)
"""Seconds before a piece that are looked at and not written, so that mattes and effects know what came before."""
_SUFFIXES = {"mpegts": ".mp4"}
"""Muxer -> what its pieces are, where its own would move their times."""


@dataclass(frozen=True, slots=True)
class Made:
    """What became of a piece or of a whole clip: frames that were written, and what a user should know."""

    frames: int
    notices: tuple[str, ...]


def piece_suffix(target: Path) -> str:
    """Of the files that hold the pieces of this result."""
    suffix = target.suffix.lower()
    return _SUFFIXES.get(MUXERS.get(suffix, ""), suffix)


def make_piece(
    source: Path,
    target: Path,
    piece: Path,
    *,
    start: Fraction,
    end: Fraction | None,
    segment: MatteStream,
    effect: Effect,
    saving: VideoSaving,
    threads: int,
) -> Made:
    """Runs the frames from ``start`` to before ``end`` through a segmenter and an effect into a file of their own.

    Args:
        source: the clip.
        target: the result that the piece is for; its name says the format.
        piece: the file, which gets the picture alone, with the times that its frames have in the clip. Without a frame
            in the span it is empty.
        start, end: seconds from the beginning of the clip; None is its end.
        segment: a new stream; it sees the second before the piece as well.
        effect: a new effect.
        saving: how the clip is read and the piece written; no part of it, since the piece is one.
        threads: what each stage may use.

    Raises:
        MediaError: the clip cannot be read, or the piece cannot be written or did not pass its check.
    """
    info = probe_video(source)
    effect.match_colors(info.colors.points)
    output = _of_a_piece(output_of(target, saving, effect, info), piece, saving)
    warm = max(Fraction(0), start - _WARM)
    length = None if end is None else end - warm
    reader = VideoReader(
        info,
        start=warm,
        duration=length,
        keep_going=saving.keep_going,
        smooth_chroma=not output.codec.subsampled,
        alpha=saving.alpha == "multiply",
        deinterlace=saving.deinterlace,
        threads=decoder_threads(),
    )
    study_scene(info, segment, start=warm, duration=length, deinterlace=saving.deinterlace)
    with VideoWriter(piece, output, info) as writer, opencv_threads(threads):

        def sink(frame: TimedFrame) -> None:
            if frame.time >= start:
                writer.write(TimedFrame(with_channels(frame, output.alpha), frame.time, frame.duration))

        with suppress(NoFrameError):
            run_pipeline(
                _in_the_clip(reader, info), segment=segment, effect=effect, sink=sink, depth=1,
                in_flight=IN_FLIGHT + segment.delay,
            )  # fmt: skip
        if writer.frames:
            writer.finish()
    if not writer.frames:
        piece.write_bytes(b"")
    return Made(writer.frames, (*reader.notices, *effect.notices()))


def join_pieces(source: Path, target: Path, pieces: Sequence[Path], *, effect: Effect, saving: VideoSaving) -> Made:
    """Writes pieces that `make_piece` made into one file, with the clip's sound and all else that it has.

    Args:
        pieces: of one clip, all of it, in their order.
        effect: as the pieces had.

    Raises:
        MediaError: the result cannot be written, or did not pass its check.
    """
    info = probe_video(source)
    output = output_of(target, saving, effect, info)
    pieces = [piece for piece in pieces if piece.stat().st_size]
    if not pieces:
        raise NoFrameError(f"{source}: there is no frame in it")
    with VideoJoiner(target, output, VideoReader(info), pieces, audio=saving.audio, cover=saving.cover) as joiner:
        joiner.join()
        joiner.finish()
    return Made(joiner.frames, (*info.notices, *joiner.notices))


def _of_a_piece(output: OutputFormat, piece: Path, saving: VideoSaving) -> OutputFormat:
    return choose_format(
        piece, codec=output.codec.name, alpha=output.alpha, crf=saving.crf, preset=saving.preset
    )  # fmt: skip


def _in_the_clip(reader: ClipReader, info: VideoInfo) -> Iterator[TimedFrame]:
    """The reader's frames with the times that they have in the clip, instead of those since the first one read."""
    for frame in reader:
        yield TimedFrame(frame.pixels, frame.time + reader.offset - info.origin, frame.duration, frame.alpha)
