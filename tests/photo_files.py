"""Photos made byte by byte, of kinds that Pillow reads and does not write."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray


def make_png(kind: int, bits: int, rows: ArrayLike, *, clear: Sequence[int] = (), chunks: bytes = b"") -> bytes:
    """A PNG of colour type `kind` (0 grey, 2 RGB) with raw samples (H, W) or (H, W, 3); `clear` is one pixel."""
    samples = np.asarray(rows)
    lines = b""
    for line in samples:
        if bits < 8:
            text = "".join(format(value, f"0{bits}b") for value in line)
            text += "0" * (-len(text) % 8)
            lines += b"\0" + int(text, 2).to_bytes(len(text) // 8, "big")
        else:
            lines += b"\0" + line.astype(">u2" if bits == 16 else "u1").tobytes()
    head = struct.pack(">IIBBBBB", samples.shape[1], samples.shape[0], bits, kind, 0, 0, 0)
    if clear:
        chunks += png_chunk(b"tRNS", struct.pack(f">{len(clear)}H", *clear))
    body = png_chunk(b"IDAT", zlib.compress(lines)) + png_chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + png_chunk(b"IHDR", head) + chunks + body


def png_chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def make_tiff(
    size: tuple[int, int],
    bits: int,
    photometric: int,
    raw: bytes,
    *,
    samples: int = 1,
    extra: int | None = None,
    tags: Sequence[tuple[int, int, Sequence[int]]] = (),
) -> bytes:
    """An uncompressed TIFF of one strip; `size` is (H, W), `tags` are (tag, kind, values).

    Kinds are 1 bytes, 2 text, 3 short, 4 long, 10 fractions of 10000.
    """
    raw += bytes(len(raw) % 2)
    entries = [
        (256, 4, [size[1]]), (257, 4, [size[0]]), (258, 3, [bits] * samples), (259, 3, [1]), (262, 3, [photometric]),
        (273, 4, [8]), (277, 3, [samples]), (278, 4, [size[0]]), (279, 4, [len(raw)]),
        *([] if extra is None else [(338, 3, [extra])]), *tags,
    ]  # fmt: skip
    entries.sort(key=lambda entry: entry[0])
    start = 8 + len(raw)
    at, directory, tail = start + 2 + 12 * len(entries) + 4, struct.pack("<H", len(entries)), b""
    for tag, kind, values in entries:
        data = b"".join(_packed(kind, value) for value in values)
        place = data.ljust(4, b"\0") if len(data) <= 4 else struct.pack("<I", at + len(tail))
        directory += struct.pack("<HHI", tag, kind, len(values)) + place
        tail += b"" if len(data) <= 4 else data
    return b"II*\0" + struct.pack("<I", start) + raw + directory + bytes(4) + tail


def _packed(kind: int, value: int) -> bytes:
    if kind == 10:
        return struct.pack("<ii", value, 10_000)
    return struct.pack({1: "<B", 2: "<B", 3: "<H", 4: "<I"}[kind], value)


def make_dng(picture: NDArray[np.uint16], *, orientation: int = 1) -> bytes:
    """A DNG of a camera whose colours are linear sRGB: `picture` is RGB (H, W, 3) from 0 to 65535, through a Bayer
    pattern of red and green over green and blue."""
    mosaic = picture[..., 1].copy()
    mosaic[::2, ::2], mosaic[1::2, 1::2] = picture[::2, ::2, 0], picture[1::2, 1::2, 2]
    from_xyz = [32405, -15371, -4985, -9693, 18760, 416, 556, -2040, 10572]  # of D65, IEC 61966-2-1
    name = [*b"Made by hand\0"]
    return make_tiff(
        (picture.shape[0], picture.shape[1]), 16, 32803, mosaic.astype("<u2").tobytes(),
        tags=[
            (254, 4, [0]), (271, 2, name), (272, 2, name), (274, 3, [orientation]), (33421, 3, [2, 2]),
            (33422, 1, [0, 1, 1, 2]), (50706, 1, [1, 4, 0, 0]), (50707, 1, [1, 1, 0, 0]), (50708, 2, name),
            (50714, 3, [0]), (50717, 4, [65535]), (50721, 10, from_xyz), (50728, 10, [10_000] * 3), (50778, 3, [21]),
        ],
    )  # fmt: skip


XMP_PACKET = b"""<?xpacket begin="" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about="" xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmlns:tiff="http://ns.adobe.com/tiff/1.0/"
 xmlns:exif="http://ns.adobe.com/exif/1.0/" xmlns:hdrgm="http://ns.adobe.com/hdr-gain-map/1.0/"
 xmlns:dc="http://purl.org/dc/elements/1.1/" xmp:Rating="4" tiff:Orientation="6" exif:GPSLatitude="52,30N"
 exif:PixelXDimension="9" hdrgm:Version="1.0">
<dc:title><rdf:Alt><rdf:li xml:lang="x-default">Am Meer</rdf:li></rdf:Alt></dc:title>
<xmp:Thumbnails><rdf:Alt><rdf:li>c2VjcmV0</rdf:li></rdf:Alt></xmp:Thumbnails>
</rdf:Description></rdf:RDF></x:xmpmeta><?xpacket end="w"?>"""
