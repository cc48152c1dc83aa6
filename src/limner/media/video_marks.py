"""Whether a video file is all there: the length that its container promises against the bytes of the file."""

from __future__ import annotations

import io
import struct
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, BinaryIO

_EBML, _SEGMENT = b"\x1a\x45\xdf\xa3", b"\x18\x53\x80\x67"
_BOXES = (b"ftyp", b"styp", b"moov", b"mdat", b"moof", b"sidx", b"free", b"skip", b"wide", b"pnot", b"uuid")


@dataclass(frozen=True, slots=True)
class Marks:
    """Bytes of a file, those that its container promises, and the kind of the box that ends last (MP4)."""

    size: int
    promised: int
    last: bytes = b""

    @property
    def cut(self) -> bool:
        return self.promised > self.size

    def __str__(self) -> str:
        return f"it has {self.size:,} of {self.promised:,} bytes"


def read_marks(path: Path) -> Marks | None:
    """None where nothing is promised: transport streams, raw streams, and what was written into a pipe."""
    size, last = path.stat().st_size, b""
    with path.open("rb") as file:
        head = file.read(12)
        if head[:4] == _EBML:
            promised = _matroska(file)
        elif head[4:8] in _BOXES:
            promised, last = _boxes(file, size)
        elif head[:4] == b"RIFF":
            promised = _riff(file, size)
        else:
            promised = 0
    return Marks(size, promised, last) if promised else None


def why_cut_off(
    path: Path, stream: Any, *, packets: int | None, reached: Fraction | None, step: Fraction
) -> str | None:
    """What shows that pictures are missing at the end of a file that was read to its end; None where none are.

    Bytes that are missing behind the last picture, an index or tags, harm nobody.

    Args:
        stream: of its pictures, as PyAV has it.
        packets: how many of them were read, where that was all of them.
        reached: seconds at which the last one ends.
        step: seconds between two pictures.
    """
    marks, entries = read_marks(path), stream.index_entries
    if marks is not None and marks.last and len(entries):  # MP4 and QuickTime list every picture
        if packets is not None and packets < len(entries):
            return f"it has {packets} of {len(entries)} frames"
        short = max(entry.pos + entry.size for entry in entries) > marks.size
        return str(marks) if short or (marks.cut and marks.last == b"moof") else None
    if marks is not None and not marks.cut:
        return None
    if stream.frames > 0 and (packets or 0) >= stream.frames:  # AVI counts its pictures in front
        return None
    if stream.frames > 0 and reached is not None and reached > stream.frames * step - step / 2:
        return None
    tag = {key.upper(): value for key, value in stream.metadata.items()}.get("DURATION")
    if tag and reached is not None:
        hours, minutes, seconds = tag.split(":")
        length = int(hours) * 3600 + int(minutes) * 60 + Fraction(seconds)
        if reached < length - step:
            return f"it ends at {float(reached):.2f} of {float(length):.2f} s"
        return None
    return str(marks) if marks else None


def promised_by(head: bytes) -> int:
    """Bytes of a Matroska or WebM file that begins with `head`; 0 where it does not say, or is another kind of file."""
    return _matroska(io.BytesIO(head)) if head.startswith(_EBML) else 0


def _matroska(file: BinaryIO) -> int:
    """Where the segment ends; 0 where that is left open, as live recordings do."""
    at = 0
    while True:
        file.seek(at)
        head = file.read(12)
        if len(head) < 5:
            return 0
        identity = head[: _width(head[0], 4)]
        width = _width(head[len(identity)], 8)
        digits = head[len(identity) : len(identity) + width]
        length = int.from_bytes(digits, "big") & ((1 << 7 * width) - 1)
        if length == (1 << 7 * width) - 1:
            return 0
        at += len(identity) + width + length
        if identity == _SEGMENT:
            return at


def _width(first: int, most: int) -> int:
    """Bytes of a number of variable length, by its first byte."""
    return min(most, 9 - first.bit_length()) if first else most


def _boxes(file: BinaryIO, size: int) -> tuple[int, bytes]:
    """Where the last box of an MP4 or QuickTime file ends, and which it is."""
    at, name = 0, b""
    while at + 8 <= size:
        file.seek(at)
        head = file.read(16)
        length = int.from_bytes(head[:4], "big")
        if length == 1 and len(head) == 16:
            length = int.from_bytes(head[8:], "big")
        if length < 8:  # 0 is up to the end of the file; anything else is no box but what was put behind the file
            return size, name or head[4:8]
        at, name = at + length, head[4:8]
    return at, name


def _riff(file: BinaryIO, size: int) -> int:
    """Where the last part of an AVI file ends; 0 where its writer never came to say."""
    at = end = 0
    while at + 8 <= size:
        file.seek(at)
        name, length = struct.unpack("<4sI", file.read(8))
        if name != b"RIFF" or length in (0, 0xFFFFFFFF):
            break
        end = at + 8 + length
        at = end + length % 2
    return end
