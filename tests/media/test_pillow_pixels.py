"""Pixels out of Pillow, strip by strip."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image as Pillow

from limner.media import pillow_pixels
from limner.media.pillow_pixels import rgb_pixels, turned


@pytest.mark.parametrize("mode", ["RGB", "L", "CMYK", "YCbCr"])
@pytest.mark.parametrize("size", [(1, 1), (300, 417), (70_000, 2), (2, 70_000)])
def test_they_are_what_numpy_makes_of_them(mode: str, size: tuple[int, int]) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (size[1], size[0], 3), dtype=np.uint8)
    image = Pillow.fromarray(noise).convert(mode)
    pixels = rgb_pixels(image)
    assert np.array_equal(pixels, np.asarray(image.convert("RGB")))
    assert pixels.flags.c_contiguous
    assert pixels.flags.writeable


def test_they_are_shared_with_nobody() -> None:
    image = Pillow.new("RGB", (pillow_pixels._STRIP // 100, 250), (1, 2, 3))
    rgb_pixels(image)[:] = 9
    assert image.getpixel((0, 0)) == (1, 2, 3)


@pytest.mark.parametrize("turn", list(Pillow.Transpose))
@pytest.mark.parametrize("size", [(7, 5), (300, 417), (70_000, 2)])
def test_turned_they_are_those_of_the_turned_image(turn: Pillow.Transpose, size: tuple[int, int]) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (size[1], size[0], 3), dtype=np.uint8)
    image = Pillow.fromarray(noise)
    assert turned(noise, None) is noise
    assert np.array_equal(turned(noise, turn), np.asarray(image.transpose(turn)))
    assert np.array_equal(turned(noise[..., 0], turn), np.asarray(image.transpose(turn))[..., 0])
