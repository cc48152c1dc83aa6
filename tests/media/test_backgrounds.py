"""Backgrounds by name, and the video that loops behind the person."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import pytest

from limner.errors import LimnerError
from limner.media.backgrounds import ColorBackground, PhotoBackground, VideoBackground, open_background
from video_clips import Clip, make_clip

GREYS = (30, 90, 150, 210)


def grey_clip(path: Path) -> None:
    """Four frames of one grey each, shown for 0.1, 0.3, 0.1 and 0.1 s."""
    with av.open(str(path), "w") as output:
        stream: Any = output.add_stream(
            "libx264", rate=10, width=64, height=48, pix_fmt="yuv420p", time_base=Fraction(1, 10), options={"crf": "1"}
        )
        for tick, grey in zip((0, 1, 4, 5), GREYS, strict=True):
            frame = av.VideoFrame.from_ndarray(np.full((48, 64, 3), grey, np.uint8), "rgb24")
            frame.pts, frame.time_base = tick, Fraction(1, 10)
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))


def shown(background: Any, time: str) -> int:
    grey = background.frame_at(Fraction(time), (48, 64), "cover").mean()
    return GREYS[int(np.abs(np.array(GREYS) - grey).argmin())]


def test_a_video_shows_the_frame_of_each_time_and_loops(tmp_path: Path) -> None:
    grey_clip(tmp_path / "b.mp4")
    background = open_background(str(tmp_path / "b.mp4"))
    assert isinstance(background, VideoBackground)
    times = {
        "0": 30, "0.09": 30, "0.1": 90, "0.3": 90, "0.4": 150, "0.55": 210,
        "0.6": 30, "0.75": 90, "1.05": 150, "1.15": 210, "1.2": 30,
        "60.0": 30, "60.15": 90,
    }  # fmt: skip
    assert {t: shown(background, t) for t in times} == times
    assert shown(background, "0.45") == 150  # back in time: begins anew


@pytest.mark.parametrize("fit", ["cover", "contain"])
def test_a_video_is_fitted(tmp_path: Path, fit: Any) -> None:
    make_clip(tmp_path / "b.mp4", Clip(frames=2, sample_aspect=Fraction(2)))
    made = VideoBackground(tmp_path / "b.mp4").frame_at(Fraction(0), (100, 100), fit, (1, 2, 3))
    assert made.shape == (100, 100, 3)
    # 128x96 with pixels twice as wide shows as 256x96: bars above and below
    assert bool((made[5, 50] == (1, 2, 3)).all()) == (fit == "contain")


def test_names_choose_the_kind(tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "p.png"), np.full((9, 12, 3), (10, 20, 30), np.uint8))
    assert isinstance(open_background("#ff8000"), ColorBackground)
    assert isinstance(open_background("magenta"), ColorBackground)
    photo = open_background(str(tmp_path / "p.png"))
    assert isinstance(photo, PhotoBackground)
    assert (photo.frame_at(Fraction(0), (9, 12), "cover") == (30, 20, 10)).all()


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("gone.mp4", "no such file"),
        ("gren", "neither a colour nor a file; did you mean 'green'"),
        ("bad.mp4", "cannot be read"),
    ],
)
def test_what_is_no_background_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, words: str) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "bad.mp4").write_bytes(b"nothing of use" * 99)
    with pytest.raises(LimnerError, match=words):
        open_background(name)
