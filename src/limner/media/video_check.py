"""Reads a written video again, before it gets its name: every frame there, at its time, with its alpha."""

from __future__ import annotations

from array import array
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from limner.errors import MediaError
from limner.frame import Frame
from limner.media.video_formats import OutputFormat

_KEPT = 64
_PATCHES = (32, 32)


class AlphaSamples:
    """Small copies of the alpha of evenly spread frames: at most 64 of them, however long the clip."""

    def __init__(self) -> None:
        self.thumbnails: dict[int, NDArray[np.uint8]] = {}
        self.size = (0, 0)
        self._every = 1
        self._next = 0

    def add(self, pixels: Frame) -> None:
        """Takes the next frame, RGBA uint8 (H, W, 4)."""
        self.size = pixels.shape[0], pixels.shape[1]
        if self._next % self._every == 0:
            self.thumbnails[self._next] = alpha_thumbnail(cv2.extractChannel(pixels, 3))
            if len(self.thumbnails) > _KEPT:
                self._every *= 2
                self.thumbnails = {i: t for i, t in self.thumbnails.items() if i % self._every == 0}
        self._next += 1


def alpha_thumbnail(alpha: NDArray[np.uint8] | cv2.typing.MatLike) -> NDArray[np.uint8]:
    """Alpha (H, W) as means of 32x32 patches, uint8."""
    return cv2.resize(alpha, _PATCHES, interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False)


def check_video(
    path: Path, name: Path, output: OutputFormat, ticks: array[int], time_base: Fraction, alpha: AlphaSamples | None
) -> None:
    """Compares a written file with what was meant to be in it.

    Args:
        path: the file as it lies on the disk.
        name: what errors call it.
        ticks: the time of every frame that was written, ascending, in `time_base`.
        alpha: samples taken from the frames as they were written, None where there is no alpha.

    Raises:
        MediaError: frames are missing or too many, a time is off by more than half a tick, or alpha came back wrong.
    """
    try:
        with av.open(str(path.absolute())) as container:
            stream = container.streams.video[0]
            decoder = _decoder(output, stream) if alpha else None
            found: list[int] = []
            for packet in container.demux(stream):
                if packet.size and not packet.is_discard:  # what players would leave out counts as missing
                    if packet.pts is None:
                        raise MediaError(f"{name}: a frame was written without its time")
                    found.append(packet.pts)
                if alpha and decoder:
                    _check_alpha(packet, decoder, output, alpha, len(found) - 1, name)
            found_base = stream.time_base or time_base
    except av.FFmpegError as error:
        raise MediaError(f"{name}: the result cannot be read again ({error.strerror})") from error
    _check_times(name, sorted(found), found_base, ticks, time_base)
    if alpha and alpha.thumbnails:
        raise MediaError(f"{name}: the transparency of {len(alpha.thumbnails)} frames was lost")


def _check_times(name: Path, found: list[int], found_base: Fraction, ticks: array[int], time_base: Fraction) -> None:
    if len(found) != len(ticks):
        raise MediaError(f"{name}: {len(ticks)} frames went in, but {len(found)} are in the file")
    if not found:
        return
    ratio = time_base / found_base
    slack = (ratio if ratio > 1 else Fraction(1)) / 2
    # Muxers without edit lists move all streams together, so times count from the first frame.
    for have, want in zip(found, ticks, strict=True):
        off = (have - found[0]) - (want - ticks[0]) * ratio
        if abs(off) > slack:
            raise MediaError(
                f"{name}: a frame meant for {float((want - ticks[0]) * time_base):.4f} s is "
                f"{float(off * found_base):+.4f} s off in the file"
            )


def _decoder(output: OutputFormat, stream: av.VideoStream) -> av.VideoCodecContext:
    if output.codec.decoder is None:
        return stream.codec_context
    decoder = av.CodecContext.create(output.codec.decoder, "r")
    assert isinstance(decoder, av.VideoCodecContext)
    return decoder


def _check_alpha(
    packet: av.Packet[av.VideoStream],
    decoder: av.VideoCodecContext,
    output: OutputFormat,
    alpha: AlphaSamples,
    index: int,
    name: Path,
) -> None:
    """Decodes a packet and ticks the sample of its frame off. None of these codecs reorders frames."""
    if packet.size == 0 or (output.codec.intra and index not in alpha.thumbnails):
        return
    for frame in decoder.decode(packet):
        wanted = alpha.thumbnails.pop(index, None)
        if wanted is None:
            continue
        if not any(c.is_alpha for c in frame.format.components):
            raise MediaError(f"{name}: the file has lost its transparency")
        height, width = alpha.size  # without the column and row that some codecs need for an even size
        back = cv2.extractChannel(frame.to_ndarray(format="rgba"), 3)[:height, :width]
        off = float(np.abs(alpha_thumbnail(back).astype(np.int16) - wanted).max())
        if off > output.codec.alpha_tolerance:
            raise MediaError(f"{name}: the transparency of frame {index + 1} came back changed by {off:.0f} of 255")
