"""JPEG 2000: lossless both ways, and in the colours that its file names, which Pillow passes over."""

from __future__ import annotations

import io
import struct
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Pillow

from limner.errors import MediaError, OptionError
from limner.media.code_point_colors import make_profile
from limner.media.images import read_image, write_image
from limner.media.jp2_boxes import jp2_profile
from limner.media.primaries import CodePoints
from pictures import noise

P3 = make_profile(CodePoints(12, 13))


def with_profile(data: bytes, profile: bytes, method: int = 2) -> bytes:
    """A JP2 file whose colours are those of a profile instead of a number."""
    at = data.index(b"colr") - 4
    length = int.from_bytes(data[at : at + 4], "big")
    body = struct.pack(">BBB", method, 0, 0) + profile
    box = struct.pack(">I4s", 8 + len(body), b"colr") + body
    head = data.index(b"jp2h") - 4
    whole = int.from_bytes(data[head : head + 4], "big") + len(box) - length
    return data[:head] + struct.pack(">I", whole) + data[head + 4 : at] + box + data[at + length :]


def jp2(pixels: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    Pillow.fromarray(pixels).save(buffer, format="JPEG2000")
    return buffer.getvalue()


@pytest.mark.parametrize("extension", ["jp2", "jpx", "j2k", "JPC"])
@pytest.mark.parametrize("channels", [1, 3, 4])
def test_what_is_written_is_read_again_bit_by_bit(extension: str, channels: int, tmp_path: Path) -> None:
    pixels = np.dstack([noise((40, 56)), noise((40, 56), 1)])[..., :channels].copy()
    if channels == 4:
        pixels[pixels[..., 3] == 0, :3] = 255
    path = tmp_path / f"a.{extension}"
    assert write_image(path, pixels[..., 0] if channels == 1 else pixels) == ()
    bare = path.read_bytes().startswith(b"\xff\x4f\xff\x51")
    assert bare == (extension in ("j2k", "JPC"))
    read = read_image(path)
    assert read.format == "JPEG2000"
    assert np.array_equal(read.pixels, np.repeat(pixels, 3, axis=2) if channels == 1 else pixels[..., :3])
    assert (read.alpha is None) == (channels < 4)
    if read.alpha is not None:
        assert np.array_equal(read.alpha, pixels[..., 3])


@pytest.mark.parametrize("method", [2, 3])
def test_colours_of_a_profile_are_converted(method: int, tmp_path: Path) -> None:
    red = np.full((8, 8, 3), (200, 60, 60), np.uint8)
    data = with_profile(jp2(red), P3, method)
    assert jp2_profile(data) == P3
    wide = read_image(data)
    assert wide.pixels[0, 0, 0] > 208, "the same numbers are a stronger red in P3"
    assert wide.icc == P3
    png = tmp_path / "a.png"
    write_image(png, wide.pixels, like=wide)
    assert np.array_equal(np.asarray(Pillow.open(png)), red), "and go into a file with that profile as they were"
    again = tmp_path / "a.jp2"
    write_image(again, wide.pixels, like=wide)
    assert np.array_equal(read_image(again).pixels, wide.pixels), "JPEG 2000 is written in sRGB"


def test_files_without_a_profile_have_none() -> None:
    plain = jp2(np.zeros((8, 8, 3), np.uint8))
    assert jp2_profile(plain) is None
    assert jp2_profile(plain[plain.index(b"\xff\x4f\xff\x51") :]) is None
    assert jp2_profile(b"") is None


def test_sixteen_bits_become_eight() -> None:
    wide = (np.arange(48 * 48, dtype=np.uint16).reshape(48, 48) * 28).astype(np.uint16)
    grey = read_image(jp2(wide)).pixels[..., 0].astype(float)
    assert np.abs(grey - wide / 257).max() <= 1


def test_a_part_of_a_file_and_what_cannot_be_kept_are_told(tmp_path: Path) -> None:
    data = jp2(noise((40, 56)))
    with pytest.raises(MediaError, match=r"a\.jp2: is truncated or damaged"):
        read_image(data[: len(data) // 2], name="a.jp2")
    with pytest.raises(OptionError, match="lossless"):
        write_image(tmp_path / "a.jp2", np.zeros((4, 4, 3), np.uint8), quality=80)
    exif = Pillow.Exif()
    exif[0x010F] = "Maker"
    Pillow.new("RGB", (8, 8)).save(tmp_path / "a.jpg", exif=exif)
    photo = read_image(tmp_path / "a.jpg")
    told = write_image(tmp_path / "b.jp2", photo.pixels, like=photo)
    assert told == (f"{tmp_path / 'a.jpg'}: its EXIF cannot be kept in a file of the kind JPEG2000",)
