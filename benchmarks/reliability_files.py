"""Photos and clips to harm, and the ways of harming them: cut off, overwritten, empty, of another kind, too large."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path
from random import Random
from typing import Any

import av
import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

Pixels = NDArray[np.uint8]
PHOTO_KINDS = ("jpg", "png", "webp", "avif", "tif", "bmp", "heic", "gif")
CLIP_KINDS: dict[str, tuple[str, str, dict[str, str]]] = {
    "mp4": ("libx264", "yuv420p", {"crf": "20", "g": "8"}),
    "mov": ("prores_ks", "yuv422p10le", {}),
    "mkv": ("ffv1", "yuv420p", {}),
    "webm": ("libvpx-vp9", "yuv420p", {"cpu-used": "8", "deadline": "realtime"}),
    "avi": ("mjpeg", "yuvj420p", {}),
    "ts": ("libx264", "yuv420p", {"crf": "20", "g": "8"}),
}
"""Suffix -> codec, pixel format, options."""


def picture(index: int, size: tuple[int, int] = (120, 160)) -> Pixels:
    """A drawn person before a noisy room, RGB uint8 (H, W, 3)."""
    rng, (height, width) = np.random.default_rng(index), size
    pixels = rng.normal(110, 20, (height, width, 3))
    middle = int(width * (0.5 + 0.1 * np.sin(index / 5)))
    cv2.ellipse(pixels, (middle, height), (width // 5, height // 2), 0, 0, 360, (60, 70, 160), -1)
    cv2.circle(pixels, (middle, height * 2 // 5), height // 6, (205, 165, 140), -1)
    return np.clip(pixels, 0, 255).astype(np.uint8)


def photo(kind: str, index: int = 0, size: tuple[int, int] = (120, 160)) -> bytes:
    """A photo of a format, named by its suffix."""
    if kind == "heic":
        from pillow_heif import register_heif_opener

        register_heif_opener()
    buffer = io.BytesIO()
    name = {"jpg": "JPEG", "tif": "TIFF", "heic": "HEIF"}.get(kind, kind.upper())
    Image.fromarray(picture(index, size)).save(buffer, name)
    return buffer.getvalue()


def clip(path: Path, *, frames: int = 16, size: tuple[int, int] = (96, 128), sound: bool = True) -> Path:
    """A clip whose suffix says what it is, 16 frames a second, with a second sound where its container is MP4."""
    codec, pixel_format, options = CLIP_KINDS[path.suffix[1:]]
    with av.open(str(path), "w") as output:
        stream: Any = output.add_stream(
            codec, rate=16, width=size[1], height=size[0], pix_fmt=pixel_format, options=options
        )
        audio: Any = output.add_stream("aac", rate=16000) if sound and path.suffix == ".mp4" else None
        for index in range(frames):
            frame = av.VideoFrame.from_ndarray(picture(index, size), "rgb24").reformat(format=pixel_format)
            frame.pts, frame.time_base = index, Fraction(1, 16)
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
        if audio is not None:
            tone = np.sin(np.arange(frames * 1000) / 9).astype(np.float32)[None]
            for start in range(0, frames * 1000, 1024):
                heard = av.AudioFrame.from_ndarray(np.ascontiguousarray(tone[:, start : start + 1024]), "fltp", "mono")
                heard.sample_rate, heard.pts = 16000, start
                output.mux(audio.encode(heard))
            output.mux(audio.encode(None))
    return path


def harmed(data: bytes, random: Random) -> tuple[str, bytes]:
    """The name of a way to harm a file, and the harmed file."""
    way: Callable[[bytes, Random], bytes] = random.choice((cut, cut, flipped, zeroed, doubled, shifted))
    return way.__name__, way(data, random)


def cut(data: bytes, random: Random) -> bytes:
    """Cut off anywhere."""
    return data[: random.randrange(1, len(data))]


def flipped(data: bytes, random: Random) -> bytes:
    """A few bytes with other values."""
    changed = bytearray(data)
    for _ in range(random.randrange(1, 12)):
        changed[random.randrange(len(changed))] = random.randrange(256)
    return bytes(changed)


def zeroed(data: bytes, random: Random) -> bytes:
    """A block that a disk lost."""
    start = random.randrange(len(data))
    length = min(random.randrange(1, 4096), len(data) - start)
    return data[:start] + bytes(length) + data[start + length :]


def doubled(data: bytes, random: Random) -> bytes:
    """A part that comes twice."""
    start, end = sorted(random.randrange(len(data)) for _ in range(2))
    return data[:end] + data[start:]


def shifted(data: bytes, random: Random) -> bytes:
    """A byte too few, or one too many."""
    at = random.randrange(len(data))
    return data[:at] + data[at + 1 :] if random.random() < 0.5 else data[:at] + b"\x00" + data[at:]


def bombs() -> Iterator[tuple[str, bytes]]:
    """Small files that say they are pictures of gigabytes; some of them are."""
    for side in (20_000, 60_000):
        yield f"claims-{side}.png", _png(side, side, zlib.compress(b"\x00" * 1000))
    yield "true-20000.png", _png(20_000, 20_000, _zeros(20_000 * (1 + 20_000 // 8)), depth=1, color=0)
    yield (
        "claims.gif",
        b"GIF89a"
        + struct.pack("<HH", 65535, 65535)
        + b"\x80\x00\x00"
        + bytes(6)
        + b"\x2c"
        + bytes(4)
        + struct.pack("<HH", 65535, 65535)
        + b"\x00\x02\x02\x44\x01\x00\x3b",
    )
    bitmap = photo("bmp")
    yield "claims.bmp", bitmap[:18] + struct.pack("<ii", 60_000, 60_000) + bitmap[26:]
    jpeg = photo("jpg")
    at = jpeg.index(b"\xff\xc0") + 5
    yield "claims.jpg", jpeg[:at] + struct.pack(">HH", 65_500, 65_500) + jpeg[at + 4 :]
    tiff = io.BytesIO()
    Image.new("1", (13_000, 13_000)).save(tiff, "TIFF", compression="group4")
    yield "true-13000.tif", tiff.getvalue()
    for kind, size in (("avif", (120, 160)), ("heic", (120, 160))):
        data = photo(kind, size=size)
        at = data.index(b"ispe") + 8
        yield f"claims.{kind}", data[:at] + struct.pack(">II", 60_000, 60_000) + data[at + 8 :]
    webp = photo("webp")
    extended = b"VP8X" + struct.pack("<I", 10) + bytes(4) + (16_383).to_bytes(3, "little") * 2
    body = b"WEBP" + extended + webp[12:]
    yield "claims.webp", b"RIFF" + struct.pack("<I", len(body)) + body


def wide_clip(path: Path) -> Path:
    """An AVI of two frames that says it is 30,000 pixels wide and high."""
    clip(path, frames=2)
    data = bytearray(path.read_bytes())
    at = data.index(b"strf") + 8
    data[at + 4 : at + 12] = struct.pack("<ii", 30_000, 30_000)
    path.write_bytes(bytes(data))
    return path


def strangers(folder: Path) -> Iterator[Path]:
    """Files and folders that are no photo and no clip, whatever their names say; each is made when it is asked for."""
    for kind in ("jpg", "png", "webp", "mp4", "mkv"):
        for name, data in (
            ("empty", b""),
            ("text", b"Dear all,\nthis is a letter.\n" * 20),
            ("zeros", bytes(20_000)),
            ("pdf", b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\ntrailer\n%%EOF\n"),
            ("zip", b"PK\x05\x06" + bytes(18)),
            ("html", b"<!doctype html><title>404</title>Not Found"),
            ("svg", b'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>'),
            ("one-byte", b"\xff"),
        ):
            path = folder / f"{name}.{kind}"
            path.write_bytes(data)
            yield path
        path = folder / f"folder.{kind}"
        path.mkdir()
        yield path
        path = folder / f"nowhere.{kind}"
        path.symlink_to(folder / "gone")
        yield path
        path = folder / f"loop.{kind}"
        path.symlink_to(path.name)
        yield path


def _png(width: int, height: int, data: bytes, *, depth: int = 8, color: int = 2) -> bytes:
    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", width, height, depth, color, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


def _zeros(count: int) -> bytes:
    return zlib.compress(bytes(count), 9)
