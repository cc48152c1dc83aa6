"""What a video file is before any of it is processed: size, turn, colours, timing, and what is unusual about it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
from av.format import Flags as FormatFlags
from av.stream import Disposition

from limner.errors import MediaError
from limner.frame import Frame
from limner.media.hdr_metadata import HdrMetadata, hdr_metadata
from limner.media.pipes import STDIN
from limner.media.stream_choice import choose_streams
from limner.media.video_alpha import Place, alpha_of, is_part_of_avif, place_of_alpha
from limner.media.video_color import ColorTags, tags_of
from limner.suggestions import check_the_name

_PHOTOS = {".jpg", ".jpeg", ".png", ".webp", ".avif", ".tif", ".tiff", ".bmp", ".heic", ".heif"}
_STILL_CODECS = {"mjpeg", "png", "bmp", "tiff", "webp", "jpeg2000", "libjxl"}
_NOT_VIDEO = {"tty", "image2", "concat", "lavfi"}
_FASTEST = 1000
"""Frames a second; what a file says beyond it are its ticks, which FFmpeg takes for a rate where it knows of none."""
# A playlist inside a file must not make this program open an address on the network.
OPEN_OPTIONS = {"protocol_whitelist": "file"}


@dataclass(frozen=True, slots=True)
class Orientation:
    """How a decoded picture must be turned to stand upright: transposed first, then mirrored."""

    transpose: bool = False
    mirror_x: bool = False
    mirror_y: bool = False

    def apply(self, pixels: Frame) -> Frame:
        """RGB uint8 (H, W, 3), upright; the same array where nothing is to be done."""
        if self.transpose:
            pixels = cv2.transpose(pixels).astype(np.uint8, copy=False)
        if self.mirror_x or self.mirror_y:
            code = -1 if self.mirror_x and self.mirror_y else int(self.mirror_x)
            pixels = cv2.flip(pixels, code).astype(np.uint8, copy=False)
        return pixels


@dataclass(frozen=True, slots=True)
class VideoInfo:
    """A video file's facts.

    Attributes:
        width, height: of the upright picture in pixels.
        coded_width, coded_height: of the picture as decoded.
        sample_aspect: width of an upright pixel divided by its height.
        time_base: seconds of one tick of its timestamps.
        rate: mean frames a second, where known.
        origin: the timestamp in seconds that counts as the beginning; not 0 only for streams cut from a broadcast and
            clips that begin before 0.
        duration: seconds, where known.
        bits: of one sample of one channel.
        hdr: what it says of itself as HDR.
        alpha: where its transparency is, if it has any.
        transparent: something of its first frame may be seen through.
        notices: what is unusual and what is done about it, in sentences; what its colours and bits become is for who
            writes them to say.
    """

    path: Path
    width: int
    height: int
    coded_width: int
    coded_height: int
    orientation: Orientation
    sample_aspect: Fraction
    time_base: Fraction
    rate: Fraction | None
    origin: Fraction
    duration: Fraction | None
    codec: str
    container: str
    bits: int
    colors: ColorTags
    hdr: HdrMetadata
    alpha: Place | None
    transparent: bool
    stream_index: int
    notices: tuple[str, ...]


def upright(width: int, height: int) -> dict[str, Any]:
    """Those of the facts that say that pictures of this size are shown as they are stored, with square pixels."""
    return {
        "width": width,
        "height": height,
        "coded_width": width,
        "coded_height": height,
        "orientation": Orientation(),
        "sample_aspect": Fraction(1),
    }


def live_info(name: str, *, width: int, height: int, rate: Fraction | None) -> VideoInfo:
    """Facts of a picture that comes from no file, for `VideoWriter`: upright, square pixels, ticks of 1/90000 s."""
    return VideoInfo(
        path=Path(name),
        **upright(width, height),
        time_base=Fraction(1, 90000),
        rate=rate,
        origin=Fraction(0),
        duration=None,
        codec="",
        container="",
        bits=8,
        colors=ColorTags(),
        hdr=HdrMetadata(),
        alpha=None,
        transparent=False,
        stream_index=-1,
        notices=(),
    )


def open_video(path: Path) -> av.container.InputContainer:
    """The file, open for reading.

    Raises:
        MediaError: it is missing, a folder, empty, not permitted, a photo, or nothing that can be decoded.
    """
    if not path.exists():
        raise MediaError(f"{path}: no such file{check_the_name(path)}")
    if not path.is_file():
        raise MediaError(f"{path}: is not a file; name a video file")
    if not os.access(path, os.R_OK):
        raise MediaError(f"{path}: permission denied; make it readable first")
    if _is_empty(path):
        raise MediaError(f"{path}: the file is empty; copy or download it again")
    try:
        container = av.open(str(path.absolute()), options=dict(OPEN_OPTIONS))
    except (av.FFmpegError, ValueError) as error:
        _refuse_photo(path)
        raise MediaError(
            f"{path}: cannot be read as a video ({reason(error)}); is it damaged or another kind of file?"
        ) from None
    refuse_other(container, path)
    return container


def refuse_other(container: av.container.InputContainer, path: Path) -> None:
    """
    Raises:
        MediaError: what was opened is a photo, or text. It is closed then.
    """
    if container.format.name in _NOT_VIDEO or container.format.name.endswith("_pipe"):
        container.close()
        _refuse_photo(path, certain=container.format.name != "tty")
        raise MediaError(f"{path}: is not a video; name a video file")


def picture_stream(
    container: av.container.InputContainer, path: Path, wanted: str | int | None = None
) -> av.VideoStream:
    """The stream that is the clip: one that moves, before one that is marked as the usual one, before the first.

    Args:
        wanted: the number of another in the file, or its language.

    Cover pictures do not count. A still before the clip, and the single picture of a moving AVIF, count for nothing
    where something moves.

    Raises:
        MediaError: there is none, or nothing here can decode it.
        OptionError: there is none that is `wanted`.
    """
    streams = [s for s in container.streams.video if not s.disposition & Disposition.attached_pic]
    if not streams:
        kinds = sorted({s.type for s in container.streams})
        what = f"only {', '.join(kinds)}" if kinds else "nothing is in it"
        raise MediaError(f"{path}: has no moving picture ({what}); name a video file")
    if wanted is not None:
        streams = choose_streams(streams, [str(wanted)], option="video_stream", what="pictures", name=str(path))
    chosen = min(streams, key=lambda s: (_is_still(s), not s.disposition & Disposition.default, s.index))
    if chosen.codec_context is None:
        raise MediaError(f"{path}: its video codec is not supported; convert it to H.264 first")
    return chosen


def _is_still(stream: av.VideoStream) -> bool:
    still = Disposition.still_image | Disposition.timed_thumbnails
    if stream.frames == 1 or stream.disposition & still:
        return True
    # Matroska counts no frames: a codec of photos beside one of videos holds a photo, mostly.
    return stream.frames == 0 and stream.codec_context is not None and stream.codec_context.name in _STILL_CODECS


def probe_video(path: str | Path, *, stream: str | None = None) -> VideoInfo:
    """Facts about a video file; decodes its first frame.

    Args:
        stream: of several with a picture, the number of one in the file, or its language.

    Raises:
        MediaError: it cannot be read as a video.
        OptionError: it has no such stream.
    """
    path = Path(path)
    with open_video(path) as container:
        picture = picture_stream(container, path, stream)
        packet, frame = _first_frame(container, picture, path)
        return info_of(container, picture, packet, frame, path)


def info_of(
    container: av.container.InputContainer,
    stream: av.VideoStream,
    packet: av.Packet[av.VideoStream],
    frame: av.VideoFrame,
    path: Path,
) -> VideoInfo:
    """Facts about a video that is open, by the first packet and the first frame of its picture."""
    alpha = place_of_alpha(container, stream, packet, frame)
    orientation, turn_notice = orientation_of(frame)
    aspect = stream.sample_aspect_ratio or Fraction(1)
    aspect = aspect if aspect > 0 else Fraction(1)
    swap = orientation.transpose
    flags: Any = container.format.flags
    starts_anywhere = bool(flags & FormatFlags.ts_discont.value)
    ticks = stream.time_base or Fraction(1, 90000)
    start = round(Fraction(container.start_time or 0, av.time_base) / ticks) * ticks
    # Clips cut from a broadcast begin anywhere; a clip that begins before 0 would lose what lies there.
    first = Fraction(0) if frame.pts is None else frame.pts * ticks
    rates = stream.average_rate, stream.guessed_rate
    if frame.pts is None:  # a raw stream has no times to average: there that is a default of the demuxer
        rates = stream.guessed_rate, stream.average_rate
    return VideoInfo(
        path=path,
        width=frame.height if swap else frame.width,
        height=frame.width if swap else frame.height,
        coded_width=frame.width,
        coded_height=frame.height,
        orientation=orientation,
        sample_aspect=1 / aspect if swap else aspect,
        time_base=ticks,
        rate=next((rate for rate in rates if rate and rate <= _FASTEST), None),
        origin=start if starts_anywhere else min(Fraction(0), first),
        duration=_duration(container, stream),
        codec=stream.codec_context.name,
        container=container.format.name,
        bits=max((c.bits for c in frame.format.components), default=8),
        colors=tags_of(frame),
        hdr=hdr_metadata(frame),
        alpha=alpha,
        transparent=alpha_of(frame) is not None if alpha == "frame" else alpha is not None,
        stream_index=stream.index,
        notices=tuple(_notices(container, stream, frame) + turn_notice),
    )


def _first_frame(
    container: av.container.InputContainer, stream: av.VideoStream, path: Path
) -> tuple[av.Packet[av.VideoStream], av.VideoFrame]:
    """The first frame that can be decoded, and the first packet."""
    fault, first = "it holds no picture", None
    try:
        for packet in container.demux(stream):
            first = first or packet
            try:
                for frame in packet.decode():
                    return first, frame
            except av.FFmpegError as error:
                fault = reason(error)
    except av.FFmpegError as error:
        fault = reason(error)
    raise MediaError(f"{path}: no frame of it can be decoded ({fault}); it is damaged or cut off")


def orientation_of(frame: av.VideoFrame) -> tuple[Orientation, list[str]]:
    sides: Any = frame.side_data
    for side in sides:
        if side.type.name != "DISPLAYMATRIX":
            continue
        a, b, _, c, d = (int(v) for v in np.frombuffer(bytes(side), np.int32)[:5])
        if a == d == 0 and b and c:
            return Orientation(True, mirror_x=c < 0, mirror_y=b < 0), []
        if b == c == 0 and a and d:
            return Orientation(False, mirror_x=a < 0, mirror_y=d < 0), []
        return Orientation(), ["It asks to be turned by an angle that is no quarter turn; it was left as it is."]
    return Orientation(), []


def _duration(container: av.container.InputContainer, stream: av.VideoStream) -> Fraction | None:
    if stream.duration and stream.time_base:
        return stream.duration * stream.time_base
    return Fraction(container.duration, av.time_base) if container.duration else None


def _notices(container: av.container.InputContainer, stream: av.VideoStream, frame: av.VideoFrame) -> list[str]:
    found = []
    for other in container.streams.video:
        cover = other.disposition & Disposition.attached_pic  # who copies streams says what became of it
        if other.index == stream.index or cover or is_part_of_avif(container, other):
            continue
        found.append(
            f"A second video stream (stream {other.index}) was left out: it may show the background that was to go."
        )
    return found


def _is_empty(path: Path) -> bool:
    try:
        return path.stat().st_size == 0
    except OSError:  # gone since; opening it says so
        return False


def _refuse_photo(path: Path, *, certain: bool = False) -> None:
    if certain or path.suffix.lower() in _PHOTOS:
        raise MediaError(f"{path}: is a photo, not a video; use: limner image {'-' if path == STDIN else path}")


def reason(error: Exception) -> str:
    return str(getattr(error, "strerror", None) or error).strip() or type(error).__name__
