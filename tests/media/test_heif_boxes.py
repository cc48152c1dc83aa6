"""Boxes of AVIF and HEIC files: what they say of the primary picture, whole or damaged."""

from __future__ import annotations

import io
import struct

import numpy as np
import pytest
from PIL import Image as Pillow

from limner.media.heif_boxes import heif_bits, primary_properties
from limner.media.images import read_image


def heic(bits: int) -> bytes:
    pillow_heif = pytest.importorskip("pillow_heif")
    levels = np.linspace(0, 65535, 48 * 32 * 3).astype(np.uint16) if bits > 8 else np.zeros(48 * 32 * 3, np.uint8)
    made = pillow_heif.from_bytes("RGB;16" if bits > 8 else "RGB", (48, 32), levels.tobytes())
    buffer = io.BytesIO()
    made.save(buffer, **({"bit_depth": bits} if bits > 8 else {}))
    return buffer.getvalue()


def avif() -> bytes:
    buffer = io.BytesIO()
    Pillow.new("RGB", (48, 32), (200, 60, 40)).save(buffer, "AVIF")
    return buffer.getvalue()


def renamed(data: bytes, box: bytes) -> bytes:
    """Without the property of that kind: it is called "free"."""
    assert box in data
    return data.replace(box, b"free")


@pytest.mark.parametrize("bits", [8, 10, 12])
def test_bits_of_heic_are_told_with_and_without_the_box_about_pixels(bits: int) -> None:
    data = heic(bits)
    assert heif_bits(data) == bits
    assert heif_bits(renamed(data, b"pixi")) == bits
    notices = read_image(data, name="p.heic").notices
    assert notices == ((f"p.heic: has {bits} bits a channel; the result has 8",) if bits > 8 else ())


@pytest.mark.parametrize(("flags", "bits"), [(0x00, 8), (0x40, 10), (0x60, 12)])
def test_bits_of_avif_are_told_by_its_pixels_or_its_codec(flags: int, bits: int) -> None:
    data = avif()
    assert heif_bits(data) == 8
    at = data.index(b"av1C") + 6
    deep = data[:at] + bytes([data[at] & 0x9F | flags]) + data[at + 1 :]
    assert heif_bits(deep) == 8  # what is said of the pixels counts
    assert heif_bits(renamed(deep, b"pixi")) == bits
    at = data.index(b"pixi") + 9
    assert heif_bits(data[:at] + bytes([10]) * 3 + data[at + 3 :]) == 10


def test_properties_come_in_their_order_and_those_of_other_pictures_do_not() -> None:
    names = [name for name, _ in primary_properties(avif())]
    assert set(names) >= {b"ispe", b"pixi", b"av1C"}
    other = avif()
    at = other.index(b"pitm") + 8  # the number of the primary picture, after its version
    assert primary_properties(other[:at] + struct.pack(">H", 999) + other[at + 2 :]) == []


@pytest.mark.parametrize("share", [0.05, 0.2, 0.4, 0.6])
def test_a_cut_off_file_is_taken_as_far_as_it_goes(share: float) -> None:
    data = avif()
    assert heif_bits(data[: int(len(data) * share)]) == 8


@pytest.mark.parametrize("data", [b"", b"\0" * 64, b"\0\0\0\x08meta", b"\0\0\0\x14meta\0\0\0\0\0\0\0\x08pitm"])
def test_what_says_nothing_has_eight_bits(data: bytes) -> None:
    assert primary_properties(data) == []
    assert heif_bits(data) == 8
