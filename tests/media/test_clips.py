"""Clips of any kind: the same frames whether they lie in a video file or in numbered pictures."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from limner.assembly import VideoSaving
from limner.errors import OptionError
from limner.media.clips import probe_clip, read_clip
from limner.media.formats import FORMATS
from limner.media.video_formats import ANIMATED, MUXERS, STREAMED
from limner.processing.video import VideoResult, process_video
from transparent_clips import make_transparent
from video_clips import Clip, make_clip, times_of

UNEVEN = (0, 400, 900, 12800, 13001)


def through(source: Path, target: Path, **options: object) -> VideoResult:
    return process_video(source, target, segment=None, effect=None, saving=VideoSaving(**options))  # type: ignore[arg-type]


@pytest.mark.parametrize("suffix", ["", "/shot_%04d.png"])
def test_pictures_that_were_written_come_back_as_they_were(tmp_path: Path, suffix: str) -> None:
    make_clip(
        tmp_path / "in.mkv", Clip(frames=5, codec="ffv1", pixel_format="bgr0", options={}, time_base=Fraction(1, 1000))
    )
    pictures = tmp_path / f"out{suffix}"
    through(tmp_path / "in.mkv", pictures, codec="png")
    through(pictures, tmp_path / "again.mkv", codec="ffv1")
    one, other = (list(read_clip(probe_clip(path))) for path in (tmp_path / "in.mkv", tmp_path / "again.mkv"))
    assert [frame.time for frame in one] == [frame.time for frame in other]
    assert all(np.array_equal(a.pixels, b.pixels) for a, b in zip(one, other, strict=True))


def test_uneven_times_go_through_pictures_unharmed(tmp_path: Path) -> None:
    make_clip(tmp_path / "in.mp4", Clip(ticks=UNEVEN))
    through(tmp_path / "in.mp4", tmp_path / "out", codec="png")
    result = through(tmp_path / "out", tmp_path / "again.mp4")
    assert times_of(tmp_path / "again.mp4") == times_of(tmp_path / "in.mp4")
    assert result.notices == ()


def test_transparency_goes_through_pictures_unharmed(tmp_path: Path) -> None:
    make_transparent(tmp_path / "in.mkv", "ffv1.mkv")
    through(tmp_path / "in.mkv", tmp_path / "out", codec="png")
    result = through(tmp_path / "out", tmp_path / "again.mkv", codec="ffv1")
    assert result.alpha
    one, other = (
        list(read_clip(probe_clip(path), alpha=True)) for path in (tmp_path / "in.mkv", tmp_path / "again.mkv")
    )
    assert len(one) == len(other) == 6
    for a, b in zip(one, other, strict=True):
        assert a.alpha is not None
        assert b.alpha is not None
        assert np.array_equal(a.alpha, b.alpha)
        assert np.array_equal(a.pixels[a.alpha > 0], b.pixels[a.alpha > 0])


def test_pictures_become_video_in_the_colours_they_have(tmp_path: Path) -> None:
    make_clip(tmp_path / "in.mp4", Clip(frames=3, bars=True))
    through(tmp_path / "in.mp4", tmp_path / "out", codec="png")
    through(tmp_path / "out", tmp_path / "again.mp4", fps=Fraction(30000, 1001), crf=4)
    with av.open(str(tmp_path / "again.mp4")) as container:
        stream = container.streams.video[0]
        context = stream.codec_context
        assert stream.average_rate == Fraction(30000, 1001)
        assert (context.colorspace, context.color_primaries, context.color_trc, context.color_range) == (6, 1, 13, 1)
    one, other = (
        next(iter(read_clip(probe_clip(path)))).pixels for path in (tmp_path / "in.mp4", tmp_path / "again.mp4")
    )
    off = np.abs(one.astype(int) - other)
    assert np.median(off) <= 1  # all but the edges, where the pictures have smooth chroma
    assert (off <= 4).mean() > 0.85


def test_a_video_takes_no_rate(tmp_path: Path) -> None:
    make_clip(tmp_path / "in.mp4", Clip(frames=2))
    with pytest.raises(
        OptionError, match=r"fps is for pictures and raw frames, and .*in.mp4 is a video, which has its own"
    ):
        probe_clip(tmp_path / "in.mp4", fps=Fraction(25))


def test_the_page_of_formats_names_all_that_can_be_written() -> None:
    page = (Path(__file__).resolve().parents[2] / "docs" / "formats.md").read_text(encoding="utf-8")
    videos = [*MUXERS, *(f".{name}" for name in ANIMATED)]
    photos = [kind.extensions[0] for kind in FORMATS.values() if kind.writes]
    assert [name for name in (*videos, *photos) if f"{name}" not in page] == []
    assert [name for name in STREAMED if f"`{name}`" not in page and f"--format {name}`" not in page] == []
    assert all(f"--{name}" in page for name in ("fps", "size", "format"))
