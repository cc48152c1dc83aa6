"""A clip's own transparency: where its file keeps it, and how each frame's is read."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal

import av
import cv2
import numpy as np
from numpy.typing import NDArray

Alpha = NDArray[np.uint8]
Place = Literal["frame", "packet", "stream"]
"""Where transparency is: in the decoded frames, beside the packets of VP8 and VP9, or in a stream of its own."""

_BESIDE: Literal["matroska_block_additional"] = "matroska_block_additional"
_DECODERS = {"vp8": "libvpx", "vp9": "libvpx-vp9"}
"""FFmpeg's own decoders of these leave transparency out."""
_GREY = ("gray", "gray10le", "gray12le")


def place_of_alpha(
    container: av.container.InputContainer,
    stream: av.VideoStream,
    packet: av.Packet[av.VideoStream],
    frame: av.VideoFrame,
) -> Place | None:
    """Where a clip has its transparency, as far as its first frame and the packet before it tell; None: nowhere."""
    if any(c.is_alpha for c in frame.format.components):
        return "frame"
    tags = {key.lower(): value for key, value in stream.metadata.items()}
    # Programs that copy streams lose the tag, so the packet counts too; its first number is 1 for transparency.
    beside = packet.has_sidedata(_BESIDE) and bytes(packet.get_sidedata(_BESIDE))[:8] == (1).to_bytes(8, "big")
    if stream.codec_context.name in _DECODERS:
        return "packet" if beside or tags.get("alpha_mode") == "1" else None
    return "stream" if alpha_stream(container, stream) is not None else None


def is_part_of_avif(container: av.container.InputContainer, stream: av.VideoStream) -> bool:
    """Whether `stream` is the still picture of a moving AVIF, or transparency."""
    return _is_avif(container) and (stream.frames == 1 or _is_grey(stream))


def alpha_stream(container: av.container.InputContainer, stream: av.VideoStream) -> av.VideoStream | None:
    """The stream of a moving AVIF that holds the transparency of `stream`; its ticks are the same."""
    if not _is_avif(container):
        return None
    alike = (s for s in container.streams.video if s.frames == stream.frames and s.time_base == stream.time_base)
    return next((s for s in alike if s.index != stream.index and _is_grey(s)), None)


def _is_avif(container: av.container.InputContainer) -> bool:
    return container.metadata.get("major_brand", "").startswith("avi")


def _is_grey(stream: av.VideoStream) -> bool:
    return stream.codec_context is not None and stream.codec_context.pix_fmt in _GREY


def alpha_decoder(stream: av.VideoStream) -> av.VideoCodecContext:
    """A decoder of VP8 or VP9 that gives transparency too."""
    decoder = av.CodecContext.create(_DECODERS[stream.codec_context.name], "r")
    assert isinstance(decoder, av.VideoCodecContext)
    return decoder


def alpha_of(frame: av.VideoFrame) -> Alpha | None:
    """uint8 (H, W) of a decoded frame; None where all of it is opaque."""
    kinds = frame.format.components
    if frame.format.name in _GREY:
        alpha = _plane(frame, 0)
    elif not any(c.is_alpha for c in kinds):
        return None
    elif len(frame.planes) == 4 and not frame.format.name.endswith("be"):
        alpha = _plane(frame, 3)
    else:
        alpha = cv2.extractChannel(frame.to_ndarray(format="rgba"), 3).astype(np.uint8, copy=False)
    return None if alpha.min() == 255 else alpha


def _plane(frame: av.VideoFrame, index: int) -> Alpha:
    """One plane in 8 bits, rounded; grey of limited range, which no alpha has, is not thought of."""
    plane: Any = frame.planes[index]
    bits = frame.format.components[index].bits
    if bits == 8:
        samples = np.frombuffer(plane, np.uint8).reshape(plane.height, -1)[:, : plane.width]
        return np.ascontiguousarray(samples)
    deep = np.frombuffer(plane, "<u2").reshape(plane.height, -1)[:, : plane.width]
    return cv2.convertScaleAbs(deep, alpha=255 / ((1 << bits) - 1)).astype(np.uint8, copy=False)


class AlphaStream:
    """The frames of the stream that holds the transparency of `picture`, in step with it.

    The container must stay open as long as frames are asked for.
    """

    def __init__(self, container: av.container.InputContainer, picture: av.VideoStream, *, threads: int) -> None:
        stream = alpha_stream(container, picture)
        assert stream is not None
        stream.codec_context.thread_count = threads
        self._frames: Iterator[av.VideoFrame] = container.decode(stream)
        self._next: av.VideoFrame | None = None

    def at(self, tick: int | None) -> av.VideoFrame | None:
        """The one of a picture's tick, which must ascend; None where there is none."""
        if tick is None:
            return None
        while self._next is None or (self._next.pts or 0) < tick:
            self._next = next(self._frames, None)
            if self._next is None:
                return None
        return self._next
