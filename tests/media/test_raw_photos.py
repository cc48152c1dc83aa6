"""Raw data of cameras: developed to the right colours, upright, and never taken for its preview."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Pillow

from limner.errors import MediaError, MissingExtraError
from limner.media.formats import readable
from limner.media.images import read_image, write_image
from limner.media.raw_photos import is_raw
from limner.processing.planning import plan_jobs
from photo_files import make_dng, make_png, make_tiff

COLOURS = np.array(
    [[[255, 255, 255], [200, 60, 40], [40, 160, 70]], [[50, 80, 190], [120, 120, 120], [0, 0, 0]]], np.uint8
)
SIDE = 32
SENSOR, SUB_PICTURES, REDUCED, DNG_VERSION = 32803, 330, (254, 4, [1]), (50706, 1, [1, 4, 0, 0])


def dng(**options: int) -> bytes:
    codes = COLOURS / 255
    light = np.where(codes <= 0.04045, codes / 12.92, ((codes + 0.055) / 1.055) ** 2.4)
    return make_dng(np.rint(light * 65535).astype(np.uint16).repeat(SIDE, 0).repeat(SIDE, 1), **options)


def test_colours_are_right() -> None:
    image = read_image(dng(), name="p.dng")
    assert image.pixels.shape == (2 * SIDE, 3 * SIDE, 3)
    assert image.format == "RAW"
    assert (image.alpha, image.icc) == (None, None)
    middles = image.pixels[SIDE // 2 :: SIDE, SIDE // 2 :: SIDE].astype(int)
    assert np.abs(middles - COLOURS).max() <= 1
    assert image.notices == (
        "p.dng: is a camera's raw data; it was developed as LibRaw does by itself",
        "p.dng: has 16 bits a channel; the result has 8",
    )


@pytest.mark.parametrize(("orientation", "turns"), [(1, 0), (3, 2), (6, 3), (8, 1)])
def test_it_stands_upright_once(tmp_path: Path, orientation: int, turns: int) -> None:
    image = read_image(dng(orientation=orientation))
    middles = image.pixels[SIDE // 2 :: SIDE, SIDE // 2 :: SIDE].astype(int)
    assert np.abs(middles - np.rot90(COLOURS, turns)).max() <= 1
    write_image(tmp_path / "o.jpg", image.pixels, like=image)
    with Pillow.open(tmp_path / "o.jpg") as opened:
        exif = opened.getexif()
        assert (exif[0x0112], exif[0x0110]) == (1, "Made by hand")
        assert set(exif) <= {0x010F, 0x0110, 0x0112}  # and nothing of what only raw data has


def test_too_many_pixels_are_refused_before_they_are_developed() -> None:
    with pytest.raises(MediaError, match="96×64 pixels, more than the limit of 1,000"):
        read_image(dng(), max_pixels=1000)


def with_part_inside(photometric: int) -> bytes:
    """A preview with another picture inside it, as NEF and ARW have it."""
    part = make_tiff((1, 2), 16, photometric, bytes(4))
    start = int.from_bytes(part[4:8], "little")
    preview = make_tiff((1, 2), 8, 1, bytes(2), tags=[REDUCED, (SUB_PICTURES, 4, [1 << 16])])
    preview = preview.replace((1 << 16).to_bytes(4, "little"), len(preview).to_bytes(4, "little"))
    return preview + part[start:]


@pytest.mark.parametrize(
    ("data", "raw"),
    [
        (dng(), True),
        (make_tiff((1, 2), 16, SENSOR, bytes(4)), True),
        (make_tiff((1, 2), 8, 1, bytes(2), tags=[REDUCED, DNG_VERSION]), True),
        (with_part_inside(SENSOR), True),
        (with_part_inside(1), False),
        (b"II*\0\x10\0\0\0CR\2\0" + bytes(40), True),
        (b"\0\0\0\x18ftypcrx \0\0\0\1" + bytes(40), True),
        (b"FUJIFILMCCD-RAW 0201" + bytes(40), True),
        (b"IIU\0\x08\0\0\0" + bytes(40), True),
        (b"II\x1a\0\0\0HEAPCCDR" + bytes(40), True),
        (make_tiff((1, 2), 8, 1, bytes(2)), False),
        (make_png(2, 8, [[[1, 2, 3]]]), False),
        (b"II*\0\xff\xff\xff\xff", False),
        (b"", False),
    ],
)
def test_raw_data_is_told_by_content(data: bytes, raw: bool) -> None:
    assert is_raw(data) == raw


@pytest.mark.parametrize(
    "data", [make_tiff((1, 2), 16, SENSOR, bytes(4)), with_part_inside(SENSOR), b"FUJIFILMCCD-RAW 0201" + bytes(400)]
)
def test_what_libraw_cannot_develop_is_one_clear_line(data: bytes) -> None:
    with pytest.raises(MediaError, match=r"p\.nef: is a camera's raw data that cannot be developed here \(.*TIFF"):
        read_image(data, name="p.nef")


def test_without_the_extra_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "rawpy", None)
    with pytest.raises(MissingExtraError, match=r"limner\[raw\]"):
        read_image(dng())


def test_folders_hold_raw_photos_where_they_can_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.dng").write_bytes(dng())
    (tmp_path / "in" / "a.png").write_bytes(make_png(2, 8, [[[1, 2, 3]]]))
    options = {"format": None, "alpha": False, "lossless": False, "overwrite": False}
    plan = plan_jobs([str(tmp_path / "in")], str(tmp_path / "out"), **options)  # type: ignore[arg-type]
    assert sorted(Path(job.output).name for job in plan.jobs) == ["a.dng.png", "a.png"]
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert ".dng" not in readable()
    plan = plan_jobs([str(tmp_path / "in")], str(tmp_path / "out"), **options)  # type: ignore[arg-type]
    assert [Path(job.output).name for job in plan.jobs] == ["a.png"]
    assert "a.dng" in plan.notices[0]
