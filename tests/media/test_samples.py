"""Samples as they lie in the file, and what they look like: a table of cases, none of which Pillow writes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from limner.errors import MediaError
from limner.media.images import read_image
from photo_files import make_png, make_tiff


def wide(*values: int) -> bytes:
    return np.array(values, "<u2").tobytes()


@pytest.mark.parametrize("bits", [1, 2, 4, 8, 16])
@pytest.mark.parametrize("which", [0, 1, 2])
def test_one_transparent_grey_of_a_png(bits: int, which: int) -> None:
    white = (1 << bits) - 1
    row = [0, white // 2, white]
    image = read_image(make_png(0, bits, [row], clear=[row[which]]))
    assert image.alpha is not None
    assert image.alpha[0].tolist() == [0 if value == row[which] else 255 for value in row]
    shown = [255 if value == row[which] else value * 255 // white for value in row]  # transparent is shown as white
    assert image.pixels[0, :, 0].tolist() == shown


@pytest.mark.parametrize("bits", [8, 16])
def test_one_transparent_colour_of_a_png(bits: int) -> None:
    white = (1 << bits) - 1
    clear = [white // 2, 7, white]
    almost = [white // 2, 7, white - 1]  # in 16 bits it differs in the byte that is cut off
    image = read_image(make_png(2, bits, [[[0, 0, 0], clear, almost]], clear=clear))
    assert image.alpha is not None
    assert image.alpha.tolist() == [[255, 0, 255]]
    assert image.pixels[0, 2].tolist() == [127, 7 if bits == 8 else 0, 254 if bits == 8 else 255]


def test_a_value_that_no_pixel_has_makes_nothing_transparent() -> None:
    assert read_image(make_png(0, 2, [[0, 1, 3]], clear=[2])).alpha is None
    assert read_image(make_png(2, 16, [[[5, 5, 5]]], clear=[5, 5, 6])).alpha is None


@pytest.mark.parametrize(
    ("data", "grey"),
    [
        pytest.param(make_tiff((1, 3), 16, 1, wide(0, 32768, 65535)), [0, 128, 255], id="16 bits"),
        pytest.param(make_tiff((1, 3), 16, 0, wide(0, 32768, 65535)), [255, 127, 0], id="16 bits, white is 0"),
        pytest.param(make_tiff((1, 3), 12, 1, bytes.fromhex("000800fff0")), [0, 128, 255], id="12 bits"),
        pytest.param(make_tiff((1, 3), 8, 0, bytes([0, 100, 255])), [255, 155, 0], id="8 bits, white is 0"),
        pytest.param(make_tiff((1, 4), 1, 0, b"\x50"), [255, 0, 255, 0], id="1 bit, white is 0"),
        pytest.param(make_tiff((1, 4), 4, 1, b"\x07\xf0"), [0, 119, 255, 0], id="4 bits"),
    ],
)
def test_grey_tiff(data: bytes, grey: list[int]) -> None:
    image = read_image(data)
    assert image.pixels[0, :, 0].tolist() == grey
    assert image.alpha is None


@pytest.mark.parametrize(("extra", "grey"), [(1, [128, 10]), (2, [64, 10])])
def test_grey_tiff_with_alpha_multiplied_in_and_apart(extra: int, grey: list[int]) -> None:
    image = read_image(make_tiff((1, 2), 8, 1, bytes([64, 128, 10, 255]), samples=2, extra=extra))
    assert image.alpha is not None
    assert image.alpha.tolist() == [[128, 255]]
    assert image.pixels[0, :, 1].tolist() == grey


def test_alpha_turns_with_the_photo() -> None:
    tags = [(274, 3, [6])]
    data = make_tiff((1, 2), 8, 1, bytes([64, 128, 10, 255]), samples=2, extra=1, tags=tags)
    image = read_image(data)
    assert image.alpha is not None
    assert image.alpha.tolist() == [[128], [255]]
    assert image.pixels[..., 0].tolist() == [[128], [10]]


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (make_tiff((1, 2), 8, 5, bytes(10), samples=5, extra=2), "CMYK with transparency"),
        (make_tiff((1, 4), 10, 1, bytes(5)), r"1 × 10 bits.*save it with 8 or 16"),
        (make_tiff((1, 3), 12, 0, bytes(5)), r"1 × 12 bits"),
        (make_tiff((1, 2), 16, 1, bytes(4), tags=[(339, 3, [2])]), "whose range nobody knows"),
    ],
)
def test_what_cannot_be_read_is_named_and_not_called_damaged(data: Any, words: str) -> None:
    with pytest.raises(MediaError, match=words):
        read_image(data)
