"""Moving pictures as frames: values, transparency and times are those of the file."""

from __future__ import annotations

from fractions import Fraction
from itertools import accumulate
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Pillow

from limner.errors import MediaError
from limner.media.animated_reader import AnimatedReader, probe_animated
from moving_pictures import DELAYS, make_moving, rgba


def reader(path: Path, **how: object) -> AnimatedReader:
    info = probe_animated(path)
    assert info is not None
    return AnimatedReader(info, **how)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["a.gif", "a.webp", "a.apng"])
@pytest.mark.parametrize("alpha", [False, True])
def test_values_and_times_are_those_of_the_file(tmp_path: Path, name: str, alpha: bool) -> None:
    make_moving(tmp_path / name, alpha=alpha)
    read = reader(tmp_path / name, alpha=True)
    found = list(read)
    times = [Fraction(ms, 1000) for ms in accumulate((0, *DELAYS))]
    assert [frame.time for frame in found] == times[:-1]
    assert [frame.duration for frame in found] == [Fraction(ms, 1000) for ms in DELAYS]
    assert read.info.duration == times[-1]
    assert (read.info.transparent, read.transparent) == (alpha, 6 * alpha)
    for index, frame in enumerate(found):
        wanted = rgba(index, alpha=alpha)
        seen = wanted[..., 3] > 0
        assert np.array_equal(frame.pixels[seen], wanted[seen][:, :3])
        assert (frame.alpha is not None) == alpha
        if frame.alpha is not None:
            assert np.array_equal(frame.alpha, wanted[..., 3])


def test_a_part_begins_at_its_first_picture(tmp_path: Path) -> None:
    make_moving(tmp_path / "a.webp")
    read = reader(tmp_path / "a.webp", start=Fraction(1, 10), duration=Fraction(1, 3))
    assert [(frame.time, frame.pixels[20, 20, 1]) for frame in read] == [
        (0, 200), (Fraction(2, 100), 200),
    ]  # fmt: skip
    assert read.offset == Fraction(14, 100)
    with pytest.raises(MediaError, match=r"no picture from 9 s on; it lasts 1.03 s: choose another start"):
        list(reader(tmp_path / "a.webp", start=Fraction(9)))


def test_pictures_without_a_time_are_shown_as_browsers_do(tmp_path: Path) -> None:
    make_moving(tmp_path / "a.gif", delays=(0, 0, 50))
    read = reader(tmp_path / "a.gif")
    assert [frame.duration for frame in read] == [Fraction(1, 10), Fraction(1, 10), Fraction(1, 20)]
    assert read.info.notices == ("Pictures for which it says no time, shown for 0.1 s as browsers do: 2.",)


def test_a_profile_is_converted(tmp_path: Path) -> None:
    from limner.media.code_point_colors import make_profile
    from limner.media.primaries import CodePoints

    pictures = [Pillow.new("RGB", (16, 16), (200, 40, 40 * index)) for index in range(2)]
    wide = make_profile(CodePoints(12, 13))
    pictures[0].save(tmp_path / "a.webp", save_all=True, append_images=pictures[1:], lossless=True, icc_profile=wide)
    first = next(iter(reader(tmp_path / "a.webp")))
    assert first.pixels[8, 8, 0] > 210  # red of Display P3 is more than red of sRGB


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.gif", r"it ends within picture \d"),
        ("a.apng", r"it has \d of 6 pictures"),
    ],
)
def test_a_file_that_is_cut_off_is_told(tmp_path: Path, name: str, text: str) -> None:
    make_moving(tmp_path / name)
    data = (tmp_path / name).read_bytes()
    (tmp_path / name).write_bytes(data[: len(data) * 7 // 10])
    info = probe_animated(tmp_path / name)
    assert info is not None
    with pytest.raises(MediaError, match=f"the file is cut off: {text}; keep_going does what is there"):
        list(AnimatedReader(info))
    read = AnimatedReader(info, keep_going=True)
    assert 1 <= len(list(read)) < 6
    assert read.notices[0].startswith("The file is cut off: ")


def test_pillow_opens_no_webp_that_is_cut_off(tmp_path: Path) -> None:
    make_moving(tmp_path / "a.webp")
    data = (tmp_path / "a.webp").read_bytes()
    (tmp_path / "a.webp").write_bytes(data[: len(data) * 7 // 10])
    with pytest.raises(MediaError, match=r"a.webp: is cut off \(it has [\d,]+ of [\d,]+ bytes\); get a whole copy"):
        probe_animated(tmp_path / "a.webp")


@pytest.mark.parametrize("name", ["a.gif", "a.webp", "a.apng"])
def test_damage_is_told_or_ends_it(tmp_path: Path, name: str) -> None:
    make_moving(tmp_path / name)
    data = bytearray((tmp_path / name).read_bytes())
    at = len(data) * 6 // 10
    data[at : at + 40] = bytes(range(100, 140))
    (tmp_path / name).write_bytes(data)
    info = probe_animated(tmp_path / name)
    if info is None:  # the structure itself
        return
    with pytest.raises(MediaError, match=r"a\.\w+: picture \d of 6 is damaged"):
        list(AnimatedReader(info))
    read = AnimatedReader(info, keep_going=True)
    assert len(list(read)) == 6 - read.damaged < 6
    assert "left out" in read.notices[0]
