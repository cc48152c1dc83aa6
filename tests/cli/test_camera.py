"""`limner camera` as people call it: a clip as camera, files it leaves, a real window driven by keys, its errors."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from limner import samples
from limner.media.images import read_image
from video_clips import Clip, frames_of, make_clip, times_of

LIMNER = [sys.executable, "-m", "limner.cli.app", "camera"]


def limner(*args: str | Path, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    place = {key: value for key, value in os.environ.items() if key not in ("DISPLAY", "WAYLAND_DISPLAY")}
    return subprocess.run(
        [*LIMNER, *map(str, args)],
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=120,
        env={**place, **environment},
    )


def test_without_a_window_a_clip_is_recorded(tmp_path: Path) -> None:
    shutil.copy(samples.CLIP, tmp_path / "clip.mp4")
    done = limner(
        "--camera", "clip.mp4", "--no-window", "--record", "out.mp4", "--frames", "12", "--no-pace", "--size",
        "160x90", "-e", "color", "--json", cwd=tmp_path,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert said["files"] == ["out.mp4"]
    assert said["dropped"] == 0
    assert set(said["milliseconds"]) == {"decode", "segment", "effect", "show"}
    assert said["delay_ms"]["median"] > 0
    frames = frames_of(tmp_path / "out.mp4")
    assert len(frames) == len(times_of(tmp_path / "out.mp4")) == said["frames"] - said["frames_not_recorded"]
    assert frames[-1].shape == (90, 160, 3)
    assert np.abs(frames[-1][3, -4].astype(int) - (255, 0, 255)).max() < 20


def test_a_clip_once_ends_by_itself(tmp_path: Path) -> None:
    make_clip(tmp_path / "in.mp4", Clip(frames=6))
    done = limner("-d", "in.mp4", "--once", "--no-pace", "--no-window", "--record", "out.mkv", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "6 frames" in done.stdout
    assert len(times_of(tmp_path / "out.mkv")) == 6


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_an_interrupted_recording_is_whole(tmp_path: Path, number: signal.Signals, code: int) -> None:
    make_clip(tmp_path / "in.mp4", Clip(frames=50))
    running = subprocess.Popen(
        [*LIMNER, "-d", "in.mp4", "--no-window", "--record", "out.mp4"],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    try:
        deadline = time.monotonic() + 60
        while not any(path.stat().st_size > 40 for path in tmp_path.glob("out.recording.mp4")):
            assert running.poll() is None, running.stderr and running.stderr.read()
            assert time.monotonic() < deadline
            time.sleep(0.05)
        time.sleep(0.5)
        running.send_signal(number)
        assert running.wait(60) == code
        assert running.stderr is not None
        assert b"limner: interrupted; out.mp4: whole" in running.stderr.read()
    finally:
        running.kill()
        running.communicate()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.mp4", "out.mp4"]
    assert len(times_of(tmp_path / "out.mp4")) >= 1


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (["-d", "99"], "no such camera"),
        (["-d", "/dev/video98"], "no such camera"),
        (["-d", "/dev/null"], "is no camera"),
        (["-d", "gone.mp4"], "no such file"),
        (["-d", "."], "is a folder"),
        (["-d", "in.mp4", "--size", "big"], "no size"),
        (["-d", "in.mp4", "--size", "8x8"], "no size"),
        (["-d", "in.mp4", "--rate", "0"], "--rate 0"),
        (["-d", "in.mp4", "--record", "no/out.mp4"], "does not exist"),
        (["-d", "in.mp4", "--record", "out.avi"], "not a format"),
        (["-d", "in.mp4", "--record", "out.mp4", "-e", "cutout"], "no transparency"),
        (["-d", "in.mp4", "--seconds", "-1"], "--seconds -1"),
        (["-d", "in.mp4", "--folder", "no"], "no such folder"),
        (["-d", "in.mp4", "--virtual", "--virtual-device", "in.mp4"], "is no video device"),
        (["-d", "in.mp4", "--virtual-device", "/dev/video9"], "belongs to --virtual"),
        (["-d", "in.mp4", "--backgrounds", "nowhere.jpg"], "neither a file"),
        (["-d", "in.mp4", "-e", "sparkle"], "sparkle"),
        (["-d", "in.mp4", "--temporal", "much"], "--temporal"),
    ],
)
def test_errors_are_one_line_and_exit_2(tmp_path: Path, args: list[str], words: str) -> None:
    make_clip(tmp_path / "in.mp4", Clip(frames=3))
    bounds = [] if "--seconds" in args else ["--seconds", "5"]
    done = limner(*args, "--no-window", *bounds, cwd=tmp_path)
    assert done.returncode == 2, done.stdout + done.stderr
    assert words in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["in.mp4"]


def test_nowhere_to_go_and_no_display_say_so(tmp_path: Path) -> None:
    make_clip(tmp_path / "in.mp4", Clip(frames=3))
    done = limner("-d", "in.mp4", "--no-window", cwd=tmp_path)
    assert (done.returncode, "nowhere to go" in done.stderr) == (2, True)
    if importlib.util.find_spec("pygame") and sys.platform == "linux":
        done = limner("-d", "in.mp4", cwd=tmp_path)
        assert (done.returncode, "there is no display" in done.stderr) == (2, True)
        done = limner("-d", "in.mp4", cwd=tmp_path, DISPLAY=":4711")
        assert (done.returncode, "no window can be opened" in done.stderr) == (2, True)


def test_a_missing_extra_is_named(tmp_path: Path) -> None:
    make_clip(tmp_path / "in.mp4", Clip(frames=3))
    (tmp_path / "pygame.py").write_text("raise ImportError('none')\n")
    paths = os.pathsep.join(filter(None, [str(tmp_path), os.environ.get("PYTHONPATH", "")]))
    done = limner("-d", "in.mp4", cwd=tmp_path, PYTHONPATH=paths)
    assert done.returncode == 2
    assert "pip install 'limner[camera]'" in done.stderr


def test_the_list_needs_no_camera(tmp_path: Path) -> None:
    done = limner("--list", cwd=tmp_path)
    assert (done.returncode, bool(done.stdout.strip())) == (0, True)
    assert isinstance(json.loads(limner("--list", "--json", cwd=tmp_path).stdout), list)


# ------------------------------------------------------------------ a real window

needs_display = pytest.mark.skipif(
    not (shutil.which("Xvfb") and shutil.which("xdotool") and importlib.util.find_spec("pygame")),
    reason="needs Xvfb and xdotool (apt install xvfb xdotool) and pygame-ce",
)


@pytest.fixture
def display() -> Iterator[str]:
    """A screen that nobody looks at."""
    number = next(n for n in range(200, 400) if not Path(f"/tmp/.X11-unix/X{n}").exists())
    server = subprocess.Popen(
        ["Xvfb", f":{number}", "-screen", "0", "800x600x24", "-nolisten", "tcp"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    deadline = time.monotonic() + 20
    while not Path(f"/tmp/.X11-unix/X{number}").exists():
        assert time.monotonic() < deadline
        time.sleep(0.05)
    yield f":{number}"
    server.terminate()
    server.wait()


def screenshot(display: str) -> np.ndarray:
    from PIL import ImageGrab

    return np.asarray(ImageGrab.grab(xdisplay=display).convert("RGB"))


def wait_for(condition, seconds: float = 60.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.1)


@needs_display
def test_a_real_window_obeys_keys(tmp_path: Path, display: str) -> None:
    shutil.copy(samples.CLIP, tmp_path / "clip.mp4")

    def press(*keys: str) -> None:
        subprocess.run(["xdotool", "key", *keys], env={**os.environ, "DISPLAY": display}, check=True)

    def magenta() -> float:
        return float(np.all(screenshot(display) == (255, 0, 255), axis=-1).mean())

    running = subprocess.Popen(
        [*LIMNER, "-d", "clip.mp4", "--size", "640x360", "--no-overlay", "--json"],
        cwd=tmp_path,
        env={**os.environ, "DISPLAY": display},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        wait_for(lambda: screenshot(display).any() or running.poll() is not None)
        assert running.poll() is None, running.stderr and running.stderr.read()
        assert magenta() == 0.0
        press("g")
        wait_for(lambda: magenta() > 0.1)
        press("v")
        time.sleep(1.0)
        press("space")
        wait_for(lambda: any(tmp_path.glob("limner-*.png")))
        press("v")
        wait_for(lambda: any(tmp_path.glob("limner-*.mp4")))
        press("b")
        wait_for(lambda: magenta() == 0.0)
        press("q")
        out, _ = running.communicate(timeout=60)
    finally:
        running.kill()
        running.communicate()
    assert running.returncode == 0
    assert len(json.loads(out)["files"]) == 1
    picture = read_image(next(tmp_path.glob("limner-*.png"))).pixels
    assert picture.shape == (360, 640, 3)
    assert np.all(picture == (255, 0, 255), axis=-1).mean() > 0.2
    assert frames_of(next(tmp_path.glob("limner-*.mp4")))[-1].shape == (360, 640, 3)
