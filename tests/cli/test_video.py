"""`limner video` as people call it: the real command with the real net, its errors, and what interrupts it."""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import sys
import time
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from video_clips import Clip, make_clip, times_of, x264_settings

LIMNER = [sys.executable, "-m", "limner.cli.app", "video"]


def limner(*args: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*LIMNER, *map(str, args)], cwd=cwd, capture_output=True, text=True, timeout=120)


@pytest.fixture(scope="module")
def long_clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("long") / "long.mp4"
    make_clip(path, Clip(size=(240, 320), frames=400, options={"preset": "ultrafast", "crf": "30"}))
    return path


def test_blur_keeps_everything_and_says_so(tmp_path: Path) -> None:
    make_clip(tmp_path / "in.mp4", Clip(frames=10, audio=("eng", "deu"), rotation=90))
    done = limner("in.mp4", "-o", "out.mp4", "--json", "--crf", "25", "--preset", "ultrafast", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert (said["frames_in"], said["frames_out"], said["size"]) == (10, 10, [96, 128])
    assert [s["how"] for s in said["streams"]] == ["copied", "copied"]
    assert set(said["milliseconds"]) == {"decode", "segment", "effect", "encode"}
    assert said["notices"] == []
    assert times_of(tmp_path / "out.mp4") == times_of(tmp_path / "in.mp4")
    told = x264_settings(tmp_path / "out.mp4")
    assert (told["crf"], told["subme"]) == ("25.0", "0")


def test_cutout_to_webm_and_plain_words(tmp_path: Path) -> None:
    make_clip(tmp_path / "in.mp4", Clip(frames=4))
    done = limner("in.mp4", "-o", "out.webm", "--effect", "cutout", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "out.webm: 4 frames" in done.stdout
    assert "vp9 with alpha" in done.stdout
    with av.open(str(tmp_path / "out.webm")) as container:
        assert container.streams.video[0].metadata["ALPHA_MODE"] == "1"


def test_a_video_behind_the_person(tmp_path: Path) -> None:
    make_clip(tmp_path / "in.mp4", Clip(frames=6))
    make_clip(tmp_path / "back.mp4", Clip(frames=3, bars=True))
    done = limner("in.mp4", "-o", "out.mp4", "-e", "replace", "-b", "back.mp4", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert len(times_of(tmp_path / "out.mp4")) == 6


@pytest.mark.parametrize("ahead", ["0", "2"])
def test_every_frame_of_a_span_comes_out_and_the_delay_is_told(tmp_path: Path, ahead: str) -> None:
    make_clip(tmp_path / "in.mp4", Clip(frames=30))
    span = ["--start", "0.2", "--duration", "0.6"]
    done = limner("in.mp4", "-o", "out.mkv", "--json", "--look-ahead", ahead, *span, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert (said["frames_in"], said["frames_out"]) == (15, 15)
    assert (said["temporal"], said["delay"], said["cuts"]) == ("light", int(ahead), 0)
    assert said["skipped"] == 0  # the clip moves


def test_a_still_clip_lets_the_net_rest_unless_told_not_to(tmp_path: Path) -> None:
    with av.open(str(tmp_path / "still.mkv"), "w") as out:
        stream = out.add_stream("ffv1", rate=30, width=128, height=96, pix_fmt="bgr0")
        for index in range(40):
            pixels = np.full((96, 128, 3), 90, np.uint8)
            pixels[30:60, 40:80] = 180
            frame = av.VideoFrame.from_ndarray(pixels, format="rgb24")
            frame.pts, frame.time_base = index, Fraction(1, 30)
            out.mux(stream.encode(frame))
        out.mux(stream.encode())
    for options, rests in ([], True), (["--no-gate"], False), (["--temporal", "off"], False):
        done = limner("still.mkv", "-o", "out.mp4", "--json", *options, cwd=tmp_path)
        assert done.returncode == 0, done.stderr
        assert (json.loads(done.stdout)["skipped"] > 20) == rests


def test_a_chain_with_a_video_behind_and_a_transparent_end(tmp_path: Path) -> None:
    make_clip(tmp_path / "in.mp4", Clip(frames=4))
    make_clip(tmp_path / "back.mp4", Clip(frames=3, bars=True))
    done = limner(
        "in.mp4", "-o", "out.mp4", "-e", "smoothstep,color_transfer,light_wrap,replace:back.mp4", cwd=tmp_path
    )
    assert done.returncode == 0, done.stderr
    assert len(times_of(tmp_path / "out.mp4")) == 4
    done = limner("in.mp4", "-o", "out.webm", "-e", "color_transfer,replace:back.mp4,cutout", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "vp9 with alpha" in done.stdout


def test_preview_is_one_picture_of_moments_before_and_after(tmp_path: Path) -> None:
    make_clip(tmp_path / "in.mp4", Clip(frames=30))
    done = limner("in.mp4", "--preview", "look.png", "--effect", "cutout", "--start", "0.2", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    picture = cv2.imread(str(tmp_path / "look.png"))
    assert picture is not None
    assert picture.shape == (4 * 96 + 3 * 8, 2 * 128 + 8, 3)


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (["in.mp4"], "-o"),
        (["in.mp4", "-o", "out.mp4", "--preview", "x.png"], "one of the two"),
        (["in.mp4", "-o", "out.mp4", "--temporal", "much"], "--temporal must be one of off, light, strong"),
        (["in.mp4", "-o", "out.mp4", "--look-ahead", "3"], "--look-ahead must be 0 to 2 frames, not 3"),
        (["in.mp4", "-o", "out.mp4", "--look-ahead", "1", "--temporal", "off"], "--look-ahead has nothing to do"),
        (["gone.mp4", "-o", "out.mp4"], "no such file"),
        (["in.mp4", "-o", "in.mp4"], "the clip itself"),
        (["in.mp4", "-o", "no/out.mp4"], "does not exist"),
        (["in.mp4", "-o", "out.avi"], "not a format"),
        (["in.mp4", "-o", "out.mp4", "--start", "9"], "no frame from 9 s"),
        (["in.mp4", "-o", "out.mp4", "--start", "soon"], "no time"),
        (["in.mp4", "-o", "out.mp4", "--effect", "cutout"], "no transparency"),
        (["in.mp4", "-o", "out.mp4", "--effect", "sparkle"], "sparkle"),
        (["in.mp4", "-o", "out.mp4", "--effect", "blur,bokeh"], "each make the background"),
        (["in.mp4", "-o", "out.mp4", "--effect", "stylize:bw,cutout"], "no transparency"),
        (["in.mp4", "-o", "out.mp4", "--model", "gone.onnx"], "gone.onnx"),
    ],
)
def test_errors_are_one_line_and_exit_2(tmp_path: Path, args: list[str], words: str) -> None:
    make_clip(tmp_path / "in.mp4", Clip(frames=3))
    before = sorted(p.name for p in tmp_path.iterdir())
    done = limner(*args, cwd=tmp_path)
    assert done.returncode == 2
    assert words in done.stderr
    assert len(done.stderr.strip().splitlines()) <= 2
    assert sorted(p.name for p in tmp_path.iterdir()) == before


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_may_not_be_written_to(tmp_path: Path) -> None:
    make_clip(tmp_path / "in.mp4", Clip(frames=3))
    (tmp_path / "closed").mkdir(mode=0o500)
    done = limner("in.mp4", "-o", "closed/out.mp4", cwd=tmp_path)
    assert (done.returncode, "permission denied" in done.stderr) == (2, True)


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
@pytest.mark.parametrize("target", ["out.mp4", "shots"])
def test_interruption_leaves_no_file(
    tmp_path: Path, long_clip: Path, number: signal.Signals, code: int, target: str
) -> None:
    (tmp_path / "in.mp4").symlink_to(long_clip)
    codec = ["--codec", "png"] if target == "shots" else ["--preset", "veryslow"]
    running = subprocess.Popen([*LIMNER, "in.mp4", "-o", target, *codec], cwd=tmp_path, stderr=subprocess.PIPE)
    try:
        deadline = time.monotonic() + 60
        while not any(".part" in p.name for p in tmp_path.iterdir()):
            assert running.poll() is None, running.stderr and running.stderr.read()
            assert time.monotonic() < deadline
            time.sleep(0.02)
        time.sleep(0.3)
        running.send_signal(number)
        assert running.wait(60) == code
    finally:
        running.kill()
        running.communicate()
    assert [p.name for p in tmp_path.iterdir()] == ["in.mp4"]


@pytest.mark.parametrize("target", ["out.mp4", "out.mkv", "shots"])
def test_a_full_disk_leaves_no_file_and_says_why(tmp_path: Path, target: str) -> None:
    make_clip(tmp_path / "in.mp4", Clip(frames=30))
    limit = 2_000 if target == "shots" else 9_000  # below a single picture, or the whole clip

    def small_files() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    codec = ["--codec", "png"] if target == "shots" else ["--crf", "0"]
    done = subprocess.run(
        [*LIMNER, "in.mp4", "-o", target, *codec],
        cwd=tmp_path, capture_output=True, text=True, preexec_fn=small_files, timeout=120,
    )  # fmt: skip
    assert done.returncode == 2, done.stderr
    assert f"limner: {target}: cannot be written: File too large" in done.stderr
    assert [p.name for p in tmp_path.iterdir()] == ["in.mp4"]


def test_pictures_in_and_out_and_what_is_wrong_with_them(tmp_path: Path) -> None:
    make_clip(tmp_path / "in.mp4", Clip(frames=5))
    assert limner("in.mp4", "-o", "cut/%03d.png", "-e", "cutout", cwd=tmp_path).returncode == 0
    done = limner("cut", "-o", "out.mp4", "--json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert (json.loads(done.stdout)["frames_out"], len(times_of(tmp_path / "out.mp4"))) == (5, 5)
    assert times_of(tmp_path / "out.mp4") == times_of(tmp_path / "in.mp4")
    (tmp_path / "cut" / "timestamps.txt").unlink()
    wrong = limner("cut/%03d.png", "-o", "no.mp4", cwd=tmp_path)
    assert (wrong.returncode, wrong.stdout) == (2, "")
    assert wrong.stderr == (
        "limner: cut/%03d.png: pictures have no times, and there is no timestamps.txt beside them; "
        "say frames a second with --fps\n"
    )
    looked = limner("cut/%03d.png", "--fps", "8", "--preview", "look.png", cwd=tmp_path)
    assert looked.returncode == 0, looked.stderr
    assert cv2.imread(str(tmp_path / "look.png")) is not None
