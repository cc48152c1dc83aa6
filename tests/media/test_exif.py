"""EXIF: directories stay directories, and what does not fit goes."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Pillow

from limner.media.exif import fit_exif, without_place
from limner.media.image import Image
from limner.media.images import read_image, write_image

PIXELS = np.full((24, 32, 3), 90, np.uint8)
CAMERA, PLACE, INTEROP = 0x8769, 0x8825, 0xA005


def photo(*, note: int = 0, comment: int = 0) -> bytes:
    exif = Pillow.Exif()
    exif[0x0110] = "Camera"
    exif[CAMERA] = {
        0x9003: "2026:01:02 03:04:05",
        0xA001: 1,
        0x9286: b"ASCII\0\0\0" + b"c" * comment,
        0x927C: b"n" * note,
        INTEROP: {1: "R98", 2: b"0100"},
    }
    exif[PLACE] = {1: "N", 2: (52.0, 30.0, 0.0)}
    buffer = io.BytesIO()
    Pillow.fromarray(PIXELS).save(buffer, "PNG", exif=exif)
    return buffer.getvalue()


@pytest.mark.parametrize("extension", ["jpg", "png", "webp", "avif", "tif"])
def test_the_interoperability_directory_is_one_in_the_result(tmp_path: Path, extension: str) -> None:
    image = read_image(photo())
    write_image(tmp_path / f"o.{extension}", image.pixels, like=image)
    with Pillow.open(tmp_path / f"o.{extension}") as opened:
        interop = opened.getexif().get_ifd(INTEROP)
        assert interop[1].rstrip("\0") == "R98"
        assert bytes(interop[2]) == b"0100"


@pytest.mark.parametrize("place", [0, 3, 70_000, 2**32 - 1])
def test_a_pointer_that_leads_nowhere_goes(place: int) -> None:
    data = photo()
    with Pillow.open(io.BytesIO(data)) as opened:
        packed = opened.info["exif"]
    order = "big" if b"MM" in packed[:8] else "little"
    entry = INTEROP.to_bytes(2, order) + (4).to_bytes(2, order) + (1).to_bytes(4, order)
    at = packed.index(entry) + 8
    buffer = io.BytesIO()
    Pillow.fromarray(PIXELS).save(buffer, "JPEG", exif=packed[:at] + place.to_bytes(4, order) + packed[at + 4 :])
    image = read_image(buffer.getvalue())
    kept = Pillow.Exif()
    kept.load(image.exif or b"")
    assert kept.get_ifd(CAMERA)[0x9003] == "2026:01:02 03:04:05"
    assert 1 not in kept.get_ifd(INTEROP)


@pytest.mark.parametrize(("note", "comment"), [(31_000, 40_000), (0, 90_000)])
def test_more_exif_than_a_jpeg_holds(tmp_path: Path, note: int, comment: int) -> None:
    image = read_image(photo(note=note, comment=comment))
    assert image.exif is not None
    assert len(image.exif) > 65_533
    notices = write_image(tmp_path / "o.jpg", image.pixels, like=image)
    assert len(notices) == 1
    assert "does not fit into a JPEG" in notices[0]
    with Pillow.open(tmp_path / "o.jpg") as opened:
        kept = opened.getexif()
        assert kept[0x0110] == "Camera"
        camera = kept.get_ifd(CAMERA)
        assert camera[0x9003] == "2026:01:02 03:04:05"
        assert 0x9286 not in camera
        assert (0x927C in camera) == bool(note)  # what fits stays
        assert kept.get_ifd(PLACE)[1] == "N"
        assert kept.get_ifd(INTEROP)
    assert write_image(tmp_path / "o.png", image.pixels, like=image) == ()
    with Pillow.open(tmp_path / "o.png") as opened:
        assert 0x9286 in opened.getexif().get_ifd(CAMERA)


def test_what_fits_is_left_as_it_is() -> None:
    exif = read_image(photo()).exif
    assert exif is not None
    assert fit_exif(exif, len(exif)) == (exif, False)
    assert fit_exif(exif, 10) == (None, True)


def test_without_place() -> None:
    exif = read_image(photo(note=20)).exif
    assert exif is not None
    kept = Pillow.Exif()
    kept.load(without_place(exif) or b"")
    assert not kept.get_ifd(PLACE)
    assert 0x927C not in kept.get_ifd(CAMERA)
    assert kept.get_ifd(INTEROP)[1].rstrip("\0") == "R98"


@pytest.mark.parametrize(("metadata", "holds"), [("all", True), ("no-place", True), ("none", False)])
def test_how_much_is_written(tmp_path: Path, metadata: str, holds: bool) -> None:
    image: Image = read_image(photo())
    write_image(tmp_path / "o.jpg", image.pixels, like=image, metadata=metadata)
    with Pillow.open(tmp_path / "o.jpg") as opened:
        assert (0x0110 in opened.getexif()) == holds
