"""Time code: the arithmetic against counting, and the way through files."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import pytest

from limner.assembly import VideoSaving
from limner.media.time_code import find_time_code, move_time_code
from limner.processing.video import process_video
from video_clips import pictures

NTSC = Fraction(30000, 1001)


@pytest.mark.parametrize(
    ("text", "frames", "rate", "wanted"),
    [
        ("01:02:03:04", 0, Fraction(25), "01:02:03:04"),
        ("01:02:03:04", 21, Fraction(25), "01:02:04:00"),
        ("23:59:59:24", 1, Fraction(25), "00:00:00:00"),
        ("00:00:00:00", -1, Fraction(25), "23:59:59:24"),
        ("00:00:59;29", 1, NTSC, "00:01:00;02"),
        ("00:09:59;29", 1, NTSC, "00:10:00;00"),
        ("00:00:59;59", 1, NTSC * 2, "00:01:00;04"),
        ("00:00:59:29", 1, NTSC, "00:01:00:00"),
        ("10:00:59;29", 1, NTSC, "10:01:00;02"),
        ("23:58:59;29", 1, NTSC, "23:59:00;02"),
        ("23:59:59;29", 1, NTSC, "00:00:00;00"),
        ("23:09:59;59", 1, NTSC * 2, "23:10:00;00"),
        ("23:18:59;59", 1, NTSC * 2, "23:19:00;04"),
        ("nonsense", 1, Fraction(25), None),
        ("00:00:00:29", 1, Fraction(25), None),
    ],
)
def test_moving(text: str, frames: int, rate: Fraction, wanted: str | None) -> None:
    assert move_time_code(text, frames, rate) == wanted


def test_dropped_numbers_stay_with_the_clock() -> None:
    """An hour of 29.97 is 107892 frames, and every number that is used comes once."""
    assert move_time_code("00:00:00;00", 107892, NTSC) == "01:00:00;00"
    seen = [move_time_code("00:00:00;00", n, NTSC) for n in range(20 * 60 * 30)]
    assert len(set(seen)) == len(seen)
    assert seen == sorted(seen)  # type: ignore[type-var]
    assert [move_time_code(text, 1, NTSC) for text in seen[1790:1810] if text] == seen[1791:1811]


@pytest.mark.parametrize(("source", "target"), [("in.mov", "out.mov"), ("in.mkv", "out.mp4"), ("in.mp4", "out.mkv")])
@pytest.mark.parametrize("start", [None, Fraction(2, 5)])
def test_through_a_file(tmp_path: Path, source: str, target: str, start: Fraction | None) -> None:
    with av.open(str(tmp_path / source), "w") as output:
        stream: Any = output.add_stream("mpeg4", rate=25, width=64, height=48, pix_fmt="yuv420p")
        stream.metadata["timecode"] = "01:02:03:20"
        moving = pictures((48, 64))
        for index in range(15):
            frame = av.VideoFrame.from_ndarray(next(moving), "rgb24")
            frame.pts, frame.time_base = index, Fraction(1, 25)
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
    result = process_video(
        tmp_path / source, tmp_path / target, segment=None, effect=None, saving=VideoSaving(start=start)
    )
    assert result.notices == ()
    with av.open(str(tmp_path / target)) as container:
        assert find_time_code(container, 0) == ("01:02:04:05" if start else "01:02:03:20")
