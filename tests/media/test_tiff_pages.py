"""The photo of a TIFF, not its preview."""

from __future__ import annotations

import io
import struct

import numpy as np
import pytest
from PIL import Image as Pillow
from PIL import TiffImagePlugin

from limner.errors import MediaError
from limner.media.images import read_image
from limner.media.tiff_pages import count_pages
from photo_files import make_tiff

REDUCED, SUB_PICTURES = (254, 4, [1]), 330


def pages(*made: tuple[tuple[int, int], int, int]) -> bytes:
    """A TIFF of pictures ((H, W), grey, NewSubfileType)."""
    buffer = io.BytesIO()
    with TiffImagePlugin.AppendingTiffWriter(buffer, True) as file:
        for size, grey, kind in made:
            Pillow.fromarray(np.full((*size, 3), grey, np.uint8)).save(file, "TIFF", tiffinfo={254: kind})
            file.newFrame()
    return buffer.getvalue()


def test_the_largest_full_picture_wins_over_a_preview_in_front() -> None:
    image = read_image(pages(((4, 6), 10, 1), ((20, 30), 100, 0), ((40, 60), 200, 0), ((80, 90), 50, 1)))
    assert image.pixels.shape == (40, 60, 3)
    assert (image.pixels == 200).all()
    assert "behind its preview" in image.notices[0]


def test_the_first_page_of_a_document_stays_the_first() -> None:
    image = read_image(pages(((20, 30), 100, 0), ((40, 60), 200, 0)))
    assert (image.pixels == 100).all()
    assert "only the first" in image.notices[0]


def test_the_limit_of_pixels_holds_for_the_picture_that_is_read() -> None:
    with pytest.raises(MediaError, match="60×40 pixels"):
        read_image(pages(((4, 6), 10, 1), ((40, 60), 200, 0)), max_pixels=1000)


def chain(count: int, first: int = 0) -> bytes:
    """A TIFF of so many pictures of one pixel, which share it; the last of them is followed by the ``first``."""
    data = bytearray(b"II*\0" + struct.pack("<II", 12, 0))
    for number in range(count):
        entries = [(254, 4, 1), (256, 3, 1), (257, 3, 1), (258, 3, 8), (262, 3, 1), (273, 4, 8), (279, 4, 1)]
        at = len(data) + 2 + 12 * len(entries) + 4
        data += struct.pack("<H", len(entries)) + b"".join(
            struct.pack("<HHII", tag, kind, 1, value) for tag, kind, value in entries
        )
        data += struct.pack("<I", at if number < count - 1 else first)
    return bytes(data)


def test_pages_are_counted_without_a_look_at_each() -> None:
    many = chain(30_000)
    assert count_pages(many) == 30_000
    with pytest.raises(MediaError, match="not in it"):  # all are previews; Pillow would take minutes to count them
        read_image(many)
    assert count_pages(chain(3, first=12)) == 3
    assert count_pages(chain(3, first=10**9)) == 3
    assert count_pages(pages(((4, 6), 10, 1), ((20, 30), 100, 0))) == 2
    assert [count_pages(data) for data in (b"", b"II*\0", b"MM\0*" + bytes(8), b"II+\0" + bytes(30))] == [0] * 4


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (make_tiff((1, 2), 8, 1, bytes(2), tags=[REDUCED]), "not in it"),
        (make_tiff((1, 2), 8, 1, bytes(2), tags=[REDUCED, (SUB_PICTURES, 4, [8])]), "raw files of cameras"),
    ],
)
def test_a_preview_without_its_photo_is_refused(data: bytes, words: str) -> None:
    with pytest.raises(MediaError, match=words):
        read_image(data)
