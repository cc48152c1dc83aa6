"""From video file to video file: opens, runs the pipeline, checks, and says what became of the clip."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from limner.assembly.saving import VideoSaving
from limner.checking import checked
from limner.deprecation import deprecated
from limner.effects.base import Effect
from limner.errors import ArgumentError, LimnerError, MediaError, OptionError
from limner.frame import Frame, TimedFrame, over
from limner.matte import Matte
from limner.media.animated_writer import AnimatedWriter
from limner.media.clips import probe_clip, read_clip
from limner.media.image_sequence import SequenceWriter, picture_folder
from limner.media.picture_reader import SeriesInfo
from limner.media.pipes import PIPE, refuse_terminal
from limner.media.video_files import check_target
from limner.media.video_formats import WITH_ALPHA, OutputFormat, choose_format, choose_streamed
from limner.media.video_info import VideoInfo
from limner.media.video_streams import CarriedStream
from limner.media.video_writer import VideoWriter
from limner.places import check_folder, refuse_to_replace
from limner.processing.pipeline import PipelineStats, run_pipeline
from limner.processing.scene_study import study_scene
from limner.processing.transparency import keeps_transparency
from limner.segment.base import MatteStream
from limner.threads import decoder_threads, opencv_threads, stage_threads

IN_FLIGHT = 4
"""Frames between decoder and encoder: one in each stage. Each takes up to 20 MB at 1080p."""
_PIPE_PATIENCE = 1.0
"""Seconds after a fault for who waits for stdin, which may never send anything more."""


@dataclass(frozen=True, slots=True)
class VideoResult:
    """What `process_video` did.

    Attributes:
        frames: frames read, which is also the frames in the result.
        duration: seconds of the clip they cover.
        codec: of the result's picture; `alpha` says whether it has transparency.
        seconds: the run took, with the check of the result; `stats` is without it.
        streams: what became of sound, subtitles and attachments.
        notices: what could not be kept as it was, in sentences.
    """

    target: Path
    frames: int
    width: int
    height: int
    duration: float
    codec: str
    alpha: bool
    stats: PipelineStats
    streams: tuple[CarriedStream, ...]
    notices: tuple[str, ...]


@checked
def process_video(
    source: str | Path,
    target: str | Path,
    *,
    segment: Callable[[Frame], Matte] | MatteStream | None,
    effect: Effect | None,
    saving: VideoSaving | None = None,
    threads: int | None = None,
    on_open: Callable[[VideoInfo], None] | None = None,
    on_frame: Callable[[TimedFrame], None] | None = None,
    **old: Any,
) -> VideoResult:
    """Runs a clip through a segmenter and an effect into a new file, whole or not at all.

    Args:
        source: a video file; numbered pictures as a folder or as a name such as shots/shot_%04d.png; ``-`` for stdin.
        target: the result; ``-`` for stdout, into which it goes as it is made.
        segment: frame to matte, such as `Segmenter.matte`, or a stream such as a `TemporalSegmenter`. None, with no
            effect, re-encodes the clip as it is.
        saving: how the clip is read and its result written; None is ``VideoSaving()``.
        threads: what each stage may use; None is `limner.threads.stage_threads`, as if nothing else ran here.
        on_open: called with the clip's facts before the first frame.
        on_frame: called after each frame written.
        old: fields of ``saving``, as they were given before; deprecated.

    Raises:
        OptionError: an option has a value that cannot be used.
        MediaError: the clip cannot be read, or the result cannot be written or did not pass its check.
    """
    target, saving = Path(target), _saving(saving, old)
    output = choose(target, saving, alpha=bool(effect and effect.has_alpha))
    check_result(target, output, Path(source))
    refuse_to_replace([target], effect.files() if effect is not None else ())
    info = probe_clip(
        source, fps=saving.fps, size=saving.size, pixel_format=saving.pixel_format, stream=saving.video_stream
    )
    if isinstance(info, SeriesInfo):
        refuse_to_replace([target], info.series.files)
    if on_open is not None:
        on_open(info)
    if effect is not None:
        effect.match_colors(info.colors.points)
    keeps = effect is None or keeps_transparency(effect)
    output = output_of(target, saving, effect, info)
    reader = read_clip(
        info,
        start=saving.start,
        duration=saving.duration,
        keep_going=saving.keep_going,
        smooth_chroma=not output.codec.subsampled,
        alpha=saving.alpha == "multiply",
        deinterlace=saving.deinterlace,
        threads=decoder_threads(),
    )
    study_scene(info, segment, start=saving.start, duration=saving.duration, deinterlace=saving.deinterlace)
    end = None if saving.duration is None else info.origin + (saving.start or Fraction(0)) + saving.duration
    writer: VideoWriter | SequenceWriter | AnimatedWriter
    if output.is_sequence:
        writer = SequenceWriter(target, reader, alpha=output.alpha)
    elif output.is_animated:
        writer = AnimatedWriter(target, output, reader)
    else:
        writer = VideoWriter(
            target,
            output,
            reader,
            audio=saving.audio,
            audio_streams=saving.audio_stream,
            cover=saving.cover,
            end=end,
            cut=saving.start is not None,
        )
    last = Fraction(0)

    def sink(frame: TimedFrame) -> None:
        nonlocal last
        writer.write(TimedFrame(with_channels(frame, output.alpha), frame.time, frame.duration))
        last = frame.time + (frame.duration or 0)

    with writer, opencv_threads(threads or stage_threads()):
        stats = run_pipeline(
            reader, segment=segment, effect=effect, sink=sink, on_frame=on_frame, depth=1,
            in_flight=IN_FLIGHT + (segment.delay if isinstance(segment, MatteStream) else 0),
            patience=_PIPE_PATIENCE if Path(source) == PIPE else None,
        )  # fmt: skip
        writer.finish()
    notices = [*info.notices, *reader.notices, *writer.notices, *(effect.notices() if effect else ())]
    if reader.transparent and keeps and not output.alpha:
        notices.append(f"Its transparency became black, as {output.codec.name} has none; take {WITH_ALPHA} to keep it.")
    return VideoResult(
        target=target,
        frames=writer.frames,
        width=writer.width,
        height=writer.height,
        duration=float(last),
        codec=output.codec.name,
        alpha=output.alpha,
        stats=stats,
        streams=tuple(writer.carried),
        notices=tuple(notices),
    )


def with_channels(frame: TimedFrame, alpha: bool) -> Frame:
    """The frame as RGBA or RGB, whatever it has; what was transparent becomes black in RGB."""
    pixels = frame.pixels
    if pixels.shape[2] == 3 and frame.alpha is not None:  # no effect was there to look at it
        pixels = np.dstack([pixels, frame.alpha])
    if alpha and pixels.shape[2] == 3:
        return np.dstack([pixels, np.full(pixels.shape[:2], 255, np.uint8)])
    return pixels if alpha or pixels.shape[2] == 3 else over(pixels[..., :3], pixels[..., 3])


def output_of(target: Path, saving: VideoSaving, effect: Effect | None, info: VideoInfo) -> OutputFormat:
    """The format of the result of a clip: with transparency where the effect makes it, or where it keeps that of the
    clip and the format has room for it.

    Raises:
        OptionError, MediaError: as `choose_format`.
    """
    output = choose(target, saving, alpha=bool(effect and effect.has_alpha))
    keeps = effect is None or keeps_transparency(effect)
    if saving.alpha == "multiply" and keeps and info.transparent and not output.alpha:
        with contextlib.suppress(LimnerError):  # the format, or an option for it, leaves no room
            return choose(target, saving, alpha=True)
    return output


def choose(target: Path, saving: VideoSaving, *, alpha: bool) -> OutputFormat:
    """The format of a result, as ``limner.media.video_formats.choose_format``, or ``choose_streamed`` of stdout."""
    if target == PIPE:
        return choose_streamed(
            saving.format or ("mkv" if saving.size is None else "raw"), codec=saving.codec, alpha=alpha, crf=saving.crf,
            preset=saving.preset,
        )  # fmt: skip
    if saving.format is not None:
        raise OptionError(f"‹format› {saving.format} is for stdout; the name of {target} says its format")
    return choose_format(target, codec=saving.codec, alpha=alpha, crf=saving.crf, preset=saving.preset)


def _saving(saving: VideoSaving | None, old: Mapping[str, Any]) -> VideoSaving:
    if not old:
        return saving or VideoSaving()
    known = VideoSaving.__dataclass_fields__
    for name in old:
        if name not in known:
            raise ArgumentError(f"process_video has no argument {name!r}")
    if saving is not None:
        raise OptionError(f"‹saving› and {', '.join(old)} both say how the result is written: put all into ‹saving›")
    names = ", ".join(f"{name}=…" for name in old)
    deprecated(f"process_video({names})", f"saving=VideoSaving({names})", stacklevel=4)
    return VideoSaving(**old)


def check_result(target: Path, output: OutputFormat, source: Path) -> None:
    """
    Raises:
        MediaError: a result of this format cannot be written there, or would replace its source.
    """
    if target == PIPE:
        refuse_terminal()
        return
    if not output.is_sequence:
        check_target(target, source)
        return
    folder = picture_folder(target)
    if folder.is_file() and source.exists() and folder.samefile(source):
        raise MediaError(f"{target}: is the clip itself; name a folder for the pictures")
    check_folder(folder, error=MediaError)
