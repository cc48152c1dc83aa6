"""XMP: what describes the photo stays, what shows it as it was goes."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Pillow

from limner.media.images import read_image, write_image
from limner.media.xmp import clean_xmp
from photo_files import XMP_PACKET


def test_what_stays_and_what_goes() -> None:
    text = (clean_xmp(XMP_PACKET) or b"").decode()
    assert 'xmp:Rating="4"' in text
    assert "Am Meer" in text
    assert 'tiff:Orientation="1"' in text
    assert "52,30N" in text
    for gone in ("Thumbnails", "c2VjcmV0", "hdrgm", "PixelXDimension"):
        assert gone not in text
    placeless = (clean_xmp(XMP_PACKET, place=False) or b"").decode()
    assert "GPS" not in placeless
    assert "Am Meer" in placeless


@pytest.mark.parametrize("extension", ["jpg", "png", "webp", "avif", "tif"])
@pytest.mark.parametrize(
    ("metadata", "title", "place"), [("all", True, True), ("no-place", True, False), ("none", False, False)]
)
def test_through_a_file(tmp_path: Path, extension: str, metadata: str, title: bool, place: bool) -> None:
    buffer = io.BytesIO()
    Pillow.fromarray(np.full((24, 32, 3), 90, np.uint8)).save(buffer, "JPEG", xmp=XMP_PACKET)
    image = read_image(buffer.getvalue())
    write_image(tmp_path / f"o.{extension}", image.pixels, like=image, metadata=metadata)
    again = read_image(tmp_path / f"o.{extension}").xmp or b""
    assert (b"Am Meer" in again, b"52,30N" in again) == (title, place)


@pytest.mark.parametrize(
    "packet", [b"", b"<x", b"no xml", b"<!DOCTYPE a><a/>", b"<a><b/></a>", XMP_PACKET[:400], b"\xff\xfe\0\0"]
)
def test_what_is_no_xmp_is_left_out(packet: bytes) -> None:
    assert clean_xmp(packet) is None
