"""Times and plays of moving pictures, as the files say them."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import pytest
from PIL import Image as Pillow

from limner.media.animated_timing import read_timing
from moving_pictures import DELAYS, make_moving, rgba

TOLD = tuple(Fraction(delay, 1000) for delay in DELAYS)


@pytest.mark.parametrize(
    ("name", "loop", "plays"),
    [("a.gif", 3, 4), ("a.gif", 0, 0), ("a.gif", None, 1), ("a.webp", 3, 3), ("a.webp", 0, 0), ("a.apng", 5, 5),
     ("a.apng", None, 0)],
)  # fmt: skip
@pytest.mark.parametrize("alpha", [False, True])
def test_times_and_plays_of_what_pillow_writes(
    tmp_path: Path, name: str, loop: int | None, plays: int, alpha: bool
) -> None:
    make_moving(tmp_path / name, loop=loop, alpha=alpha)
    timing = read_timing(tmp_path / name)
    assert timing is not None
    assert (timing.durations, timing.plays, timing.skip) == (TOLD, plays, 0)


def test_what_ffmpeg_writes_is_read_exactly(tmp_path: Path) -> None:
    with av.open(str(tmp_path / "a.png"), "w", format="apng", options={"plays": "7"}) as output:
        stream = output.add_stream("apng", rate=30, width=64, height=48, pix_fmt="rgba")
        for index in range(4):
            frame = av.VideoFrame.from_ndarray(rgba(index), "rgba")
            frame.pts, frame.time_base = index, Fraction(1, 30)
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
    timing = read_timing(tmp_path / "a.png")
    assert timing is not None
    assert timing.durations[:3] == (Fraction(1, 30),) * 3  # in milliseconds that would be 33.333
    assert (len(timing.durations), timing.plays) == (4, 7)


def test_a_picture_for_programs_that_know_of_no_others_does_not_count(tmp_path: Path) -> None:
    pictures = [Pillow.fromarray(rgba(index)) for index in range(4)]
    pictures[0].save(tmp_path / "a.png", save_all=True, append_images=pictures[1:], default_image=True, duration=50)
    timing = read_timing(tmp_path / "a.png")
    assert timing is not None
    assert (timing.durations, timing.skip) == ((Fraction(1, 20),) * 3, 1)


@pytest.mark.parametrize("name", ["a.gif", "a.webp", "a.png", "a.jpg", "a.txt"])
def test_what_does_not_move_is_none(tmp_path: Path, name: str) -> None:
    if name == "a.txt":
        (tmp_path / name).write_text("GIF89a")
    else:
        Pillow.fromarray(rgba(0)[..., :3]).save(tmp_path / name)
    assert read_timing(tmp_path / name) is None


@pytest.mark.parametrize("name", ["a.gif", "a.webp", "a.apng"])
def test_a_file_that_is_cut_off_anywhere_raises_nothing(tmp_path: Path, name: str) -> None:
    make_moving(tmp_path / name)
    data = (tmp_path / name).read_bytes()
    for length in range(0, len(data), 7):
        (tmp_path / name).write_bytes(data[:length])
        timing = read_timing(tmp_path / name)
        assert timing is None or (1 <= len(timing.durations) <= 6 and timing.cut)
        assert timing is not None or length < len(data) * 0.6  # before a second picture begins
    (tmp_path / name).write_bytes(data)
    whole = read_timing(tmp_path / name)
    assert whole is not None
    assert whole.cut == ""
