"""How results are written: format, quality, and what of a photo's own data they keep."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from limner.checking import check_fields
from limner.errors import OptionError
from limner.media.formats import MAX_PIXELS, METADATA, format_for
from limner.media.picture_series import MOST_FPS
from limner.media.video_formats import CODECS, PIXEL_FORMATS, PRESETS, STREAMED

ALPHA_MODES = ("multiply", "ignore")
"""What the transparency of a clip does: counts like the matte, or nothing."""

_MOST_SIDE = 32768


@dataclass(frozen=True, slots=True, kw_only=True)
class PhotoSaving:
    """How photos are read and written.

    Attributes:
        format: extension of the results, such as "png"; None is the photo's own where it can hold the result.
        quality: 1 to 100, of formats that lose something; None is the format's usual one.
        trim: crop cut-outs to the person.
        max_pixels: photos with more are refused.
        metadata: "all" that the photo says of itself, all but its place ("no-place"), or "none".

    Raises:
        OptionError: a value cannot be used.
    """

    format: str | None = None
    quality: int | None = None
    trim: bool = False
    max_pixels: int = MAX_PIXELS
    metadata: str = "all"

    def __post_init__(self) -> None:
        check_fields(self)
        if self.quality is not None and not 1 <= self.quality <= 100:
            raise OptionError(f"‹quality› {self.quality} is out of range: say 1 to 100")
        if self.max_pixels < 1:
            raise OptionError(f"‹max_pixels› {self.max_pixels} is out of range: say 1 or more")
        kind = None if self.format is None else format_for(f".{self.format.lower().lstrip('.')}", option="‹format›")
        if kind is not None and self.quality is not None and kind.quality is None:
            raise OptionError(f"‹quality› {self.quality} means nothing in lossless {self.format}; leave it out")
        if self.metadata not in METADATA:
            raise OptionError(f"‹metadata› {self.metadata!r} is unknown: say one of {', '.join(METADATA)}")


@dataclass(frozen=True, slots=True, kw_only=True)
class VideoSaving:
    """How a clip is read and its result written.

    Attributes:
        codec: "h264", "vp9", "prores", "ffv1" or "png"; None is what the result's extension says.
        crf: quality of h264 and vp9, lower is better and larger; None is the codec's usual one.
        preset: "ultrafast" to "veryslow", of h264 and vp9: slower files are smaller; None is "medium".
        start, duration: the part of the clip to take, in seconds; the first frame taken is the first at or after
            ``start``, the last the last before ``start + duration``. None is the beginning, and all that is left.
        fps: frames a second of numbered pictures, where None takes the times of the ``timestamps.txt`` beside them, and
            of raw frames.
        size: (width, height) of raw frames in stdin; None where no raw frames come.
        pixel_format: "rgb24" or "rgba", of raw frames.
        format: of a result that goes to stdout: "mkv", "webm", "ts", "y4m" or "raw"; None is "raw" where raw frames
            come, else "mkv".
        video_stream: of a video with several pictures the one to take, by its number in the file or its language; None
            is the one that moves and is marked as the usual one.
        audio: carry sound.
        audio_stream: of several sounds those to carry, by number or language; none given, all.
        cover: carry the cover picture, as it is: the effect does not reach it.
        keep_going: skip damaged frames instead of stopping at them, see `limner.media.video_reader.VideoReader`.
        deinterlace: make whole frames of those that the clip marks as interlaced.
        alpha: "multiply" lets the clip's own transparency count: nobody is where it is transparent, and it stays where
            the effect keeps the background and the format can hold it. "ignore" takes the clip for opaque.

    Raises:
        OptionError: a value cannot be used, whatever the result's format is.
    """

    codec: str | None = None
    crf: int | None = None
    preset: str | None = None
    start: Fraction | None = None
    duration: Fraction | None = None
    fps: Fraction | None = None
    size: tuple[int, int] | None = None
    pixel_format: str = "rgb24"
    format: str | None = None
    video_stream: str | None = None
    audio: bool = True
    audio_stream: tuple[str, ...] = ()
    cover: bool = False
    keep_going: bool = False
    deinterlace: bool = True
    alpha: str = "multiply"

    def __post_init__(self) -> None:
        check_fields(self)
        if self.codec is not None and self.codec not in CODECS:
            raise OptionError(f"‹codec› {self.codec!r} is unknown: say one of {', '.join(CODECS)}")
        if self.preset is not None and self.preset not in PRESETS:
            raise OptionError(f"‹preset› {self.preset!r} is unknown: say one of {', '.join(PRESETS)}")
        if self.crf is not None and self.crf < 0:
            raise OptionError(f"‹crf› {self.crf} is out of range: say 0 or more")
        check_span(self.start, self.duration)
        if self.audio_stream and not self.audio:
            raise OptionError("‹audio_stream› chooses sound, and ‹audio› is off: say one of the two")
        if self.fps is not None and not 0 < self.fps <= MOST_FPS:
            raise OptionError(f"‹fps› {float(self.fps):g} is no rate of pictures; say more than 0, {MOST_FPS} at most")
        if self.size is not None and not all(0 < side <= _MOST_SIDE for side in self.size):
            raise OptionError(
                f"‹size› {self.size[0]}x{self.size[1]} is out of range: say 1 to {_MOST_SIDE} pixels a side"
            )
        if self.pixel_format not in PIXEL_FORMATS:
            raise OptionError(f"‹pixel_format› {self.pixel_format!r} is unknown: say one of {', '.join(PIXEL_FORMATS)}")
        if self.format is not None and self.format not in STREAMED:
            raise OptionError(f"‹format› {self.format!r} cannot go into a pipe: say one of {', '.join(STREAMED)}")
        if self.alpha not in ALPHA_MODES:
            raise OptionError(f"‹alpha› {self.alpha!r} is unknown: say {' or '.join(ALPHA_MODES)}")


def check_span(start: Fraction | None, duration: Fraction | None) -> None:
    """
    Raises:
        OptionError: `start` is negative or `duration` is not positive.
    """
    if start is not None and not start >= 0:
        raise OptionError(f"‹start› {float(start):g} is before the clip begins; say 0 or more seconds")
    if duration is not None and not duration > 0:
        raise OptionError(f"‹duration› {float(duration):g} is no length; say more than 0 seconds")
