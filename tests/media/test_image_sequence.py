"""Clips as numbered pictures: two runs never mix theirs, and nothing that lies there is replaced."""

from __future__ import annotations

from pathlib import Path

import pytest

from limner.errors import MediaError
from limner.media.image_sequence import SequenceWriter
from limner.media.video_info import probe_video
from limner.media.video_reader import VideoReader
from video_clips import Clip, make_clip


@pytest.fixture
def reader(tmp_path: Path) -> VideoReader:
    make_clip(tmp_path / "in.mp4", Clip(frames=3))
    return VideoReader(probe_video(tmp_path / "in.mp4"))


@pytest.mark.parametrize("there", [False, True])
def test_two_runs_into_one_folder_never_mix(tmp_path: Path, reader: VideoReader, there: bool) -> None:
    shots = tmp_path / "shots"
    if there:
        shots.mkdir()
    with SequenceWriter(shots, reader, alpha=False) as first:
        for target in (shots, shots / "other_%03d.png"):
            with pytest.raises(MediaError, match=r"shots: another run of limner writes into it"):
                SequenceWriter(target, reader, alpha=False)
        for frame in reader:
            first.write(frame)
        first.finish()
    assert len(list(shots.glob("frame_*.png"))) == 3
    with pytest.raises(MediaError, match="already holds such pictures"):
        SequenceWriter(shots, reader, alpha=False)
    with pytest.raises(MediaError, match=r"timestamps.txt: has the times of other pictures"):
        SequenceWriter(shots / "other_%03d.png", reader, alpha=False)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.mp4", "shots"]


def test_pictures_that_came_meanwhile_are_not_replaced(tmp_path: Path, reader: VideoReader) -> None:
    shots = tmp_path / "shots"
    shots.mkdir()
    with SequenceWriter(shots, reader, alpha=False) as writer:
        for frame in reader:
            writer.write(frame)
        (shots / "frame_000002.png").write_text("mine")
        with pytest.raises(MediaError, match="already holds such pictures"):
            writer.finish()
    assert [path.read_text() for path in shots.iterdir()] == ["mine"]


def test_a_run_that_fails_leaves_no_folder(tmp_path: Path, reader: VideoReader) -> None:
    with SequenceWriter(tmp_path / "shots", reader, alpha=False) as writer:
        writer.write(next(iter(reader)))  # and never finishes
    assert [path.name for path in tmp_path.iterdir()] == ["in.mp4"]
