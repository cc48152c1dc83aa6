"""From video file to video file: opens, runs the pipeline, checks, and says what became of the clip."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import cv2

from limner.effects.base import Effect
from limner.errors import OptionError
from limner.frame import Frame, TimedFrame
from limner.matte import Matte
from limner.media.image_sequence import SequenceWriter
from limner.media.video_files import check_target
from limner.media.video_formats import choose_format
from limner.media.video_info import VideoInfo, probe_video
from limner.media.video_reader import VideoReader
from limner.media.video_streams import CarriedStream
from limner.media.video_writer import VideoWriter
from limner.processing.pipeline import PipelineStats, run_pipeline
from limner.segment.base import MatteStream
from limner.threads import stage_threads


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
        on_open: called with the clip's facts before the first frame.
        on_frame: called after each frame written.

    Raises:
        OptionError: an option has a value that cannot be used.
        MediaError: the clip cannot be read, or the result cannot be written or did not pass its check.
    """
    target = Path(target)
    check_span(start, duration)
    output = choose_format(target, codec=codec, alpha=bool(effect and effect.has_alpha), crf=crf, preset=preset)
    if not output.is_sequence:
        check_target(target, Path(source))
    info = probe_video(source)
    if on_open is not None:
        on_open(info)
    if effect is not None:
        effect.match_colors(info.colors.points)
    reader = VideoReader(
        info, start=start, duration=duration, keep_going=keep_going, smooth_chroma=not output.codec.subsampled
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
        writer.write(frame)
        last = frame.time + (frame.duration or 0)

    with writer, _opencv_threads(stage_threads()):
        stats = run_pipeline(reader, segment=segment, effect=effect, sink=sink, on_frame=on_frame)
        writer.finish()
    notices = (*info.notices, *reader.notices, *writer.notices, *(effect.notices() if effect else ()))
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
        notices=notices,
    )


@contextmanager
def _opencv_threads(count: int) -> Iterator[None]:
    """OpenCV's own threads are set for the whole process, so they are set back."""
    before = cv2.getNumThreads()
    cv2.setNumThreads(count)
    try:
        yield
    finally:
        cv2.setNumThreads(before)


def check_span(start: Fraction | None, duration: Fraction | None) -> None:
    """
    Raises:
        OptionError: `start` is negative or `duration` is not positive.
    """
    if start is not None and start < 0:
        raise OptionError(f"‹start› {float(start):g} is before the clip begins; say 0 or more seconds")
    if duration is not None and duration <= 0:
        raise OptionError(f"‹duration› {float(duration):g} is no length; say more than 0 seconds")
