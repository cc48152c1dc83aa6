"""From video file to video file: opens, runs the pipeline, checks, and says what became of the clip."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np

from limner.effects.base import Effect
from limner.errors import LimnerError, OptionError
from limner.frame import Frame, TimedFrame, over
from limner.matte import Matte
from limner.media.image_sequence import SequenceWriter
from limner.media.video_files import check_target
from limner.media.video_formats import WITH_ALPHA, choose_format
from limner.media.video_info import VideoInfo, probe_video
from limner.media.video_reader import VideoReader
from limner.media.video_streams import CarriedStream
from limner.media.video_writer import VideoWriter
from limner.processing.pipeline import PipelineStats, run_pipeline
from limner.processing.replacing import refuse_to_replace
from limner.processing.transparency import ALPHA_MODES, keeps_transparency
from limner.segment.base import MatteStream
from limner.threads import opencv_threads, stage_threads


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


def process_video(
    source: str | Path,
    target: str | Path,
    *,
    segment: Callable[[Frame], Matte] | MatteStream | None,
    effect: Effect | None,
    codec: str | None = None,
    crf: int | None = None,
    preset: str | None = None,
    start: Fraction | None = None,
    duration: Fraction | None = None,
    audio: bool = True,
    keep_going: bool = False,
    alpha: str = "multiply",
    threads: int | None = None,
    on_open: Callable[[VideoInfo], None] | None = None,
    on_frame: Callable[[TimedFrame], None] | None = None,
) -> VideoResult:
    """Runs a clip through a segmenter and an effect into a new file, whole or not at all.

    Args:
        segment: frame to matte, such as `Segmenter.matte`, or a stream such as a `TemporalSegmenter`. None, with no
            effect, re-encodes the clip as it is.
        codec, crf, preset: see `choose_format`.
        start, duration: the part of the clip to take, in seconds; the first frame taken is the first at or after
            `start`, the last the last before ``start + duration``.
        audio: carry sound.
        keep_going: see `VideoReader`.
        alpha: "multiply" lets the clip's own transparency count: nobody is where it is transparent, and it stays where
            the effect keeps the background and the format can hold it. "ignore" takes the clip for opaque.
        threads: what each stage may use; None is `limner.threads.stage_threads`, as if nothing else ran here.
        on_open: called with the clip's facts before the first frame.
        on_frame: called after each frame written.

    Raises:
        OptionError: an option has a value that cannot be used.
        MediaError: the clip cannot be read, or the result cannot be written or did not pass its check.
    """
    target = Path(target)
    check_span(start, duration)
    if alpha not in ALPHA_MODES:
        raise OptionError(f"‹alpha› {alpha!r} is unknown: say {' or '.join(ALPHA_MODES)}")
    output = choose_format(target, codec=codec, alpha=bool(effect and effect.has_alpha), crf=crf, preset=preset)
    if not output.is_sequence:
        check_target(target, Path(source))
        refuse_to_replace([target], effect.files() if effect is not None else ())
    info = probe_video(source)
    if on_open is not None:
        on_open(info)
    if effect is not None:
        effect.match_colors(info.colors.points)
    keeps = effect is None or keeps_transparency(effect)
    if alpha == "multiply" and keeps and info.transparent and not output.alpha:
        with contextlib.suppress(LimnerError):  # the format, or an option for it, leaves no room
            output = choose_format(target, codec=codec, alpha=True, crf=crf, preset=preset)
    reader = VideoReader(
        info,
        start=start,
        duration=duration,
        keep_going=keep_going,
        smooth_chroma=not output.codec.subsampled,
        alpha=alpha == "multiply",
    )
    end = None if duration is None else info.origin + (start or Fraction(0)) + duration
    writer: VideoWriter | SequenceWriter
    if output.is_sequence:
        writer = SequenceWriter(target, reader, alpha=output.alpha)
    else:
        writer = VideoWriter(target, output, reader, audio=audio, end=end, cut=start is not None)
    last = Fraction(0)

    def sink(frame: TimedFrame) -> None:
        nonlocal last
        writer.write(TimedFrame(_with_channels(frame, output.alpha), frame.time, frame.duration))
        last = frame.time + (frame.duration or 0)

    with writer, opencv_threads(threads or stage_threads()):
        stats = run_pipeline(reader, segment=segment, effect=effect, sink=sink, on_frame=on_frame)
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


def _with_channels(frame: TimedFrame, alpha: bool) -> Frame:
    """The frame as RGBA or RGB, whatever it has; what was transparent becomes black in RGB."""
    pixels = frame.pixels
    if pixels.shape[2] == 3 and frame.alpha is not None:  # no effect was there to look at it
        pixels = np.dstack([pixels, frame.alpha])
    if alpha and pixels.shape[2] == 3:
        return np.dstack([pixels, np.full(pixels.shape[:2], 255, np.uint8)])
    return pixels if alpha or pixels.shape[2] == 3 else over(pixels[..., :3], pixels[..., 3])


def check_span(start: Fraction | None, duration: Fraction | None) -> None:
    """
    Raises:
        OptionError: `start` is negative or `duration` is not positive.
    """
    if start is not None and start < 0:
        raise OptionError(f"‹start› {float(start):g} is before the clip begins; say 0 or more seconds")
    if duration is not None and duration <= 0:
        raise OptionError(f"‹duration› {float(duration):g} is no length; say more than 0 seconds")
