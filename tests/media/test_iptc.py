"""IPTC: titles, keywords and rights stay where the format has a place for them, and what has none is named."""

from __future__ import annotations

import io
import struct
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Pillow
from PIL import IptcImagePlugin, TiffImagePlugin

from limner.media.image import Image
from limner.media.images import read_image, write_image
from limner.media.iptc import clean_iptc, jpeg_segment
from photo_files import XMP_PACKET

PICTURE = np.full((24, 32, 3), 90, np.uint8)


def fields(*entries: tuple[int, int, bytes]) -> bytes:
    return b"".join(b"\x1c" + bytes([r, f]) + struct.pack(">H", len(v)) + v for r, f, v in entries)


TITLE, WORD, CITY = (2, 5, "Am Meer ☀".encode()), (2, 25, b"sea"), (2, 90, b"Lagos")
PREVIEW = (2, 202, b"\xff\xd8secret")
EVERYTHING = fields(
    (1, 90, b"\x1b%G"), (1, 0, b"\0\4"), TITLE, WORD, (2, 25, b"sun"), CITY, PREVIEW, (7, 10, b"\0\0"), (8, 10, b"more")
)


def jpeg(iptc: bytes) -> bytes:
    buffer = io.BytesIO()
    Pillow.fromarray(PICTURE).save(buffer, "JPEG", extra=jpeg_segment(iptc))
    return buffer.getvalue()


def tiff(value: bytes, kind: int) -> bytes:
    directory = TiffImagePlugin.ImageFileDirectory_v2()
    directory.tagtype[33723] = kind
    directory[33723] = value
    buffer = io.BytesIO()
    Pillow.fromarray(PICTURE).save(buffer, "TIFF", tiffinfo=directory)
    return buffer.getvalue()


def as_longs(value: bytes) -> bytes:
    """A TIFF that calls the bytes long numbers, as many programs do."""
    padded = value + bytes(-len(value) % 4)
    data, entry = tiff(padded, 7), struct.pack("<HHI", 33723, 7, len(padded))
    assert data.count(entry) == 1
    return data.replace(entry, struct.pack("<HHI", 33723, 4, len(padded) // 4))


def swapped(value: bytes) -> bytes:
    padded = value + bytes(-len(value) % 4)
    return np.frombuffer(padded, np.uint32).byteswap().tobytes()


def told(path: Path) -> dict[tuple[int, int], bytes | list[bytes]]:
    with Pillow.open(path) as opened:
        return IptcImagePlugin.getiptcinfo(opened) or {}


SOURCES = {
    "JPEG": jpeg(EVERYTHING),
    "TIFF": tiff(EVERYTHING, 7),
    "TIFF with bytes": tiff(EVERYTHING, 1),
    "TIFF with longs": as_longs(EVERYTHING),
    "TIFF with longs in the other order": as_longs(swapped(EVERYTHING)),
}


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("extension", ["jpg", "tif"])
@pytest.mark.parametrize(
    ("metadata", "title", "place"), [("all", True, True), ("no-place", True, False), ("none", False, False)]
)
def test_through_a_file(tmp_path: Path, source: str, extension: str, metadata: str, title: bool, place: bool) -> None:
    image = read_image(SOURCES[source])
    path = tmp_path / f"o.{extension}"
    assert write_image(path, image.pixels, like=image, metadata=metadata) == ()
    found = told(path)
    assert (found.get((2, 5)) == TITLE[2], found.get((2, 90)) == CITY[2]) == (title, place)
    if title:
        assert found[2, 25] == [b"sea", b"sun"]
        assert found[1, 90] == b"\x1b%G"
    assert (2, 202) not in found
    assert b"secret" not in path.read_bytes()
    assert read_image(path).iptc == image.iptc or metadata != "all"
    assert np.abs(read_image(path).pixels.astype(int) - PICTURE).max() <= 2


@pytest.mark.parametrize("extension", ["png", "webp", "avif", "heic", "bmp"])
def test_where_it_has_no_place_it_is_named(tmp_path: Path, extension: str) -> None:
    image = read_image(SOURCES["JPEG"], name="sea.jpg")
    (notice,) = write_image(tmp_path / f"o.{extension}", image.pixels, like=image)
    assert notice.startswith("sea.jpg: its IPTC cannot be kept")
    assert write_image(tmp_path / f"o.{extension}", image.pixels, like=image, metadata="none") == ()


def test_all_of_it_in_one_tiff(tmp_path: Path) -> None:
    exif = Pillow.Exif()
    exif[0x010F] = "Maker"
    exif[0x8769] = {0x9003: "2024:05:06 07:08:09"}
    buffer = io.BytesIO()
    Pillow.fromarray(PICTURE).save(buffer, "JPEG", exif=exif, xmp=XMP_PACKET, extra=jpeg_segment(EVERYTHING))
    image = read_image(buffer.getvalue())
    assert write_image(tmp_path / "o.tif", image.pixels, like=image) == ()
    again = read_image(tmp_path / "o.tif")
    assert (again.xmp, again.iptc) == (image.xmp, image.iptc)
    assert b"Am Meer" in (again.xmp or b"")
    with Pillow.open(tmp_path / "o.tif") as opened:
        assert opened.getexif()[0x010F] == "Maker"
        assert opened.getexif().get_ifd(0x8769)[0x9003] == "2024:05:06 07:08:09"


def test_texts_alone_leave_the_compression(tmp_path: Path) -> None:
    image = read_image(SOURCES["JPEG"])
    write_image(tmp_path / "o.tif", image.pixels, like=image)
    with Pillow.open(tmp_path / "o.tif") as opened:
        assert opened.info["compression"] == "tiff_lzw"


def test_a_bmp_names_what_it_cannot_hold_and_is_srgb(tmp_path: Path) -> None:
    exif = Pillow.Exif()
    exif[0x010F] = "Maker"
    buffer = io.BytesIO()
    Pillow.fromarray(PICTURE).save(buffer, "JPEG", exif=exif, xmp=XMP_PACKET)
    image = read_image(buffer.getvalue(), name="sea.jpg")
    assert write_image(tmp_path / "o.bmp", image.pixels, like=image) == (
        "sea.jpg: its EXIF and XMP cannot be kept in a file of the kind BMP",
    )
    native = np.full_like(PICTURE, 40)  # the same colour in a profile of its own
    profiled = Image(pixels=PICTURE, icc=b"never looked at", native=native)
    write_image(tmp_path / "o.bmp", PICTURE, like=profiled)
    assert np.array_equal(read_image(tmp_path / "o.bmp").pixels, PICTURE)


def test_what_is_too_long_for_a_jpeg_is_named(tmp_path: Path) -> None:
    long = fields(*[(2, 25, b"word" * 5000)] * 5)
    image = Image(pixels=PICTURE, iptc=long, xmp=XMP_PACKET.replace(b"Am Meer", b"Am Meer" * 20_000), name="sea.jpg")
    (notice,) = write_image(tmp_path / "o.jpg", PICTURE, like=image)
    assert notice == "sea.jpg: its XMP and IPTC cannot be kept in a file of the kind JPEG"
    assert write_image(tmp_path / "o.tif", PICTURE, like=image) == ()


@pytest.mark.parametrize(
    ("data", "left"),
    [
        (b"", None),
        (b"nothing of the kind", None),
        (fields((1, 90, b"\x1b%G")), None),
        (fields((2, 0, b"\0\4")), None),
        (fields(TITLE) + b"\x1c\x02", fields(TITLE)),
        (fields(TITLE) + b"\x1c\x02\x19\x00\x50cut", fields(TITLE)),
        (fields(TITLE) + b"\x1c\x02\x19\x80\x04\0\0\0\1x", fields(TITLE)),
        (fields(TITLE, WORD) + b"\0\0\0", fields(TITLE, WORD)),
    ],
)
def test_damaged_fields_go(data: bytes, left: bytes | None) -> None:
    assert clean_iptc(data) == left
