"""`limner video` between other programs: real processes, joined by real pipes."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from limner.media.video_reader import VideoReader
from video_clips import Clip, make_clip, packets_of, times_of

VIDEO = [sys.executable, "-m", "limner.cli.app", "video"]
STILL = ["--method", "subtraction", "--learn", "1", "--no-audio"]
"""No net, so that it starts fast."""


def piped(*args: str, stdin: bytes | Path | None, cwd: Path) -> subprocess.CompletedProcess[bytes]:
    data = stdin.read_bytes() if isinstance(stdin, Path) else stdin
    return subprocess.run([*VIDEO, *args], cwd=cwd, input=data, capture_output=True, timeout=100)


@pytest.mark.parametrize(
    ("kind", "container"),
    [("mkv", "matroska,webm"), ("webm", "matroska,webm"), ("ts", "mpegts"), ("y4m", "yuv4mpegpipe")],
)
def test_every_container_that_streams_comes_out_whole(tmp_path: Path, kind: str, container: str) -> None:
    make_clip(tmp_path / "in.mkv", Clip(frames=8, audio=("eng",)))
    done = piped("-", "-o", "-", "--format", kind, stdin=tmp_path / "in.mkv", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert b"stdout: 8 frames" in done.stderr
    path = tmp_path / f"out.{kind}"
    path.write_bytes(done.stdout)
    with av.open(str(path)) as read:
        assert read.format.name == container
    times = times_of(path)
    assert [time - times[0] for time in times] == [Fraction(n, 25) for n in range(8)]
    if kind == "mkv":
        assert packets_of(path, "audio") == packets_of(tmp_path / "in.mkv", "audio")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["in.mkv", path.name]


def test_raw_frames_in_and_out_keep_their_values(tmp_path: Path) -> None:
    frames = np.random.default_rng(5).integers(0, 256, (4, 48, 64, 4), np.uint8)
    frames[..., 3] = np.arange(64) * 4
    size = ("--size", "64x48", "--fps", "10")
    args = ("-", "-o", "-", *size, "--pixel-format", "rgba", "-e", "cutout", "--alpha", "ignore", "--no-clean")
    done = piped(*args, stdin=frames.tobytes(), cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    back = np.frombuffer(done.stdout, np.uint8).reshape(4, 48, 64, 4)
    assert np.array_equal(np.unique(back.shape), np.unique(frames.shape))
    opaque = back[..., 3] == 255
    assert np.array_equal(back[opaque][:, :3], frames[opaque][:, :3])
    plain = piped("-", "-o", "-", *size, stdin=frames[..., :3].tobytes(), cwd=tmp_path)
    assert (plain.returncode, len(plain.stdout)) == (0, 4 * 48 * 64 * 3)


def test_raw_frames_become_a_file_and_a_file_raw_frames(tmp_path: Path) -> None:
    make_clip(tmp_path / "in.mkv", Clip(frames=6, codec="ffv1", pixel_format="bgr0", options={}))
    out = piped("in.mkv", "-o", "-", "-f", "raw", "-e", "mask", stdin=None, cwd=tmp_path)
    assert out.returncode == 0, out.stderr
    assert len(out.stdout) == 6 * 96 * 128 * 3
    back = piped("-", "--size", "128x96", "--fps", "25", "-o", "out.mkv", "-e", "mask", stdin=out.stdout, cwd=tmp_path)
    assert back.returncode == 0, back.stderr
    assert times_of(tmp_path / "out.mkv") == [Fraction(n, 25) for n in range(6)]


def test_two_of_them_in_a_row(tmp_path: Path) -> None:
    make_clip(tmp_path / "in.mkv", Clip(frames=6, audio=("eng",)))
    first = subprocess.Popen(
        [*VIDEO, "in.mkv", "-o", "-"], cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    second = subprocess.run(
        [*VIDEO, "-", "-o", "out.mkv"], cwd=tmp_path, stdin=first.stdout, capture_output=True, timeout=60
    )
    assert first.stdout is not None
    first.stdout.close()
    assert (first.wait(60), second.returncode) == (0, 0), second.stderr
    assert times_of(tmp_path / "out.mkv") == times_of(tmp_path / "in.mkv")
    assert packets_of(tmp_path / "out.mkv", "audio") == packets_of(tmp_path / "in.mkv", "audio")


def test_a_pipe_that_nobody_reads_any_more_ends_it_quietly(tmp_path: Path) -> None:
    with subprocess.Popen(
        [*VIDEO, "-", "--size", "64x48", "--fps", "25", "-o", "-", *STILL], cwd=tmp_path, stdin=subprocess.PIPE,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    ) as run:  # fmt: skip
        assert run.stdin is not None
        assert run.stdout is not None
        assert run.stderr is not None
        frame = bytes(64 * 48 * 3)
        for _ in range(4):
            run.stdin.write(frame)
        run.stdin.flush()
        assert len(run.stdout.read(len(frame))) == len(frame)  # before the input has ended
        run.stdout.close()
        _feed(run.stdin, frame)
        assert run.wait(30) == 141
        assert b"Traceback" not in (said := run.stderr.read())
        assert b"limner: " not in said


def _feed(pipe: Any, frame: bytes) -> None:
    until = time.monotonic() + 30
    try:
        while time.monotonic() < until:
            pipe.write(frame)
            pipe.flush()
    except BrokenPipeError:
        pass


def test_ctrl_c_ends_it_while_it_waits_for_stdin(tmp_path: Path) -> None:
    with subprocess.Popen(
        [*VIDEO, "-", "--size", "64x48", "--fps", "25", "-o", "-", *STILL], cwd=tmp_path, stdin=subprocess.PIPE,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    ) as run:  # fmt: skip
        assert run.stdin is not None
        assert run.stdout is not None
        run.stdin.write(bytes(64 * 48 * 3 * 3))
        run.stdin.flush()
        assert run.stdout.read(64 * 48 * 3)
        run.send_signal(signal.SIGINT)
        assert run.wait(30) == 130
        assert run.stderr is not None
        assert b"limner: interrupted; what went into the pipe stays there" in run.stderr.read()


def test_ctrl_c_ends_it_before_anything_came(tmp_path: Path) -> None:
    with subprocess.Popen(
        [*VIDEO, "-", "-o", "-", *STILL], cwd=tmp_path, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as run:  # fmt: skip
        time.sleep(1.5)  # mostly enough to be waiting for stdin; if not, it ends the same way
        run.send_signal(signal.SIGINT)
        assert run.wait(30) == 130
        assert run.stderr is not None
        assert b"limner: interrupted" in run.stderr.read()


@pytest.mark.parametrize(
    ("args", "data", "text"),
    [
        (("-", "-o", "-"), b"", "stdin: nothing came through the pipe; send a video into it"),
        (("-", "-o", "-"), b"text\n" * 99, "raw frames need --size and --fps"),
        (("-", "-o", "-", "--size", "8x8"), b"", "--size: raw frames have no times; say frames a second with --fps"),
        (
            ("-", "-o", "-", "--fps", "8"),
            b"",
            "--fps is for pictures and raw frames, and stdin without --size is a video",
        ),
        (("-", "-o", "-", "--size", "8", "--fps", "1"), b"x" * 200, "stdin: the last frame has 8 of 192 bytes"),
        (("-", "-o", "-", "--pixel-format", "rgba"), b"", "--pixel-format rgba is for raw frames, which need --size"),
        (
            ("-", "-o", "-", "-f", "avi"),
            b"",
            "--format 'avi' cannot go into a pipe: say one of mkv, webm, ts, y4m, raw",
        ),
        (("-", "-o", "-", "-f", "ts", "-e", "cutout"), b"", "--format ts has no transparency; use mkv, webm or raw"),
        (("-", "-o", "o.mp4", "-f", "ts"), b"", "--format ts is for stdout; the name of o.mp4 says its format"),
        (("-", "-o", "-", "--json"), b"", "--json and -o - both want stdout"),
        (("-", "--preview", "p.png"), b"", "--preview needs a clip that can be searched"),
        (
            ("in.mp4", "-o", "-", "--size", "8x8"),
            b"",
            "--size is for raw frames from stdin, and in.mp4 says its own size",
        ),
    ],
)
def test_what_is_wrong_is_one_line_on_stderr(tmp_path: Path, args: tuple[str, ...], data: bytes, text: str) -> None:
    done = piped(*args, stdin=data, cwd=tmp_path)
    lines = [line for line in done.stderr.decode().splitlines() if line.startswith("limner: ")]
    assert (done.returncode, len(lines)) == (2, 1), done.stderr
    assert text in lines[0]
    assert list(tmp_path.iterdir()) == []
    assert not done.stdout or "last frame" in text


@pytest.mark.skipif(not hasattr(os, "openpty"), reason="needs POSIX terminals")
def test_a_terminal_is_neither_a_video_nor_shows_one(tmp_path: Path) -> None:
    make_clip(tmp_path / "in.mkv", Clip(frames=2))
    master, slave = os.openpty()
    for args, where in ((["-", "-o", "out.mkv"], "stdin"), (["in.mkv", "-o", "-"], "stdout")):
        streams: dict[str, Any] = {where: slave}
        done = subprocess.run([*VIDEO, *args], cwd=tmp_path, stderr=subprocess.PIPE, timeout=60, **streams)
        assert done.returncode == 2
        assert b"terminal" in done.stderr
    os.close(master)
    os.close(slave)


@pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="needs ffmpeg")
def test_between_two_ffmpeg(tmp_path: Path) -> None:
    make_clip(tmp_path / "in.mkv", Clip(frames=10, audio=("eng",)))
    ffmpeg, limner = "ffmpeg -v error -nostdin", " ".join(VIDEO)
    copied = f"{ffmpeg} -i in.mkv -c copy -f mpegts - | {limner} - -o - -f ts | {ffmpeg} -i - -c copy out.mkv"
    done = subprocess.run(["bash", "-o", "pipefail", "-c", copied], cwd=tmp_path, capture_output=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert len(times_of(tmp_path / "out.mkv")) == 10
    assert len(packets_of(tmp_path / "out.mkv", "audio")[0]) == len(packets_of(tmp_path / "in.mkv", "audio")[0])
    raw = (
        f"{ffmpeg} -i in.mkv -vsync 0 -f rawvideo -pix_fmt rgb24 - | {limner} - --size 128x96 --fps 25 -o - -e cutout"
        f" | {ffmpeg} -f rawvideo -pix_fmt rgba -s 128x96 -r 25 -i - -c:v ffv1 cut.mkv"
    )
    done = subprocess.run(["bash", "-o", "pipefail", "-c", raw], cwd=tmp_path, capture_output=True, timeout=60)
    assert done.returncode == 0, done.stderr
    cut = list(VideoReader(tmp_path / "cut.mkv", alpha=True))
    assert len(cut) == 10
    assert cut[0].alpha is not None


@pytest.mark.skipif(shutil.which("gst-launch-1.0") is None, reason="needs gst-launch-1.0")
def test_behind_gstreamer(tmp_path: Path) -> None:
    caps = "video/x-raw,format=RGBA,width=160,height=120,framerate=10/1"
    sent = f"gst-launch-1.0 -q videotestsrc num-buffers=6 ! {caps} ! fdsink"
    line = f"{sent} | {' '.join(VIDEO)} - --size 160x120 --fps 10 --pixel-format rgba -o out.mkv"
    done = subprocess.run(["bash", "-o", "pipefail", "-c", line], cwd=tmp_path, capture_output=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert times_of(tmp_path / "out.mkv") == [Fraction(n, 10) for n in range(6)]
