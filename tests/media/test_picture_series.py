"""Which files are the pictures of a clip, in which order, and when each is shown."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest

from limner.errors import LimnerError, MediaError, OptionError
from limner.media.picture_series import find_pictures, names_pictures


def lay(folder: Path, *names: str) -> Path:
    folder.mkdir(exist_ok=True)
    for name in names:
        (folder / name).write_bytes(b"x")
    return folder


def names(source: Path, fps: Fraction | None = Fraction(25)) -> list[str]:
    return [path.name for path in find_pictures(source, fps).files]


@pytest.mark.parametrize(
    ("pattern", "there", "taken"),
    [
        ("%d.png", ["10.png", "9.png", "11.png"], ["9.png", "10.png", "11.png"]),
        ("%02d.png", ["99.png", "100.png", "098.png"], ["99.png", "100.png"]),
        ("shot_%05d.jpg", ["shot_00000.jpg", "shot_00001.jpg", "shot_1.jpg"], ["shot_00000.jpg", "shot_00001.jpg"]),
        ("%3d.png", ["  1.png", "  2.png", "003.png"], ["  1.png", "  2.png"]),
        ("a%03db.png", ["a001b.png", "a001.png", ".a002b.png"], ["a001b.png"]),
    ],
)
def test_a_pattern_takes_the_names_it_would_write(
    tmp_path: Path, pattern: str, there: list[str], taken: list[str]
) -> None:
    assert names(lay(tmp_path / "in", *there) / pattern) == taken


def test_a_folder_takes_its_one_series_by_number(tmp_path: Path) -> None:
    folder = lay(tmp_path / "in", "f_9.png", "f_10.png", "f_8.png", "notes.txt", ".f_7.png", "cover.jpg")
    series = find_pictures(folder, Fraction(30000, 1001))
    assert [path.name for path in series.files] == ["f_8.png", "f_9.png", "f_10.png"]
    assert series.times == (0, Fraction(1001, 30000), Fraction(1001, 15000))
    assert all((time / series.time_base).denominator == 1 for time in series.times)
    assert series.notices == ("Pictures without a number were left out: cover.jpg.",)


@pytest.mark.parametrize(
    ("told", "time_base", "rate"),
    [
        (["0.000000", "40.000000", "80.000000"], Fraction(1, 90000), Fraction(25)),
        (["0.000000", "33.366667", "66.733333"], Fraction(1, 90000), Fraction(30000, 1001)),
        (["0.000000", "41.708333", "83.416667"], Fraction(1, 24000), Fraction(24000, 1001)),
        (["1.000000", "8.000000", "1000.000000"], Fraction(1, 90000), None),
        (["0", "12.345678", "99.999999"], Fraction(1, 1000000), None),
    ],
)
def test_times_beside_the_pictures_count(
    tmp_path: Path, told: list[str], time_base: Fraction, rate: Fraction | None
) -> None:
    folder = lay(tmp_path / "in", "1.png", "2.png", "3.png")
    (folder / "timestamps.txt").write_text("# timestamp format v2\n" + "\n".join(told) + "\n")
    series = find_pictures(folder)
    assert series.time_base == time_base
    assert [round(float(time), 6) for time in series.times] == [round(float(text) / 1000, 6) for text in told]
    assert rate is None or series.rate == rate
    asked = find_pictures(folder, Fraction(10))
    assert asked.times == (0, Fraction(1, 10), Fraction(1, 5))
    assert "counts, not the times" in asked.notices[0]


def test_gaps_are_counted_and_keep_their_time(tmp_path: Path) -> None:
    series = find_pictures(lay(tmp_path / "in", "a008.png", "a010.png", "a013.png"), Fraction(10))
    assert (series.missing, series.first_missing) == (3, "a009.png")
    assert series.times == (0, Fraction(2, 10), Fraction(5, 10))
    assert [series.lasts(index) for index in range(3)] == [Fraction(2, 10), Fraction(3, 10), Fraction(1, 10)]


@pytest.mark.parametrize(
    ("there", "name", "error", "text"),
    [
        ([], "in", MediaError, "in: there is no picture in it; name a folder of pictures"),
        (["a.png", "b.png"], "in", MediaError, "in: the pictures in it have no numbers (a.png)"),
        (["a1.png", "b1.png"], "in", MediaError, "holds more than one series of pictures (a1.png, b1.png)"),
        (["a1.png", "a1.jpg"], "in", MediaError, "holds more than one series"),
        (["1.png", "01.png"], "in", MediaError, "have the same number"),
        (["f_001.png"], "in/f_%05d.png", MediaError, "no picture is called so, but there is f_001.png; say %03d"),
        (["f_001.png"], "in/g_%05d.png", MediaError, "no picture is called so; check the name"),
        (["f_001.png"], "in/f_%d_%d.png", MediaError, "needs one place for the number"),
        (["f_001.png"], "out/f_%d.png", MediaError, "there is no folder"),
    ],
)
def test_what_is_no_series_is_told(
    tmp_path: Path, there: list[str], name: str, error: type[LimnerError], text: str
) -> None:
    lay(tmp_path / "in", *there)
    with pytest.raises(error) as caught:
        find_pictures(tmp_path / name, Fraction(25))
    assert text in str(caught.value)


@pytest.mark.parametrize(
    ("told", "text"),
    [
        (None, "there is no timestamps.txt beside them; say frames a second with fps"),
        ("0\n40\n", "timestamps.txt: has 2 times for the 3 pictures of"),
        ("0\n40\n40\n", "timestamps.txt: its times do not ascend; say fps instead"),
        ("0\n40\nsoon\n", "timestamps.txt: is no list of milliseconds"),
        ("0\n40\nnan\n", "timestamps.txt: is no list of milliseconds"),
        ("\xff\xfe", "timestamps.txt: is no list of milliseconds"),
    ],
)
def test_times_that_cannot_be_used_are_told(tmp_path: Path, told: str | None, text: str) -> None:
    folder = lay(tmp_path / "in", "1.png", "2.png", "3.png")
    if told is not None:
        (folder / "timestamps.txt").write_bytes(told.encode("latin-1"))
    with pytest.raises((MediaError, OptionError)) as caught:
        find_pictures(folder)
    assert text in str(caught.value)


def test_a_video_whose_name_looks_like_a_pattern_is_a_video(tmp_path: Path) -> None:
    lay(tmp_path, "100%d.mp4")
    assert not names_pictures(tmp_path / "100%d.mp4")
    assert not names_pictures(tmp_path / "none.mp4")
    assert names_pictures(tmp_path / "none_%d.png")
    assert names_pictures(tmp_path)
