"""Recordings survive what ends them: a killed process, a full disk, an error, an impatient user."""

from __future__ import annotations

import json
import struct
import subprocess
import sys
import time
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from limner.errors import LimnerError
from limner.frame import TimedFrame
from limner.live.recorder import Recorder
from limner.media.video_formats import MUXERS
from video_clips import times_of, x264_settings

SIZE = (96, 128)
RATE = 30
CHILD = r"""
import json, os, resource, sys, time
from fractions import Fraction
from pathlib import Path
import numpy as np
from limner.live.recorder import Recorder
from limner.frame import TimedFrame

target, alpha, limit, count = Path(sys.argv[1]), sys.argv[2] == "alpha", int(sys.argv[3]), int(sys.argv[4])
if limit:
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
rng = np.random.default_rng(0)
recorder = Recorder(target, rate=30, alpha=alpha)
for index in range(count):
    pixels = rng.integers(0, 40, (96, 128, 4 if alpha else 3), dtype=np.uint8)
    pixels[:48, :, :3] = 40 + 2 * (index % 100)
    if alpha:
        pixels[..., 3] = 200
    while recorder.error is None and recorder._queue.full():
        time.sleep(0.002)
    if recorder.error is not None:
        break
    recorder.write(TimedFrame(pixels, Fraction(index, 30)))
    print(recorder.frames, flush=True)
recorder.close()
recorder.wait()
print(json.dumps([str(recorder.error or ""), recorder.frames]), flush=True)
"""


def child(folder: Path, name: str, *, alpha: bool = False, limit: int = 0, count: int = 100_000) -> Any:
    args = [sys.executable, "-c", CHILD, name, "alpha" if alpha else "", str(limit), str(count)]
    return subprocess.Popen(args, cwd=folder, stdout=subprocess.PIPE, text=True)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def levels(path: Path) -> list[int]:
    """The number that each frame was given, from the grey of its upper half."""
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        found = []
        try:
            for frame in container.decode(stream):
                found.append(round((float(frame.to_ndarray(format="gray")[8:40].mean()) - 40) / 2))
        except av.FFmpegError:  # the last packet was cut in two
            pass
    return found


def boxes(path: Path) -> list[str]:
    """The names of the outermost boxes of an MP4 or QuickTime file."""
    data, at, found = path.read_bytes(), 0, []
    while at < len(data):
        length, name = struct.unpack(">I4s", data[at : at + 8])
        found.append(name.decode("ascii"))
        at += length
    return found


def start(index: int) -> TimedFrame:
    return TimedFrame(np.full((*SIZE, 3), 40 + 2 * index, np.uint8), Fraction(index, RATE))


@pytest.mark.parametrize(
    ("name", "alpha"), [("out.mp4", False), ("out.mkv", False), ("out.webm", True), ("out.mov", True)]
)
def test_after_kill_9_every_second_that_was_written_can_be_read(tmp_path: Path, name: str, alpha: bool) -> None:
    running = child(tmp_path, name, alpha=alpha)
    written = 0
    try:
        while written < 75:
            written = int(running.stdout.readline())
    finally:
        running.kill()
        running.communicate()
    left = Path(name).with_suffix(f".recording{Path(name).suffix}").name
    assert names(tmp_path) == [left]
    found = levels(tmp_path / left)
    assert len(found) > written - RATE  # less than a second is lost with what encoder and muxer held
    assert np.abs(np.array(found[:40]) - np.arange(40)).max() <= 2
    times = times_of(tmp_path / left)
    assert abs(times[30] - times[0] - 1) <= Fraction(1, 1000)


@pytest.mark.parametrize("name", ["out.mp4", "out.mkv", "out.mov"])
@pytest.mark.parametrize("existed", [False, True])
def test_a_full_disk_keeps_what_was_recorded(tmp_path: Path, name: str, existed: bool) -> None:
    if existed:
        (tmp_path / name).write_bytes(b"an older take")
    out, _ = child(tmp_path, name, limit=150_000).communicate(timeout=60)
    error, frames = json.loads(out.splitlines()[-1])
    left = Path(name).with_suffix(f".recording{Path(name).suffix}").name if existed else name
    seconds = (frames - 1) / RATE
    assert error.startswith(f"{name}: cannot be written")
    assert error.endswith(f"the {seconds:.1f} s until then are in {tmp_path / left}")
    assert names(tmp_path) == sorted({name, left})
    assert not existed or (tmp_path / name).read_bytes() == b"an older take"
    assert len(levels(tmp_path / left)) > frames - RATE


def test_a_disk_that_is_full_at_the_very_end_keeps_every_frame(tmp_path: Path) -> None:
    out, _ = child(tmp_path, "whole.mp4", count=60).communicate(timeout=60)
    assert json.loads(out.splitlines()[-1]) == ["", 60]
    size = (tmp_path / "whole.mp4").stat().st_size
    out, _ = child(tmp_path, "out.mp4", count=60, limit=size - 200).communicate(timeout=60)
    error, frames = json.loads(out.splitlines()[-1])
    assert frames == 60
    assert str(tmp_path / "out.mp4") in error
    assert len(levels(tmp_path / "out.mp4")) == 60


@pytest.mark.parametrize("name", ["out.mp4", "out.mov", "out.mkv", "out.webm"])
def test_a_finished_recording_is_a_usual_file(tmp_path: Path, name: str) -> None:
    recorder = Recorder(tmp_path / name, rate=RATE)
    for index in range(10):
        recorder.write(start(index))
        assert [p.name for p in tmp_path.iterdir() if p.name == name] == []
    recorder.close()
    recorder.wait()
    assert recorder.error is None
    assert names(tmp_path) == [name]
    exact = MUXERS[Path(name).suffix] in ("mp4", "mov")
    ticks = [Fraction(i, RATE) if exact else Fraction(round(Fraction(1000 * i, RATE)), 1000) for i in range(10)]
    assert times_of(tmp_path / name) == ticks
    assert not exact or boxes(tmp_path / name) == ["ftyp", "wide" if name.endswith("mov") else "free", "mdat", "moov"]
    with av.open(str(tmp_path / name)) as container:
        assert abs((container.duration or 0) / 1e6 - 1 / 3) < 0.05


@pytest.mark.parametrize("name", ["out.mp4", "out.mov", "out.mkv"])
def test_frames_at_irregular_times_are_all_there_for_players(tmp_path: Path, name: str) -> None:
    """A camera's frames come when they come; the one shown last is not the last that the encoder gives."""
    rng = np.random.default_rng(1)
    for number in range(6):
        times = np.cumsum(rng.integers(3_000, 400_000, 18 + number))
        recorder = Recorder(tmp_path / f"{number}-{name}", rate=RATE)
        for index, moment in enumerate(times.tolist()):
            while recorder._queue.full() and not recorder.ended:
                time.sleep(0.01)
            recorder.write(TimedFrame(start(index).pixels, Fraction(moment, 1_000_000)))
        recorder.close()
        recorder.wait()
        assert recorder.error is None
        found = times_of(recorder.target)
        assert len(found) == len(times)
        wanted = [Fraction(moment, 1_000_000) for moment in (times - times[0]).tolist()]
        assert max(abs(a - b) for a, b in zip(found, wanted, strict=True)) <= Fraction(1, 1000)


def test_what_is_broken_off_stays(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path / "out.mp4", rate=RATE)
    for index in range(40):
        recorder.write(start(index))
        while recorder.frames < index:
            time.sleep(0.002)
    recorder.abandon()
    assert "broken off" in str(recorder.error)
    assert str(tmp_path / "out.mp4") in str(recorder.error)
    assert len(levels(tmp_path / "out.mp4")) >= 39  # the last may not have left the queue


def test_nothing_is_left_where_nothing_was_recorded(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path / "out.mp4", rate=RATE)
    recorder.abandon()
    assert str(recorder.error).endswith("nothing was recorded")
    assert names(tmp_path) == []


def test_names_of_recordings_never_collide(tmp_path: Path) -> None:
    (tmp_path / "out.recording.mp4").write_bytes(b"of a killed process")
    recorder = Recorder(tmp_path / "out.mp4", rate=RATE)
    recorder.write(start(0))
    recorder.close()
    recorder.wait()
    assert names(tmp_path) == ["out.mp4", "out.recording.mp4"]
    assert (tmp_path / "out.recording.mp4").read_bytes() == b"of a killed process"


def test_long_names_have_room_for_the_word(tmp_path: Path) -> None:
    name = "😀" * 61 + ".mp4"
    recorder = Recorder(tmp_path / name, rate=RATE)
    recorder.write(start(0))
    recorder.close()
    recorder.wait()
    assert recorder.error is None
    assert names(tmp_path) == [name]


def test_a_name_that_cannot_be_recorded_is_refused_at_once(tmp_path: Path) -> None:
    with pytest.raises(LimnerError, match="is one file"):
        Recorder(tmp_path / "frame_%04d.png", rate=RATE)


def test_recordings_are_encoded_fast_enough_to_keep_up(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path / "out.mp4", rate=RATE)
    recorder.write(start(0))
    recorder.close()
    recorder.wait()
    found = x264_settings(tmp_path / "out.mp4")
    assert (found["crf"], found["subme"], found["rc_lookahead"]) == ("18.0", "2", "5")  # veryfast
