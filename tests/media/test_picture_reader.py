"""Numbered pictures as frames: their values, transparency and times, and what is said of unusual ones."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image as Pillow

from limner.errors import MediaError
from limner.media.picture_reader import PictureReader, probe_pictures
from limner.media.picture_series import find_pictures
from video_clips import pictures


def lay(
    folder: Path, count: int = 6, *, alpha: bool = False, size: tuple[int, int] = (48, 64)
) -> list[NDArray[np.uint8]]:
    folder.mkdir()
    made = []
    for index, pixels in zip(range(count), pictures(size), strict=False):
        if alpha:
            shown = np.full(size, 255, np.uint8)
            shown[:, : 8 * index] = 1 + 20 * index
            pixels = np.dstack([pixels, shown])
        Pillow.fromarray(pixels).save(folder / f"p{index:03}.png")
        made.append(pixels)
    return made


def reader(folder: Path, fps: int = 10, **how: object) -> PictureReader:
    return PictureReader(probe_pictures(find_pictures(folder, Fraction(fps))), **how)  # type: ignore[arg-type]


@pytest.mark.parametrize("alpha", [False, True])
def test_every_value_and_time_is_that_of_the_files(tmp_path: Path, alpha: bool) -> None:
    made = lay(tmp_path / "in", alpha=alpha)
    read = reader(tmp_path / "in", alpha=True)
    found = list(read)
    assert [frame.time for frame in found] == [Fraction(index, 10) for index in range(6)]
    assert [frame.duration for frame in found] == [Fraction(1, 10)] * 6
    for frame, wanted in zip(found, made, strict=True):
        assert np.array_equal(frame.pixels, wanted[..., :3])
        if alpha:
            found_alpha = np.full((48, 64), 255) if frame.alpha is None else frame.alpha
            assert np.array_equal(found_alpha, wanted[..., 3])
    assert read.info.transparent is alpha  # though all of the first is opaque
    assert read.notices == []


def test_a_part_begins_at_its_first_picture(tmp_path: Path) -> None:
    made = lay(tmp_path / "in", 10)
    read = reader(tmp_path / "in", start=Fraction(25, 100), duration=Fraction(3, 10))
    found = list(read)
    assert [np.array_equal(frame.pixels, made[3 + index]) for index, frame in enumerate(found)] == [True] * 3
    assert [frame.time for frame in found] == [0, Fraction(1, 10), Fraction(2, 10)]
    assert read.offset == Fraction(3, 10)
    with pytest.raises(MediaError, match=r"no picture from 2 s; the clip starts at 0 and lasts 1.00 s: choose another"):
        list(reader(tmp_path / "in", start=Fraction(2)))


def test_damaged_and_missing_pictures_stop_it_or_are_left_out(tmp_path: Path) -> None:
    lay(tmp_path / "in")
    path = tmp_path / "in" / "p002.png"
    path.write_bytes(path.read_bytes()[:200])
    with pytest.raises(MediaError, match=r"p002.png: is truncated or damaged .*, or leave it out with keep_going"):
        list(reader(tmp_path / "in"))
    (tmp_path / "in" / "p004.png").unlink()
    with pytest.raises(
        MediaError, match=r"in: p004.png is missing, 1 in all; put them back, or let the picture before"
    ):
        reader(tmp_path / "in")
    read = reader(tmp_path / "in", keep_going=True)
    assert [float(frame.time) for frame in read] == [0, 0.1, 0.3, 0.5]
    assert read.damaged == 1
    assert read.notices == [
        "Pictures missing, first p004.png: 1; the one before each stays on.",
        "Damaged pictures left out, first p002.png: 1; the one before each stays on.",
    ]


def test_other_sizes_and_depths_are_told_once(tmp_path: Path) -> None:
    lay(tmp_path / "in", 4)
    for index in (1, 2):
        Pillow.new("RGB", (64, 96), (200, 10, 20)).save(tmp_path / "in" / f"p00{index}.png")
    deep = Pillow.fromarray(np.full((48, 64), 40000, np.uint16))
    deep.save(tmp_path / "in" / "p003.png")
    read = reader(tmp_path / "in")
    found = list(read)
    assert [frame.pixels.shape for frame in found] == [(48, 64, 3)] * 4
    assert np.array_equal(found[1].pixels[:, 16:48], np.full((48, 32, 3), (200, 10, 20), np.uint8))
    assert found[1].pixels[:, :16].max() == 0
    assert read.notices[0] == "Pictures of another size than the first, fitted into 64x48: 2."
    assert "p003.png: has 16 bits a channel" in read.notices[1]
    assert len(read.notices) == 2


def test_a_first_picture_that_is_none_is_told(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "1.png").write_bytes(b"no picture")
    with pytest.raises(MediaError, match=r"1.png: is no photo that can be read"):
        reader(tmp_path / "in")
