"""Clips of any kind: videos, moving and numbered pictures, stdin. Their facts, and the reader that each needs."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import TypeAlias

from limner.errors import OptionError
from limner.media.animated_reader import AnimatedInfo, AnimatedReader, probe_animated
from limner.media.picture_reader import PictureReader, SeriesInfo, probe_pictures
from limner.media.picture_series import find_pictures, names_pictures
from limner.media.piped_video import PipedInfo, PipedReader, probe_pipe
from limner.media.pipes import PIPE, Stdin
from limner.media.raw_frames import RawInfo, RawReader, probe_raw
from limner.media.video_info import VideoInfo, probe_video
from limner.media.video_reader import VideoReader

ClipReader: TypeAlias = VideoReader | PictureReader | AnimatedReader | RawReader


def probe_clip(
    source: str | Path,
    *,
    fps: Fraction | None = None,
    size: tuple[int, int] | None = None,
    pixel_format: str = "rgb24",
    stream: str | None = None,
) -> VideoInfo:
    """Facts about a clip. What came through stdin to tell them is kept for `read_clip`.

    Args:
        source: a video file, or a moving GIF, PNG, WebP or AVIF; a folder of numbered pictures, or their name such as
            shot_%04d.png; ``-`` for stdin.
        fps: frames a second, of pictures and of raw frames; of pictures None takes the times of the `timestamps.txt`
            beside them.
        size: (width, height) of raw frames in stdin; None where it is a video.
        pixel_format: "rgb24" or "rgba", of raw frames.
        stream: of a video with several pictures, the number of one in the file, or its language.

    Raises:
        MediaError: it cannot be read.
        OptionError: one of the others is missing, or does not go with the clip.
    """
    source = Path(source)
    if size is not None and source != PIPE:
        raise OptionError(f"‹size› is for raw frames from stdin, and {source} says its own size; leave it out")
    if pixel_format != "rgb24" and size is None:
        raise OptionError(f"‹pixel_format› {pixel_format} is for raw frames, which need ‹size› as well")
    if stream is not None and (size is not None or names_pictures(source)):
        raise OptionError(f"‹video_stream› {stream} is for videos, which may have several; leave it out")
    if size is not None:
        return probe_raw(Stdin(), size, fps, pixel_format)
    if names_pictures(source):
        return probe_pictures(find_pictures(source, fps))
    if fps is not None:
        what = "stdin without ‹size› is a video" if source == PIPE else f"{source} is a video"
        raise OptionError(f"‹fps› is for pictures and raw frames, and {what}, which has its own times; leave it out")
    if source == PIPE:
        return probe_pipe(Stdin(), stream=stream)
    return (probe_animated(source) if stream is None else None) or probe_video(source, stream=stream)


def read_clip(
    info: VideoInfo,
    *,
    start: Fraction | None = None,
    duration: Fraction | None = None,
    keep_going: bool = False,
    smooth_chroma: bool = False,
    alpha: bool = False,
    deinterlace: bool = True,
    threads: int | None = None,
) -> ClipReader:
    """The reader of the clip that `probe_clip` told of; the arguments are those of `VideoReader`.

    Raises:
        MediaError: it cannot be read.
    """
    if isinstance(info, SeriesInfo):
        return PictureReader(info, start=start, duration=duration, keep_going=keep_going, alpha=alpha)
    if isinstance(info, AnimatedInfo):
        return AnimatedReader(info, start=start, duration=duration, keep_going=keep_going, alpha=alpha)
    if isinstance(info, RawInfo):
        return RawReader(info, start=start, duration=duration, keep_going=keep_going, alpha=alpha)
    kind = PipedReader if isinstance(info, PipedInfo) else VideoReader
    return kind(
        info, start=start, duration=duration, keep_going=keep_going, smooth_chroma=smooth_chroma, alpha=alpha,
        deinterlace=deinterlace, threads=threads,
    )  # fmt: skip
