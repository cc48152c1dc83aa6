"""Numbered pictures as a source: every one with its time, again and again in a loop, and what is missing of them."""

from __future__ import annotations

import itertools
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from limner.errors import MediaError, OptionError
from limner.media.images import write_image
from limner.streams.address import parse_source
from limner.streams.checks import check_source
from limner.streams.picture_camera import PictureCamera
from limner.streams.source import StreamSource

COLORS = [(200, 40, 40), (40, 200, 40), (40, 40, 200)]


@pytest.fixture
def shots(tmp_path: Path) -> Path:
    folder = tmp_path / "shots"
    folder.mkdir()
    for number, color in enumerate(COLORS, 1):
        write_image(folder / f"shot_{number:04d}.png", np.full((24, 32, 3), color, np.uint8))
    return folder


def read(camera: PictureCamera, most: int = 100) -> list[tuple[list[int], float]]:
    """(colour, seconds after the first) of each picture, ``most`` at most."""
    found: list[tuple[list[int], float]] = []
    first: float | None = None
    while len(found) < most and (shown := camera.read()) is not None:
        first = shown[1] if first is None else first
        found.append((shown[0][0, 0].tolist(), shown[1] - first))
    camera.close()
    return found


def test_every_picture_with_its_time(shots: Path) -> None:
    camera = PictureCamera(shots, fps=Fraction(10), paced=False)
    assert (camera.size, camera.rate, camera.sound) == ((32, 24), 10.0, False)
    colors, times = zip(*read(camera), strict=True)
    assert colors == tuple(map(list, COLORS))
    assert times == pytest.approx([0.0, 0.1, 0.2], abs=1e-6)
    assert camera.read() is None
    assert camera.notices == []


def test_times_of_their_own(shots: Path) -> None:
    (shots / "timestamps.txt").write_text("# timestamp format v2\n0\n500\n600\n")
    assert [at for _, at in read(PictureCamera(shots, paced=False))] == pytest.approx([0.0, 0.5, 0.6], abs=1e-6)


def test_in_a_loop_the_last_one_is_shown_as_long_as_the_others(shots: Path) -> None:
    found = read(PictureCamera(shots / "shot_%04d.png", fps=Fraction(10), paced=False, loop=True), most=7)
    assert [color for color, _ in found] == [list(COLORS[index % 3]) for index in range(7)]
    assert [at for _, at in found] == pytest.approx([index / 10 for index in range(7)], abs=1e-6)


def test_what_is_missing_or_damaged_leaves_the_one_before_standing(shots: Path) -> None:
    (shots / "shot_0002.png").write_bytes(b"no picture")
    (shots / "shot_0003.png").rename(shots / "shot_0005.png")
    camera = PictureCamera(shots, fps=Fraction(10), paced=False)
    assert len(read(camera)) == 2
    assert len(camera.notices) == 2
    assert "shot_0003.png" in camera.notices[0]


def test_what_can_be_seen_through_stands_before_black(shots: Path) -> None:
    pixels = np.full((24, 32, 4), 200, np.uint8)
    pixels[:, :16, 3] = 0
    write_image(shots / "shot_0001.png", pixels)
    camera = PictureCamera(shots, fps=Fraction(10), paced=False)
    assert read(camera)[0][0] == [0, 0, 0]
    assert camera.notices == ["Live video has no transparency: what can be seen through stands before black."]


def test_paced_pictures_come_when_they_are_due_and_a_closed_source_is_over(shots: Path) -> None:
    camera = PictureCamera(shots, fps=Fraction(20), loop=True)
    times = [at for _, at in read(camera, most=5)]
    assert all(after > before for before, after in itertools.pairwise(times))
    assert camera.read() is None


def test_as_a_source_of_streams(shots: Path) -> None:
    source = StreamSource(str(shots), every_frame=True, fps=Fraction(10))
    frames = list(source)
    source.stop()
    assert [frame.pixels[0, 0].tolist() for frame in frames] == [list(color) for color in COLORS]
    assert (source.size, source.sound, source.dropped) == ((32, 24), False, 0)


@pytest.mark.parametrize(
    ("place", "fps", "error", "told"),
    [
        ("shots", None, OptionError, "pictures have no times"),
        ("shots", 0, OptionError, "fps 0 is no rate"),
        ("shots/none_%d.png", 10, MediaError, "no picture is called so"),
        ("empty", 10, MediaError, "there is no picture in it"),
        ("rtsp://127.0.0.1:9/a", 10, OptionError, "fps is for numbered pictures"),
        ("shots/shot_0001.png", 10, OptionError, "fps is for numbered pictures"),
    ],
)
def test_what_cannot_be_a_source_is_told(
    place: str, fps: int | None, error: type[Exception], told: str, shots: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(shots.parent)
    Path("empty").mkdir()
    with pytest.raises(error, match=told):
        check_source(parse_source(place), None if fps is None else Fraction(fps))
