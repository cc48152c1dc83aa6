"""Colours told by numbers: they come out as the same colours in sRGB, and results stay in the photo's own."""

from __future__ import annotations

import io
import struct
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Pillow

from limner.media.code_points import exif_code_points, heif_code_points, png_code_points
from limner.media.images import read_image, write_image
from limner.media.primaries import ADOBE_RGB, CodePoints
from photo_files import make_png, png_chunk

PATCHES = np.array([[[200, 120, 80], [60, 140, 90], [128, 128, 128], [255, 255, 255], [0, 0, 0], [90, 90, 200]]])

TO_XYZ = {  # linear RGB to XYZ (D65), from the standards
    1: [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]],
    12: [[0.4865709, 0.2656677, 0.1982173], [0.2289746, 0.6917385, 0.0792869], [0.0, 0.0451134, 1.0439444]],
    9: [[0.6369580, 0.1446169, 0.1688810], [0.2627002, 0.6779981, 0.0593017], [0.0, 0.0280727, 1.0609851]],
    ADOBE_RGB: [
        [0.5767309, 0.1855540, 0.1881852],
        [0.2973769, 0.6273491, 0.0752741],
        [0.0270343, 0.0706872, 0.9911085],
    ],
}


def decoded(values: np.ndarray, gamma: float | None) -> np.ndarray:
    part = values / 255
    return part**gamma if gamma else np.where(part <= 0.04045, part / 12.92, ((part + 0.055) / 1.055) ** 2.4)


def coded(light: np.ndarray) -> np.ndarray:
    light = light.clip(0, 1)
    return np.where(light <= 0.0031308, light * 12.92, 1.055 * light ** (1 / 2.4) - 0.055) * 255


def in_srgb(values: np.ndarray, primaries: int, gamma: float | None) -> np.ndarray:
    matrix = np.linalg.inv(np.array(TO_XYZ[1])) @ np.array(TO_XYZ[primaries])
    return coded(decoded(values, gamma) @ matrix.T)


def cicp(primaries: int, transfer: int) -> bytes:
    return png_chunk(b"cICP", bytes([primaries, transfer, 0, 1]))


@pytest.mark.parametrize(
    ("primaries", "transfer", "gamma"), [(12, 13, None), (9, 13, None), (9, 14, None), (12, 4, 2.2), (1, 8, 1.0)]
)
def test_png_with_cicp(primaries: int, transfer: int, gamma: float | None) -> None:
    image = read_image(make_png(2, 8, PATCHES, chunks=cicp(primaries, transfer)))
    assert np.abs(image.pixels - in_srgb(PATCHES, primaries, gamma)).max() <= 2
    assert image.native is not None
    assert np.array_equal(image.native, PATCHES)
    buffer = io.BytesIO()
    write_image(buffer, image.pixels, like=image, format="png")
    again = read_image(buffer.getvalue())  # nothing was changed: the same pixels, and the same colours
    assert again.native is not None
    assert np.array_equal(again.native, PATCHES)
    assert np.abs(again.pixels.astype(int) - image.pixels).max() <= 1


def test_srgb_by_numbers_is_left_alone_and_wins_over_a_profile() -> None:
    assert np.array_equal(read_image(make_png(2, 8, PATCHES, chunks=cicp(1, 13))).pixels, PATCHES)


def nclx(data: bytes, primaries: int, transfer: int) -> bytes:
    at = data.index(b"colrnclx") + 8
    return data[:at] + struct.pack(">HH", primaries, transfer) + data[at + 4 :]


def avif(patches: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    large = np.repeat(np.repeat(patches, 16, 0), 16, 1).astype(np.uint8)
    Pillow.fromarray(large).save(buffer, "AVIF", quality=100, subsampling="4:4:4")
    return buffer.getvalue()


def test_avif_with_nclx() -> None:
    plain = avif(PATCHES)
    assert heif_code_points(plain) in (CodePoints(1, 13), CodePoints(1, 1), CodePoints(2, 2))
    wide = nclx(plain, 12, 13)
    assert heif_code_points(wide) == CodePoints(12, 13)
    image = read_image(wide)
    centres = image.pixels[8, 8::16]
    assert np.abs(centres - in_srgb(PATCHES, 12, None)[0]).max() <= 4


def exif_r03(colour_space: int = 65535, index: str = "R03") -> Pillow.Exif:
    exif = Pillow.Exif()
    exif[0x0110] = "Camera"
    exif[0x8769] = {0xA001: colour_space, 0xA005: {1: index, 2: b"0100"}}
    return exif


def jpeg(exif: Pillow.Exif) -> bytes:
    buffer = io.BytesIO()
    large = np.repeat(np.repeat(PATCHES, 16, 0), 16, 1).astype(np.uint8)
    Pillow.fromarray(large).save(buffer, "JPEG", quality=100, subsampling=0, exif=exif)
    return buffer.getvalue()


def test_adobe_rgb_as_cameras_name_it(tmp_path: Path) -> None:
    image = read_image(jpeg(exif_r03()))
    assert np.abs(image.pixels[8, 8::16] - in_srgb(PATCHES, ADOBE_RGB, 563 / 256)[0]).max() <= 3
    plain = read_image(jpeg(exif_r03(colour_space=1)))
    assert np.abs(plain.pixels[8, 8::16].astype(int) - PATCHES[0]).max() <= 2
    assert plain.icc is None
    write_image(tmp_path / "out.jpg", image.pixels, like=image, quality=100)
    with Pillow.open(tmp_path / "out.jpg") as opened:
        assert opened.info["icc_profile"]
        assert opened.getexif().get_ifd(0xA005)[1].rstrip("\0") == "R03"
    assert np.abs(read_image(tmp_path / "out.jpg").pixels.astype(int) - image.pixels).max() <= 4


@pytest.mark.parametrize("transfer", [16, 18])
def test_hdr_is_toned_down_and_told(transfer: int) -> None:
    grey = {16: [0, 148, 192, 255], 18: [0, 128, 191, 255]}[transfer]  # black, grey, about diffuse white, the brightest
    image = read_image(make_png(2, 8, [[[v] * 3 for v in grey]], chunks=cicp(9, transfer)))
    black, middle, _, peak = image.pixels[0, :, 1].astype(int)
    white = read_image(make_png(2, 8, [[[148] * 3]], chunks=cicp(9, 16))).pixels[0, 0, 0]
    assert (black, peak) == (0, 255) or (black == 0 and peak >= 250)
    assert 90 < middle < 250
    assert 235 <= white <= 250  # 203 nits is 148 of 255 in PQ: diffuse white keeps close to white
    assert np.ptp(image.pixels[0].astype(int), axis=1).max() <= 1  # grey stays grey
    assert "HDR" in image.notices[0]
    assert (image.icc, image.native) == (None, None)


def test_nonsense_is_no_colour() -> None:
    rng = np.random.default_rng(0)
    for length in range(0, 60, 7):
        heif_code_points(b"\0\0\0\x20ftypavif" + rng.bytes(length))
        heif_code_points(struct.pack(">I4s", 8 + length, b"meta") + rng.bytes(length))
    assert np.array_equal(read_image(make_png(2, 8, PATCHES, chunks=cicp(77, 13))).pixels, PATCHES)


def box(name: bytes, body: bytes, *, long: bool = False, to_the_end: bool = False) -> bytes:
    """An ISO base media box, with its length in 64 bits or left open where that is asked for."""
    if long:
        return struct.pack(">I4sQ", 1, name, 16 + len(body)) + body
    return struct.pack(">I4s", 0 if to_the_end else 8 + len(body), name) + body


def heif(
    *, item: int = 1, wide_item: bool = False, wide_index: bool = False, long: bool = False, end: bool = False
) -> bytes:
    """A file whose primary picture has two properties, of which the second is its colours."""
    colours = box(b"colr", b"nclx" + struct.pack(">HHHB", 9, 16, 9, 128), long=long)
    container = box(b"ipco", box(b"ispe", bytes(12)) + colours)
    primary = bytes([1 if wide_item else 0, 0, 0, 0]) + item.to_bytes(4 if wide_item else 2, "big")
    number, step = (4 if wide_item else 2), (2 if wide_index else 1)
    essential = 0x8000 if wide_index else 0x80
    entries = b""
    for owner, indices in ((item + 1, [1]), (item, [1, 2 | essential])):
        entries += owner.to_bytes(number, "big") + bytes([len(indices)])
        entries += b"".join(index.to_bytes(step, "big") for index in indices)
    links = box(b"ipma", bytes([1 if wide_item else 0, 0, 0, 1 if wide_index else 0]) + struct.pack(">I", 2) + entries)
    inner = box(b"pitm", primary) + box(b"iprp", container + links)
    return box(b"ftyp", b"avif", long=long) + box(b"meta", bytes(4) + inner, to_the_end=end)


@pytest.mark.parametrize("wide_item", [False, True])
@pytest.mark.parametrize("wide_index", [False, True])
@pytest.mark.parametrize(("long", "end"), [(False, False), (True, False), (False, True)])
def test_colours_are_found_however_the_boxes_count(wide_item: bool, wide_index: bool, long: bool, end: bool) -> None:
    data = heif(item=70_000 if wide_item else 3, wide_item=wide_item, wide_index=wide_index, long=long, end=end)
    assert heif_code_points(data) == CodePoints(9, 16)


def test_only_the_primary_pictures_own_colours_count() -> None:
    data = heif()
    at = data.index(b"ipma") + 8
    assert heif_code_points(data[:at] + data[at:].replace(b"\x00\x01\x02\x01\x82", b"\x00\x07\x02\x01\x82")) is None
    assert heif_code_points(data.replace(b"\x02\x01\x82", b"\x02\x01\x87")) is None  # there is no seventh property
    for missing in (b"pitm", b"iprp", b"ipco", b"ipma", b"colr", b"nclx", b"meta"):
        assert heif_code_points(data.replace(missing, b"free")) is None, missing


@pytest.mark.parametrize(
    ("index", "space", "wanted"),
    [("R03", 65535, ADOBE_RGB), ("R98", 65535, None), ("R03", 1, None), ("THM", 65535, None)],
)
def test_only_r03_is_adobe_rgb(index: str, space: int, wanted: int | None) -> None:
    exif = Pillow.Exif()
    exif.load(exif_r03(space, index).tobytes())
    found = exif_code_points(exif)
    assert found == (None if wanted is None else CodePoints(wanted, wanted))


def test_the_chunk_counts_where_it_stands_before_the_pixels() -> None:
    whole = make_png(2, 8, PATCHES, chunks=cicp(9, 16))
    assert png_code_points(whole) == CodePoints(9, 16)
    assert png_code_points(make_png(2, 8, PATCHES)) is None
    assert png_code_points(make_png(2, 8, PATCHES, chunks=png_chunk(b"cICP", b"\1\2\3"))) is None
    assert png_code_points(make_png(2, 8, PATCHES)[:-12] + cicp(9, 16)) is None
    assert png_code_points(whole[:20]) is None
