"""`limner stream` as people call it: files and UDP in, files and HLS out, signals, what is never sent, its errors."""

from __future__ import annotations

import json
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import av
import numpy as np
import pytest

from conftest import build_onnx, save_card
from limner import samples
from limner.frame import TimedFrame
from limner.streams.outlet import Outlet
from live_parts import raw_share, scene
from stream_parts import RATE, furthest, look, make_clip
from stream_servers import free_port, nginx

LIMNER = [sys.executable, "-m", "limner", "stream"]


def limner(*args: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*LIMNER, *map(str, args)], cwd=cwd, capture_output=True, text=True, timeout=120)


def pictures(path: Path) -> list[np.ndarray]:
    with av.open(str(path)) as clip:
        return [frame.to_ndarray(format="rgb24") for frame in clip.decode(video=0)]


def test_every_frame_of_a_clip_reaches_several_files(tmp_path: Path) -> None:
    done = limner(samples.CLIP, "--to", "a.mp4", "--to", "b.ts", "-e", "color:#00ff00", "--json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert (said["frames_in"], said["dropped"], said["frames_out"]) == (64, 0, 64)
    assert [(target["sent"], target["finished"]) for target in said["targets"]] == [(64, True), (64, True)]
    for name in ("a.mp4", "b.ts"):
        found = pictures(tmp_path / name)
        assert len(found) == 64
        assert np.abs(found[-1][5, 5].astype(int) - (0, 255, 0)).max() < 24
        green = np.abs(found[30].astype(int) - (0, 255, 0)).max(axis=2) < 60
        assert 0.3 < green.mean() < 0.97  # the rest is the person
        assert np.all(np.diff(look(tmp_path / name).times) > 0)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.mp4", "b.ts"]


def test_numbered_pictures_as_limner_video_writes_them(tmp_path: Path) -> None:
    write = f"video {samples.CLIP} -o shots/frame_%06d.png -e color:red --duration 0.5"
    subprocess.run([*LIMNER[:-1], *write.split()], cwd=tmp_path, capture_output=True, check=True)
    done = limner("shots", "--to", "a.mp4", "-e", "color:#00ff00", "--json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    count = len(list((tmp_path / "shots").glob("*.png")))
    assert count >= 8
    assert (said["frames_in"], said["frames_out"], said["sound"]) == (count, count, False)
    assert len(pictures(tmp_path / "a.mp4")) == count
    done = limner("shots/frame_%06d.png", "--to", "b.mp4", "--fps", "5", "--privacy", "off", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert np.allclose(np.diff(look(tmp_path / "b.mp4").times), 0.2, atol=0.001)


def test_sound_stays_with_the_picture(tmp_path: Path) -> None:
    make_clip(tmp_path / "in.mp4", 4.0)
    done = limner("in.mp4", "--to", "out.mp4", "--privacy", "off", "-e", "blur:0.01", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    seen = look(tmp_path / "out.mp4")
    assert len(seen.times) == 4 * RATE
    assert furthest(seen.flashes, seen.beeps) < 0.06


def test_a_clip_runs_at_its_own_rate_into_a_folder_of_hls(tmp_path: Path) -> None:
    (tmp_path / "live").mkdir()
    done = limner(samples.CLIP, "--loop", "--to", "live", "--to", "copy.mkv", "--for", "5", "--json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    seen, copy = look(tmp_path / "live/index.m3u8"), look(tmp_path / "copy.mkv")
    assert len(seen.times) == len(copy.times) == said["frames_out"]
    assert 1.0 < seen.times[-1] < 6.0
    assert "#EXT-X-ENDLIST" in (tmp_path / "live/index.m3u8").read_text()


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_an_interrupted_stream_leaves_whole_files(tmp_path: Path, number: signal.Signals, code: int) -> None:
    shutil.copy(samples.CLIP, tmp_path / "in.mp4")
    running = subprocess.Popen(
        [*LIMNER, "in.mp4", "--loop", "--to", "out.mp4", "--to", "out.m3u8"],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    try:
        deadline = time.monotonic() + 60
        while not list(tmp_path.glob("out-*.ts")):
            assert running.poll() is None, running.stderr and running.stderr.read()
            assert time.monotonic() < deadline
            time.sleep(0.05)
        time.sleep(1.0)
        running.send_signal(number)
        assert running.wait(60) == code
        assert running.stderr is not None
        assert b"limner: interrupted; out.mp4: whole" in running.stderr.read()
    finally:
        running.kill()
        running.communicate()
    assert len(look(tmp_path / "out.mp4").times) > 2
    assert "#EXT-X-ENDLIST" in (tmp_path / "out.m3u8").read_text()
    assert not list(tmp_path.glob("*.recording*"))


def test_a_program_that_is_killed_leaves_a_whole_file(tmp_path: Path) -> None:
    shutil.copy(samples.CLIP, tmp_path / "in.mp4")
    running = subprocess.Popen(
        [*LIMNER, "in.mp4", "--loop", "--to", "out.mp4", "--to", "out.m3u8"],
        cwd=tmp_path,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        deadline = time.monotonic() + 60
        while not list(tmp_path.glob("out-*.ts")) and time.monotonic() < deadline:
            time.sleep(0.05)
    finally:
        running.kill()
        running.wait()
    while not (tmp_path / "out.mp4").exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert len(look(tmp_path / "out.mp4").times) > 2


# ------------------------------------------------------------------ what is never sent


@pytest.fixture
def camera() -> Iterator[tuple[str, threading.Event]]:
    """A source over UDP, a red disc before a sharp pattern, and what silences it while it is set."""
    port, silent, over = free_port(socket.SOCK_DGRAM), threading.Event(), threading.Event()

    def send() -> None:
        outlet = Outlet([f"udp://127.0.0.1:{port}"], rate=RATE, bitrate=4000)
        began, index = time.monotonic(), 0
        while not over.wait(max(0.0, began + index / RATE - time.monotonic())):
            if not silent.is_set():
                outlet.write(TimedFrame(scene(index), index / RATE))
            index += 1
        outlet.close()

    thread = threading.Thread(target=send)
    thread.start()
    yield f"udp://127.0.0.1:{port}", silent
    over.set()
    thread.join()


@pytest.mark.slow
def test_a_source_that_is_lost_becomes_a_card_and_comes_back(
    tmp_path: Path, camera: tuple[str, threading.Event]
) -> None:
    address, silent = camera
    model = build_onnx(tmp_path / "own.onnx", size=(48, 64))
    save_card(model, input_size=[48, 64])
    running = subprocess.Popen(
        [*LIMNER, address, "--to", "out.mp4", "--model", "own.onnx", "--no-refine", "--patience", "2", "--json"],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    told: list[str] = []
    try:
        assert running.stderr is not None
        threading.Thread(target=lambda: told.extend(running.stderr or ()), daemon=True).start()
        _until(lambda: "sending to out.mp4" in "".join(told), running)
        time.sleep(2.0)
        silent.set()
        _until(lambda: "waiting for it" in "".join(told), running)
        time.sleep(1.5)
        silent.clear()
        _until(lambda: "the source is back" in "".join(told), running)
        time.sleep(2.5)
        running.send_signal(signal.SIGTERM)
        said = json.loads(running.communicate(timeout=60)[0])
    finally:
        running.kill()
        running.wait()
    assert said["source_lost"] >= 1
    found, seen = pictures(tmp_path / "out.mp4"), look(tmp_path / "out.mp4")
    assert np.all(np.diff(seen.times) > 0)
    assert raw_share([scene(3)]) > 5 * raw_share(found)  # of no frame was the background ever sent
    red = [float(frame[..., 0].mean() - frame[..., 1].mean()) for frame in found]
    dark = [index for index, frame in enumerate(found) if frame.mean() < 60 and red[index] < 10]
    shown = [index for index, value in enumerate(red) if value > 20]
    assert dark
    assert shown
    assert shown[0] < dark[0] < shown[-1], "the person, then a card, then the person again"


def _until(condition: object, running: subprocess.Popen[str]) -> None:
    deadline = time.monotonic() + 40
    while not condition():  # type: ignore[operator]
        assert running.poll() is None, "it ended"
        assert time.monotonic() < deadline, "it never came about"
        time.sleep(0.05)


@pytest.mark.slow
def test_from_rtmp_to_rtmp_and_a_copy(tmp_path: Path) -> None:
    """Through a real server, with the effect on: nothing but the person and the colour arrives."""
    with nginx(tmp_path / "nginx") as (server, _):
        base = f"rtmp://127.0.0.1:{server.port}/live"
        first = subprocess.Popen(
            [*LIMNER, str(samples.CLIP), "--loop", "--to", f"{base}/raw", "-e", "blur:0.01", "--for", "25"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        try:
            time.sleep(6.0)
            done = limner(
                f"{base}/raw", "--to", f"{base}/done", "--to", "copy.mp4", "-e", "color:#00ff00", "--for", "8",
                "--json", cwd=tmp_path,
            )  # fmt: skip
        finally:
            first.terminate()
            first.wait()
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert said["sound"]
    assert [target["lost"] for target in said["targets"]] == [0, 0]
    seen = look(tmp_path / "copy.mp4")
    assert len(seen.times) == said["frames_out"] > 5
    corners = np.array([frame[5, 5] for frame in pictures(tmp_path / "copy.mp4")[3:]], int)
    assert np.abs(corners - (0, 255, 0)).max() < 24


# ------------------------------------------------------------------ wrong inputs


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (["in.mp4"], "--to is missing"),
        (["ftp://host/a", "--to", "a.mp4"], "ftp:// cannot be read"),
        (["in.mp4", "--to", "ftp://host/a"], "ftp:// cannot be sent to"),
        (["srt://host:9000", "--to", "a.mp4"], "srt-live-transmit"),
        (["rtsp://127.0.0.1:9/a", "--to", "a.mp4"], "connection refused"),
        (["rtsp://no.such.host.invalid/a", "--to", "a.mp4"], "no such host"),
        (["gone.mp4", "--to", "a.mp4"], "no such file"),
        (["words.mp4", "--to", "a.mp4"], "cannot be read as a video"),
        (["in.mp4", "--to", "none/a.mp4"], "the folder none does not exist"),
        (["in.mp4", "--to", "none/"], "the folder none does not exist"),
        (["in.mp4", "--to", "a.avi"], ".avi is no format for live video"),
        (["in.mp4", "--to", "in.mp4"], "is read as well"),
        (["in.mp4", "--to", "a.mp4", "--to", "./a.mp4"], "named twice"),
        (["in.mp4", "--to", "rtmp://127.0.0.1:9/app/secret"], "nobody listens at port 9"),
        (["in.mp4", "--to", "rtmp://host:99999/app/key"], "no port between"),
        (["in.mp4", "--to", "udp://127.0.0.1"], "names no port"),
        (["in.mp4", "--to", "a.mp4", "-e", "cutout"], "transparent"),
        (["in.mp4", "--to", "a.mp4", "--bitrate", "1"], "--bitrate 1"),
        (["in.mp4", "--to", "a.mp4", "--patience", "0"], "--patience 0"),
        (["in.mp4", "--to", "a.mp4", "--for", "0"], "--for 0"),
        (["in.mp4", "--to", "a.mp4", "--fps", "25"], "--fps is for numbered pictures"),
        (["in.mp4", "--to", "a.mp4", "--fps", "fast"], "--fps 'fast' is no rate"),
        ([".", "--to", "a.mp4", "--fps", "0"], "--fps 0 is no rate of pictures"),
        (["gone/%05d.png", "--to", "a.mp4", "--fps", "25"], "there is no folder gone"),
        (["99", "--to", "a.mp4"], "no such camera"),
        (["udp://127.0.0.1:9", "--to", "a.mp4", "--patience", "1"], "did not answer in time"),
    ],
)
def test_errors_are_one_line_and_exit_2(tmp_path: Path, args: list[str], words: str) -> None:
    make_clip(tmp_path / "in.mp4", 0.2, sound=False)
    (tmp_path / "words.mp4").write_text("these are words")
    done = limner(*args, cwd=tmp_path)
    assert done.returncode == 2, done.stdout + done.stderr
    assert words in done.stderr
    assert "secret" not in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.mp4", "words.mp4"]


def test_a_folder_that_another_run_writes_to(tmp_path: Path) -> None:
    from limner.one_writer import OneWriter

    make_clip(tmp_path / "in.mp4", 0.2, sound=False)
    (tmp_path / "live").mkdir()
    with OneWriter(tmp_path / "live"):
        done = limner("in.mp4", "--to", "live", cwd=tmp_path)
    assert (done.returncode, "another run of limner writes into it" in done.stderr) == (2, True)


def test_keys_are_never_told(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"rtmp://user:secret@127.0.0.1:{server.getsockname()[1]}/live/secret"
        done = limner(samples.CLIP, "--to", address, "--patience", "1", "--for", "2", "--json", cwd=tmp_path)
    assert done.returncode == 2
    assert "secret" not in done.stderr + done.stdout
