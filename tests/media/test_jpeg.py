"""JPEG files: the same pixels and bytes as Pillow's reader and writer make."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest
from PIL import Image as Pillow

from limner.media.jpeg import jpeg_bytes, jpeg_pixels


def picture(height: int, width: int) -> np.ndarray:
    ramp = np.linspace(0, 255, width, dtype=np.float32)[None, :, None] * np.linspace(0, 1, height)[:, None, None]
    noise = np.random.default_rng(0).normal(0, 6, (height, width, 3))
    return (ramp * (1.0, 0.7, 0.4) + noise).clip(0, 255).astype(np.uint8)


EXIF = Pillow.Exif()
EXIF[0x010F] = "Maker"


@pytest.mark.parametrize(
    "options",
    [
        {"quality": 95, "subsampling": 0},
        {"quality": 100, "subsampling": 0},
        {"quality": 80, "subsampling": 2},
        {"quality": 1, "subsampling": 2},
        {
            "quality": 95,
            "subsampling": 0,
            "dpi": (300, 300),
            "exif": EXIF.tobytes(),
            "icc_profile": bytes(range(256)) * 600,  # more than one segment holds
            "xmp": b"<x:xmpmeta/>",
            "extra": b"\xff\xed\x00\x04\xff\xdb",  # its contents look like the marker of the tables
        },
    ],
)
@pytest.mark.parametrize("size", [(1, 1), (37, 53), (256, 200)])
def test_every_byte_is_that_of_pillow(options: dict[str, Any], size: tuple[int, int]) -> None:
    pixels = picture(*size)
    expected = io.BytesIO()
    Pillow.fromarray(pixels).save(expected, format="JPEG", **options)
    assert jpeg_bytes(pixels, options) == expected.getvalue()


def test_a_view_of_a_larger_picture_is_written_as_it_looks() -> None:
    whole = picture(80, 90)
    options = {"quality": 95, "subsampling": 0}
    for view in (whole[10:50, 20:70], whole[::2, ::3]):
        assert jpeg_bytes(view, options) == jpeg_bytes(np.ascontiguousarray(view), options)


def test_what_only_pillow_writes_is_left_to_it() -> None:
    options = {"quality": 95, "subsampling": 0}
    assert jpeg_bytes(np.zeros((8, 8), np.uint8), options) is None
    assert jpeg_bytes(np.zeros((1, 70_000, 3), np.uint8), options) is None  # to refuse it in its words


def test_a_spent_picture_is_overwritten_and_written_the_same() -> None:
    pixels, options = picture(500, 300), {"quality": 95, "subsampling": 0}
    expected = jpeg_bytes(pixels, options)
    kept = pixels.copy()
    kept.flags.writeable = False
    assert jpeg_bytes(kept, options, spent=True) == expected
    assert np.array_equal(kept, pixels)
    assert jpeg_bytes(kept.copy(), options, spent=True) == expected


READ = [
    {"quality": 92, "subsampling": 2},
    {"quality": 60, "subsampling": 1},
    {"quality": 85, "subsampling": 0, "progressive": True},
    {"quality": 85, "restart_marker_rows": 1},
    {"quality": 90, "keep_rgb": True},
]


@pytest.mark.parametrize("options", READ)
@pytest.mark.parametrize("orientation", [1, 6])
def test_every_pixel_is_that_of_pillow(options: dict[str, Any], orientation: int) -> None:
    exif = Pillow.Exif()
    exif[0x0112] = orientation
    file = io.BytesIO()
    Pillow.fromarray(picture(97, 131)).save(file, format="JPEG", exif=exif.tobytes(), **options)
    data = file.getvalue()
    pixels = jpeg_pixels(data)
    assert pixels is not None
    assert np.array_equal(pixels, np.asarray(Pillow.open(io.BytesIO(data))))


def test_what_is_not_whole_is_left_to_pillow() -> None:
    file = io.BytesIO()
    Pillow.fromarray(picture(97, 131)).save(file, format="JPEG")
    data = file.getvalue()
    assert jpeg_pixels(data[: len(data) // 2]) is None
    assert jpeg_pixels(b"\xff\xd8 no picture \xff\xd9") is None
    assert jpeg_pixels(data + bytes(20)) is not None
