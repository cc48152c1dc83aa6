"""Moving pictures out: every frame, its time and how often they play come back, also through other programs."""

from __future__ import annotations

import json
import subprocess
import sys
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from PIL import Image as Pillow

from limner.assembly import VideoSaving
from limner.errors import LimnerError
from limner.media.animated_timing import read_timing
from limner.media.clips import probe_clip, read_clip
from limner.processing.video import VideoResult, process_video
from moving_pictures import DELAYS, make_moving, rgba
from video_clips import Clip, make_clip

FORMATS = ("gif", "webp", "apng", "avif")
CLOSE = {"gif": (0, 0), "webp": (3, 128), "apng": (0, 0), "avif": (1, 20)}
"""Levels that values may be off in the mean and at most, of pictures of few colours; chroma of WebP is half as fine."""


def through(source: Path, target: Path, **options: Any) -> VideoResult:
    return process_video(source, target, segment=None, effect=None, saving=VideoSaving(**options))


def shown_by_pillow(path: Path) -> tuple[list[np.ndarray[Any, Any]], list[float]]:
    with Pillow.open(path) as image:
        pictures, times = [], []
        for index in range(getattr(image, "n_frames", 1)):
            image.seek(index)
            pictures.append(np.asarray(image.convert("RGBA")))
            times.append(float(image.info["duration"]))
    return pictures, times


@pytest.mark.parametrize("source", ["gif", "webp", "apng"])
@pytest.mark.parametrize("target", FORMATS)
@pytest.mark.parametrize("alpha", [False, True])
def test_every_picture_its_time_and_the_plays_are_kept(tmp_path: Path, source: str, target: str, alpha: bool) -> None:
    make_moving(tmp_path / f"in.{source}", alpha=alpha, loop=4 if source == "gif" else 5)
    result = through(tmp_path / f"in.{source}", tmp_path / f"out.{target}")
    assert (result.frames, result.alpha, result.codec) == (6, alpha, target)
    pictures, times = shown_by_pillow(tmp_path / f"out.{target}")
    assert times == list(DELAYS)
    for index, found in enumerate(pictures):
        wanted = rgba(index, alpha=alpha)
        off = np.abs(found[..., 3].astype(int) - wanted[..., 3])
        assert off.max() <= (40 if target == "avif" else 0)
        seen = wanted[..., 3] > 0
        values = np.abs(found[seen][:, :3].astype(int) - wanted[seen][:, :3])
        assert values.mean() <= CLOSE[target][0]
        assert values.max() <= CLOSE[target][1]
    if target != "avif":
        timing = read_timing(tmp_path / f"out.{target}")
        assert timing is not None
        assert timing.plays == 5


@pytest.mark.parametrize("target", FORMATS)
def test_limner_reads_what_it_wrote(tmp_path: Path, target: str) -> None:
    make_moving(tmp_path / "in.apng")
    through(tmp_path / "in.apng", tmp_path / f"out.{target}")
    one = list(read_clip(probe_clip(tmp_path / "in.apng"), alpha=True))
    other = list(read_clip(probe_clip(tmp_path / f"out.{target}"), alpha=True))
    assert [frame.time for frame in one] == [frame.time for frame in other]
    for a, b in zip(one, other, strict=True):
        assert a.alpha is not None
        assert b.alpha is not None
        assert np.abs(a.alpha.astype(int) - b.alpha).mean() < 2


def test_ffmpeg_reads_what_was_written(tmp_path: Path) -> None:
    make_moving(tmp_path / "in.webp")
    for name in ("out.gif", "out.apng"):
        through(tmp_path / "in.webp", tmp_path / name)
        with av.open(str(tmp_path / name)) as container:
            stream = container.streams.video[0]
            found = [
                (frame.pts * stream.time_base, frame.to_ndarray(format="rgba")) for frame in container.decode(stream)
            ]  # type: ignore[operator]
        assert [round(float(time) * 1000) for time, _ in found] == [0, 40, 140, 160, 460, 530]
        for index, (_, picture) in enumerate(found):
            assert np.array_equal(picture[..., 3], rgba(index)[..., 3])


@pytest.mark.parametrize("target", FORMATS)
def test_a_video_becomes_moving_pictures_that_play_for_ever(tmp_path: Path, target: str) -> None:
    ticks = [n * 1001 for n in range(12)]  # of 1/30000 s
    make_clip(tmp_path / "in.mp4", Clip(ticks=ticks, time_base=Fraction(1, 30000), audio=("eng",)))
    result = through(tmp_path / "in.mp4", tmp_path / f"out.{target}")
    assert (result.frames, result.alpha) == (12, False)
    assert any("no sound" in notice for notice in result.notices)
    _, times = shown_by_pillow(tmp_path / f"out.{target}")
    assert abs(sum(times) - 11 * 1001 / 30 - 40) < 6  # what coarse ticks lose does not add up
    timing = read_timing(tmp_path / f"out.{target}")
    if target != "avif":
        assert timing is not None
        assert timing.plays == 0
    if target == "apng":
        assert timing is not None
        assert set(timing.durations[:-1]) == {Fraction(1001, 30000)}


def test_half_transparency_is_cut_in_gif_and_told(tmp_path: Path) -> None:
    pictures = [
        Pillow.fromarray(
            np.dstack([np.full((20, 30, 3), 90 * i, np.uint8), np.tile(np.arange(30, dtype=np.uint8) * 8, (20, 1))])
        )
        for i in range(3)
    ]
    pictures[0].save(tmp_path / "in.apng", "PNG", save_all=True, append_images=pictures[1:], duration=100)
    result = through(tmp_path / "in.apng", tmp_path / "out.gif")
    assert any("no half transparency" in notice for notice in result.notices)
    found, _ = shown_by_pillow(tmp_path / "out.gif")
    assert np.array_equal(found[1][..., 3] > 0, np.tile(np.arange(30) * 8 >= 128, (20, 1)))


@pytest.mark.parametrize("target", FORMATS)
def test_a_run_that_fails_leaves_nothing(tmp_path: Path, target: str) -> None:
    make_moving(tmp_path / "in.webp")
    data = (tmp_path / "in.webp").read_bytes()
    (tmp_path / "in.webp").write_bytes(data[: len(data) * 7 // 10])
    (tmp_path / f"out.{target}").write_text("mine")
    with pytest.raises(LimnerError):
        through(tmp_path / "in.webp", tmp_path / f"out.{target}")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.webp", f"out.{target}"]
    assert (tmp_path / f"out.{target}").read_text() == "mine"


def test_what_cannot_be_written_is_told(tmp_path: Path) -> None:
    make_moving(tmp_path / "in.webp")
    wide = [Pillow.new("RGB", (16500, 4), (i, 0, 0)) for i in range(2)]
    wide[0].save(tmp_path / "wide.apng", "PNG", save_all=True, append_images=wide[1:])
    for source, target, options, text in (
        ("in.webp", "in.webp", {}, "in.webp: is the clip itself; name another file"),
        ("in.webp", "no/out.gif", {}, "the folder"),
        ("in.webp", "out.gif", {"crf": 3}, "crf belongs to h264 and vp9, not to gif; leave it out"),
        ("in.webp", "out.gif", {"codec": "webp"}, "webp goes into .webp files; rename it"),
        ("in.webp", "out.mp4", {"codec": "raw"}, "raw frames go to stdout only"),
        ("in.webp", "out.gif", {"fps": Fraction(9)}, "fps is for pictures and raw frames"),
        ("wide.apng", "out.webp", {}, "webp pictures have at most 16383 pixels a side"),
    ):
        with pytest.raises(LimnerError) as caught:
            through(tmp_path / source, tmp_path / target, **options)
        assert text in str(caught.value)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.webp", "wide.apng"]


def test_pictures_of_a_series_are_not_replaced(tmp_path: Path) -> None:
    for index in (1, 2):
        Pillow.fromarray(rgba(index)).save(tmp_path / f"p_{index}.webp", lossless=True)
    before = (tmp_path / "p_1.webp").read_bytes()
    with pytest.raises(LimnerError, match=r"p_1.webp: is read as well"):
        through(tmp_path / "p_%d.webp", tmp_path / "p_1.webp", fps=Fraction(5))
    assert (tmp_path / "p_1.webp").read_bytes() == before


def test_the_command_cuts_a_person_out_of_moving_pictures(tmp_path: Path) -> None:
    make_moving(tmp_path / "in.gif")
    command = [sys.executable, "-m", "limner.cli.app", "video", "in.gif", "-o", "out.webp", "-e", "cutout", "--json"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=100)
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert (said["frames_out"], said["codec"], said["alpha"]) == (6, "webp", True)
