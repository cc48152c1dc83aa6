"""Moving pictures in GIF, PNG and WebP files: how long each is shown and how often all of them, read from the files.

Pillow rounds the delays of PNG to floating-point milliseconds, and FFmpeg 8.1 cannot read moving WebP at all.
"""

from __future__ import annotations

import mmap
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

_PNG = b"\x89PNG\r\n\x1a\n"
_GIFS = (b"GIF87a", b"GIF89a")
AT_ONCE = Fraction(1, 10)
"""Seconds that browsers show a picture for which the file says 0."""


@dataclass(frozen=True, slots=True)
class Timing:
    """How moving pictures are shown.

    Attributes:
        kind: Pillow's name of the format.
        durations: seconds of each picture, as the file says.
        plays: how often all of them are shown; 0 is for ever.
        skip: pictures in front that do not belong to them.
        cut: what shows that the file is not all there; "" where it is.
    """

    kind: str
    durations: tuple[Fraction, ...]
    plays: int
    skip: int = 0
    cut: str = ""


def read_timing(path: Path) -> Timing | None:
    """None where the file does not move, or is of another kind.

    Raises:
        OSError: it cannot be read.
    """
    with path.open("rb") as file:
        head = file.read(16)
        if not (head.startswith((_PNG, *_GIFS)) or (head[:4] == b"RIFF" and head[8:12] == b"WEBP")):
            return None
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:  # of which only heads are read
            timing = _png(data) if head.startswith(_PNG) else _webp(data) if head[:4] == b"RIFF" else _gif(data)
    if timing is None or not timing.durations:
        return None
    moves = len(timing.durations) > 1 or (timing.cut and timing.kind != "GIF")  # which does not say how many it has
    return timing if moves else None


def _png(data: mmap.mmap) -> Timing | None:
    at, plays, count, skip, shown, ended = len(_PNG), None, 0, 0, [], False
    while at + 12 <= len(data):
        length, name = struct.unpack_from(">I4s", data, at)
        ended = name == b"IEND"
        if at + 12 + length > len(data):
            break
        if name == b"acTL":
            count, plays = struct.unpack_from(">II", data, at + 8)
        elif name == b"fcTL":
            above, below = struct.unpack_from(">HH", data, at + 28)
            shown.append(Fraction(above, below or 100))
        elif name == b"IDAT" and not shown:
            skip = 1  # a picture for programs that know of no others
        at += 12 + length
    cut = f"it has {len(shown)} of {count} pictures" if len(shown) < count else ""
    if not cut and not ended:
        cut = "it has no end"
    return None if plays is None else Timing("PNG", tuple(shown), plays, skip, cut)


def _webp(data: mmap.mmap) -> Timing | None:
    at, plays, shown = 12, None, []
    whole = struct.unpack_from("<I", data, 4)[0] + 8
    while at + 24 <= len(data):
        name, length = struct.unpack_from("<4sI", data, at)
        if name == b"ANIM":
            plays = struct.unpack_from("<H", data, at + 12)[0]
        elif name == b"ANMF":
            shown.append(Fraction(int.from_bytes(data[at + 20 : at + 23], "little"), 1000))
        at += 8 + length + length % 2
    cut = f"it has {len(data):,} of {whole:,} bytes" if len(data) < whole else ""
    return None if plays is None else Timing("WEBP", tuple(shown), plays, cut=cut)


def _gif(data: mmap.mmap) -> Timing:
    plays, delay, shown, cut = 1, 0, [], ""
    try:
        for kind, at in _gif_blocks(data):
            if kind == 0xF9:
                delay = struct.unpack_from("<H", data, at + 2)[0]
            elif kind == 0xFF and data[at + 1 : at + 12] == b"NETSCAPE2.0" and data[at + 13] == 1:
                again = struct.unpack_from("<H", data, at + 14)[0]
                plays = again + 1 if again else 0
            elif kind == 0x2C:
                shown.append(Fraction(delay, 100))
                delay = 0
    except (struct.error, IndexError):
        cut = f"it ends within picture {len(shown)}" if shown else "it ends before its first picture"
    return Timing("GIF", tuple(shown), plays, cut=cut)


def _gif_blocks(data: mmap.mmap) -> Iterator[tuple[int, int]]:
    """(kind, place of its first part) of extensions, and of pictures (0x2C)."""
    at = 13 + _colors(data[10])
    while data[at] != 0x3B:  # the end; without it, no more can be read
        if data[at] == 0x2C:
            begins = at
            at += 10 + _colors(data[at + 9]) + 1
            yield 0x2C, begins
        elif data[at] == 0x21:
            yield data[at + 1], at + 2
            at += 2
        else:
            return
        while data[at]:
            at += 1 + data[at]
        at += 1


def _colors(flags: int) -> int:
    """Bytes of a table of colours."""
    return 3 << (flags % 8 + 1) if flags & 0x80 else 0
