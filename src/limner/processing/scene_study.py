"""A look at the beginning of a clip before it is processed, so that its first frames know what is behind the person."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, suppress
from fractions import Fraction

from limner.frame import Frame, TimedFrame
from limner.media.clips import ClipReader, read_clip
from limner.media.piped_video import PipedInfo
from limner.media.raw_frames import RawInfo
from limner.media.video_info import VideoInfo
from limner.segment.base import Studious
from limner.threads import decoder_threads

_SECONDS = Fraction(5, 2)
_EACH = Fraction(1, 5)
"""Seconds that are looked at, and from one look to the next: after them the clip itself has told enough."""


def study_scene(
    info: VideoInfo, stream: object, *, start: Fraction | None, duration: Fraction | None, deinterlace: bool
) -> None:
    """Shows a stream some frames of a clip that it is about to get. Those of a pipe come but once: nothing is done.

    Args:
        info: of the clip.
        stream: a `Studious` one, or any other, with which nothing is done.
        start, duration: the part of the clip that will be processed.
        deinterlace: as the clip will be read.
    """
    if not isinstance(stream, Studious) or isinstance(info, PipedInfo | RawInfo):
        return
    span = _SECONDS if duration is None else min(duration, _SECONDS)
    reader = read_clip(
        info, start=start, duration=span, keep_going=True, deinterlace=deinterlace, threads=decoder_threads()
    )
    with suppress(Exception):  # whatever fails here fails again where it is told, or does not matter
        stream.study(_some(reader))


def _some(reader: ClipReader) -> Iterator[Frame]:
    due = Fraction(0)
    frames: Iterator[TimedFrame] = iter(reader)
    with closing(frames):  # type: ignore[type-var]
        for frame in frames:
            if frame.time >= due:
                due = frame.time + _EACH
                yield frame.pixels
