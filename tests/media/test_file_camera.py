"""A file as a camera: each frame at its own time on a clock that the test turns, in its size, once or for ever."""

from __future__ import annotations

import time
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from limner.errors import MediaError
from limner.media import file_camera
from limner.media.file_camera import FileCamera
from video_clips import Clip, frames_of, make_clip

GREYS, TICKS = (30, 90, 150, 210), (3, 4, 7, 8)
"""Frames of one grey each; they begin at 0.3 s and are 0.1, 0.3, 0.1 and 0.1 s long."""


class Clock:
    """Stands still but for who waits, and for what is added to it."""

    def __init__(self) -> None:
        self.now = 100.0
        self.waited: list[float] = []

    def monotonic(self) -> float:
        return self.now

    def wait(self, seconds: float) -> bool:
        self.waited.append(seconds)
        self.now += seconds
        return False


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(file_camera, "time", made)
    return made


@pytest.fixture
def film(tmp_path: Path) -> Path:
    path = tmp_path / "in.mp4"
    with av.open(str(path), "w") as output:
        stream: Any = output.add_stream(
            "libx264", rate=10, width=64, height=48, pix_fmt="yuv420p", time_base=Fraction(1, 10), options={"crf": "1"}
        )
        for tick, grey in zip(TICKS, GREYS, strict=True):
            frame = av.VideoFrame.from_ndarray(np.full((48, 64, 3), grey, np.uint8), "rgb24")
            frame.pts, frame.time_base = tick, Fraction(1, 10)
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
    return path


def opened(film: Path, clock: Clock, **options: Any) -> FileCamera:
    camera = FileCamera(film, **options)
    camera._closed.wait = clock.wait  # type: ignore[method-assign,assignment]
    return camera


def read(camera: FileCamera, count: int) -> tuple[list[int], list[float]]:
    """Which grey each frame is of, and when it was due after the first."""
    found = [frame for _ in range(count) if (frame := camera.read()) is not None]
    greys = [GREYS[int(np.abs(np.array(GREYS) - pixels.mean()).argmin())] for pixels, _ in found]
    return greys, [round(moment - found[0][1], 6) for _, moment in found]


def test_frames_come_at_their_own_times_again_and_again(film: Path, clock: Clock) -> None:
    camera = opened(film, clock)
    assert camera.name == str(film)
    assert camera.busy == 0
    greys, moments = read(camera, 9)
    assert greys == [*GREYS, *GREYS, GREYS[0]]
    assert moments == [0, 0.1, 0.4, 0.5, 0.6, 0.7, 1.0, 1.1, 1.2]
    assert camera.busy == 0  # the clock stood still while it decoded


def test_once_is_once(film: Path, clock: Clock) -> None:
    camera = opened(film, clock, loop=False)
    assert read(camera, 9) == ([*GREYS], [0, 0.1, 0.4, 0.5])
    assert camera.read() is None


def test_a_rate_of_ones_own_takes_the_place_of_the_files_times(film: Path, clock: Clock) -> None:
    camera = opened(film, clock, rate=4)
    assert camera.rate == 4
    greys, moments = read(camera, 6)
    assert greys == [*GREYS, *GREYS[:2]]
    assert moments == [0, 0.25, 0.5, 0.75, 1.0, 1.25]


def test_who_comes_a_little_late_catches_up_and_who_is_too_late_has_a_slower_camera(film: Path, clock: Clock) -> None:
    camera = opened(film, clock, rate=4)
    moments = []
    for late in (0, 0.26, 0.24, 0.8, 0):
        clock.now += late
        moments.append(camera.read()[1] - 100)  # type: ignore[index]
    # Due at 0, 0.25, 0.5; then 0.75, but it is 1.3 by now: the rest is moved by that.
    assert moments == pytest.approx([0, 0.25, 0.5, 1.3, 1.55])
    assert clock.waited == pytest.approx([0.25])


def test_unpaced_frames_come_as_they_are_read(film: Path, clock: Clock) -> None:
    camera = opened(film, clock, paced=False)
    assert read(camera, 5)[0] == [*GREYS, GREYS[0]]
    assert clock.waited == []
    clock.now += 7
    assert camera.read()[1] == clock.now  # type: ignore[index]


def test_the_time_spent_on_decoding_is_counted(film: Path) -> None:
    camera = FileCamera(film, paced=False)
    began = time.monotonic()
    for count in range(1, 4):
        before = camera.busy
        camera.read()
        assert before < camera.busy <= time.monotonic() - began, count


def test_the_picture_has_the_size_that_was_asked_for(tmp_path: Path) -> None:
    make_clip(tmp_path / "in.mp4", Clip(frames=5))  # 128 × 96
    once = FileCamera(tmp_path / "in.mp4", loop=False, paced=False)
    got = [frame[0] for frame in iter(once.read, None)]
    true = frames_of(tmp_path / "in.mp4")
    assert len(got) == 5
    assert max(np.abs(a.astype(int) - b).mean() for a, b in zip(got, true, strict=True)) < 3
    wide = FileCamera(tmp_path / "in.mp4", size=(64, 32), paced=False).read()
    assert wide is not None
    assert wide[0].shape == (32, 64, 3)
    # What does not fit is cropped: a third of the height, and nothing of the width.
    expected = got[0][16:80].reshape(32, 2, 64, 2, 3).mean((1, 3))
    assert np.abs(wide[0] - expected).mean() < 4


def test_wide_colours_are_shown_in_srgb(tmp_path: Path) -> None:
    path = tmp_path / "wide.mp4"
    with av.open(str(path), "w") as output:
        stream: Any = output.add_stream(
            "libx264", rate=10, width=32, height=32, pix_fmt="yuv420p", options={"crf": "1"}
        )
        stream.codec_context.color_primaries, stream.codec_context.color_trc = 12, 13  # Display P3
        output.mux(stream.encode(av.VideoFrame.from_ndarray(np.full((32, 32, 3), (180, 60, 60), np.uint8), "rgb24")))
        output.mux(stream.encode(None))
    pixels = FileCamera(path, paced=False).read()[0]  # type: ignore[index]
    red, green, _ = pixels.reshape(-1, 3).mean(0)
    assert red > 190  # the same red has a larger number in sRGB
    assert green < 55


def test_closing_ends_it(film: Path) -> None:
    camera = FileCamera(film)
    assert camera.read() is not None
    camera.close()
    assert camera.read() is None
    assert camera._closed.is_set()


def test_a_file_that_empties_is_told(film: Path) -> None:
    camera = FileCamera(film, paced=False)
    for _ in range(4):
        camera.read()
    film.write_bytes(b"")
    with pytest.raises(MediaError, match=r"in\.mp4"):
        camera.read()


def test_what_is_no_video_is_refused(tmp_path: Path) -> None:
    (tmp_path / "text.mp4").write_text("a letter")
    with pytest.raises(MediaError, match=r"text\.mp4"):
        FileCamera(tmp_path / "text.mp4")
