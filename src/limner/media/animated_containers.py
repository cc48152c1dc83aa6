"""Files of moving pictures, put together from stills that Pillow encodes one by one.

Pillow's own writers hold every picture of a clip in memory until the last, and round the times of PNG to milliseconds.
What is written here can grow as long as the disk has room; only its head is written again in the end.
"""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Iterator
from fractions import Fraction
from typing import BinaryIO, Protocol

import numpy as np
from PIL import Image as Pillow

from limner.frame import Frame
from limner.media.formats import FORMATS

_PNG = b"\x89PNG\r\n\x1a\n"
_WEBP_QUALITY = FORMATS["WEBP"].quality


class Container(Protocol):
    """A format: stills of it, and the file around them. `ticks`: of a second, in which it counts; 0 is any."""

    ticks: int

    def encode(self, pixels: Frame) -> bytes:
        """What goes into the file of a picture, RGB or RGBA uint8. May run in any thread."""
        ...

    def begin(self, file: BinaryIO, size: tuple[int, int], *, alpha: bool, plays: int) -> None: ...

    def add(self, still: bytes, duration: Fraction) -> None: ...

    def end(self) -> None: ...


class Webp:
    """Moving WebP (lossy, with lossless alpha), each picture whole."""

    ticks = 1000

    def encode(self, pixels: Frame) -> bytes:
        buffer = io.BytesIO()
        Pillow.fromarray(pixels).save(buffer, "WEBP", quality=_WEBP_QUALITY, method=2)
        kept = [chunk for name, chunk in _riff(buffer.getvalue()) if name in (b"ALPH", b"VP8 ", b"VP8L")]
        return b"".join(kept)

    def begin(self, file: BinaryIO, size: tuple[int, int], *, alpha: bool, plays: int) -> None:
        self._file, self._size = file, b"".join((side - 1).to_bytes(3, "little") for side in size)
        head = struct.pack("<4sI4s4sIB3x", b"RIFF", 0, b"WEBP", b"VP8X", 10, 0x12 if alpha else 0x02) + self._size
        file.write(head + struct.pack("<4sI4sH", b"ANIM", 6, bytes(4), min(plays, 0xFFFF)))

    def add(self, still: bytes, duration: Fraction) -> None:
        shown = min(round(duration * 1000), 0xFFFFFF).to_bytes(3, "little")
        self._file.write(
            struct.pack("<4sI", b"ANMF", 16 + len(still)) + bytes(6) + self._size + shown + b"\x02" + still
        )

    def end(self) -> None:
        length = self._file.tell()
        self._file.seek(4)
        self._file.write(struct.pack("<I", length - 8))


class Png:
    """Moving PNG (APNG), lossless, each picture whole."""

    ticks = 0

    def encode(self, pixels: Frame) -> bytes:
        buffer = io.BytesIO()
        Pillow.fromarray(pixels).save(buffer, "PNG", compress_level=4)
        return buffer.getvalue()

    def begin(self, file: BinaryIO, size: tuple[int, int], *, alpha: bool, plays: int) -> None:
        self._file, self._size, self._plays = file, size, plays
        self._pictures = self._numbered = 0

    def add(self, still: bytes, duration: Fraction) -> None:
        chunks = list(_png(still))
        if not self._pictures:
            self._file.write(_PNG + next(whole for name, _, whole in chunks if name == b"IHDR"))
            self._write(b"acTL", struct.pack(">II", 0, self._plays))
        fraction = duration.limit_denominator(0xFFFF)
        if fraction.numerator > 0xFFFF:
            fraction = Fraction(min(round(duration * 100), 0xFFFF), 100)
        self._write(
            b"fcTL",
            struct.pack(">IIIIIHHBB", self._next(), *self._size, 0, 0, fraction.numerator, fraction.denominator, 0, 0),
        )
        for name, body, whole in chunks:
            if name == b"IDAT" and not self._pictures:
                self._file.write(whole)
            elif name == b"IDAT":
                self._write(b"fdAT", struct.pack(">I", self._next()) + body)
        self._pictures += 1

    def end(self) -> None:
        self._write(b"IEND", b"")
        self._file.seek(len(_PNG) + 25)
        self._write(b"acTL", struct.pack(">II", self._pictures, self._plays))

    def _next(self) -> int:
        self._numbered += 1
        return self._numbered - 1

    def _write(self, name: bytes, body: bytes) -> None:
        self._file.write(struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body)))


class Gif:
    """Moving GIF: 255 colours of each picture's own and a transparent one, dithered."""

    ticks = 100

    def encode(self, pixels: Frame) -> bytes:
        picture = Pillow.fromarray(np.ascontiguousarray(pixels[..., :3]))
        palette = picture.quantize(255, method=Pillow.Quantize.MEDIANCUT)
        indices = np.array(picture.quantize(palette=palette, dither=Pillow.Dither.FLOYDSTEINBERG))
        if pixels.shape[2] == 4:
            indices[pixels[..., 3] < 128] = 255
        colors = bytes(palette.getpalette() or ())[: 3 * 255].ljust(768, b"\0")
        buffer = io.BytesIO()
        # A grey picture is written as its samples are; one with colours loses those that it does not use.
        Pillow.fromarray(indices, "L").save(buffer, "GIF", optimize=False, interlace=0)
        return colors + _gif_samples(buffer.getvalue())

    def begin(self, file: BinaryIO, size: tuple[int, int], *, alpha: bool, plays: int) -> None:
        self._file, self._size, self._alpha = file, size, alpha
        file.write(struct.pack("<6sHHBBB", b"GIF89a", *size, 0x70, 0, 0))
        if plays != 1:
            file.write(struct.pack("<BBB11sBBHB", 0x21, 0xFF, 11, b"NETSCAPE2.0", 3, 1, max(0, plays - 1), 0))

    def add(self, still: bytes, duration: Fraction) -> None:
        # One with transparency is taken away before the next, which would show it through its own.
        flags = 2 << 2 | 1 if self._alpha else 1 << 2
        shown = min(round(duration * 100), 0xFFFF)
        self._file.write(struct.pack("<BBBBHBB", 0x21, 0xF9, 4, flags, shown, 255 if self._alpha else 0, 0))
        self._file.write(struct.pack("<BHHHHB", 0x2C, 0, 0, *self._size, 0x87) + still)

    def end(self) -> None:
        self._file.write(b";")


def _riff(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Name and whole of each part of a WebP file, padding included."""
    at = 12
    while at + 8 <= len(data):
        name, length = struct.unpack_from("<4sI", data, at)
        end = at + 8 + length + length % 2
        yield name, data[at:end]
        at = end


def _png(data: bytes) -> Iterator[tuple[bytes, bytes, bytes]]:
    """Name, body and whole of each chunk."""
    at = len(_PNG)
    while at + 8 <= len(data):
        length, name = struct.unpack_from(">I4s", data, at)
        yield name, data[at + 8 : at + 8 + length], data[at : at + 12 + length]
        at += 12 + length


def _gif_samples(data: bytes) -> bytes:
    """What follows the description of the only picture of a GIF file: its compressed samples."""
    at = 13 + (3 << (data[10] % 8 + 1) if data[10] & 0x80 else 0)
    while data[at] == 0x21:
        at += 2
        while data[at]:
            at += 1 + data[at]
        at += 1
    return data[at + 10 + (3 << (data[at + 9] % 8 + 1) if data[at + 9] & 0x80 else 0) : -1]
