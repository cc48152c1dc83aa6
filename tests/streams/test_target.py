"""Targets on real servers: RTMP that goes away and comes back while a copy goes on, RTSP, HLS, and those that hang."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from limner.errors import MediaError
from limner.frame import TimedFrame
from limner.streams.outlet import Outlet
from limner.streams.source import StreamSource
from limner.streams.target import raise_unless_sent
from stream_parts import RATE, SOUND_RATE, beeps, furthest, look, picture, usual
from stream_servers import CAMERA, free_port, nginx, node_media_server, recorder, rtsp_server

PATIENCE = 30.0


@contextlib.contextmanager
def publishing(*targets: str, patience: float = 10.0) -> Iterator[Outlet]:
    """Flashes and beeps to the targets, in real time, while the block lasts."""
    outlet = Outlet(targets, rate=RATE, sound=True, patience=patience)
    over, tone, step = threading.Event(), beeps(1.0), SOUND_RATE // RATE

    def work() -> None:
        began, index = time.monotonic(), 0
        while not over.wait(max(0.0, began + index / RATE - time.monotonic())):
            outlet.write(TimedFrame(picture(index), index / RATE))
            outlet.hear(tone[:, index % RATE * step :][:, :step], index / RATE)
            index += 1

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield outlet
    finally:
        over.set()
        thread.join()
        outlet.close()


def until(condition: Callable[[], object]) -> None:
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end, "it never came about"
        time.sleep(0.05)


def pull(address: str, count: int = 20) -> tuple[list[float], np.ndarray, list[float]]:
    """Times and middle colour of pictures, and times of sound."""
    heard: list[float] = []
    source = StreamSource(address, on_sound=lambda _, at: heard.append(at))
    frames = [frame for frame, _ in zip(source, range(count), strict=False)]
    source.stop()
    colors = np.median([frame.pixels.mean((0, 1)) for frame in frames], axis=0)
    return [float(frame.time) for frame in frames], colors, heard


@pytest.mark.slow
def test_rtmp_goes_and_comes_back_while_a_copy_goes_on(tmp_path: Path) -> None:
    copy = tmp_path / "copy.mp4"
    with nginx(tmp_path / "nginx") as (server, http):
        address = f"rtmp://127.0.0.1:{server.port}/live/secret"
        with publishing(address, str(copy)) as outlet:
            rtmp, file = outlet.targets
            until(lambda: rtmp.sent > 2 * RATE)
            for read in (address, f"http://127.0.0.1:{http}/hls/secret.m3u8"):
                times, color, heard = pull(read)
                assert len(times) == 20
                assert np.all(np.diff(times) > 0)
                assert np.allclose(color, (200, 40, 40), atol=8)
                assert heard
            server.kill()
            until(lambda: rtmp.state == "lost")
            assert "secret" not in rtmp.fault
            sent = file.sent
            until(lambda: file.sent > sent + RATE)
            server.start()
            until(lambda: rtmp.state == "running")
            assert len(pull(address)[0]) == 20
        assert (rtmp.losses, file.losses, file.dropped) == (1, 0, 0)
    seen = look(copy)
    assert len(seen.times) == outlet.frames
    assert furthest(seen.flashes, seen.beeps) < 0.08


@pytest.mark.slow
def test_rtsp_takes_a_stream_and_gives_one(tmp_path: Path) -> None:
    kept = tmp_path / "kept.mkv"
    with rtsp_server(cam=CAMERA, record=recorder(kept)) as server:
        times, _, heard = pull(f"rtsp://127.0.0.1:{server.port}/cam")
        assert len(times) == 20
        assert np.all(np.diff(times) > 0)
        assert heard
        with publishing(f"rtsp://127.0.0.1:{server.port}/record") as outlet:
            until(lambda: outlet.targets[0].sent > 4 * RATE)
        assert outlet.targets[0].finished
        until(lambda: kept.exists() and len(look(kept).times) > 3 * RATE)
        seen = look(kept)
    assert np.allclose(np.median(seen.colors, axis=0), (200, 40, 40), atol=8)
    assert usual(seen.flashes, seen.beeps) < 0.08


@pytest.mark.slow
def test_an_rtsp_camera_that_is_killed_is_read_again() -> None:
    states: list[str] = []
    with rtsp_server(cam=CAMERA) as server:
        source = StreamSource(
            f"rtsp://127.0.0.1:{server.port}/cam", on_change=lambda state, _: states.append(state), patience=3.0
        )
        frames = iter(source)
        first = next(frames)
        server.kill()
        until(lambda: source.state == "lost")
        server.start()
        until(lambda: source.state == "running")
        later = next(frames)
        source.stop()
    assert later.time > first.time
    assert states == ["lost", "running"] or states[:1] + states[-1:] == ["lost", "running"]
    assert source.losses == 1


def test_a_server_that_says_nothing_holds_up_nobody(tmp_path: Path) -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as server,
        publishing(
            f"rtmp://127.0.0.1:{server.getsockname()[1]}/live/a", str(tmp_path / "copy.mp4"), patience=1.0
        ) as outlet,
    ):
        silent, file = outlet.targets
        until(lambda: silent.state == "lost")
        assert "took nothing for 1 s" in silent.fault
        until(lambda: file.sent > RATE)
    assert not silent.opened
    assert len(look(tmp_path / "copy.mp4").times) == outlet.frames


def test_a_sender_that_stops_is_ended_and_started_again(tmp_path: Path) -> None:
    with publishing(str(tmp_path / "hls.m3u8"), patience=1.0) as outlet:
        target = outlet.targets[0]
        until(lambda: target.sent > 5)
        stopped = target.process_id
        assert stopped is not None
        os.kill(stopped, signal.SIGSTOP)
        until(lambda: target.losses == 1)
        until(lambda: target.state == "running")
    assert target.finished
    assert "#EXT-X-DISCONTINUITY" in (tmp_path / "hls.m3u8").read_text()


def test_a_file_that_fails_is_not_begun_again(tmp_path: Path) -> None:
    with publishing(str(tmp_path / "copy.mkv"), str(tmp_path / "other.mkv")) as outlet:
        broken, other = outlet.targets
        until(lambda: broken.sent > 5)
        assert broken.process_id is not None
        os.kill(broken.process_id, signal.SIGKILL)
        until(lambda: broken.state == "ended")
        sent = other.sent
        until(lambda: other.sent > sent + 5)
    assert not broken.finished
    assert broken.fault
    assert list(tmp_path.glob("copy.recording*"))
    assert len(look(tmp_path / "other.mkv").times) == outlet.frames


@pytest.mark.slow
def test_a_name_that_another_publisher_has(tmp_path: Path) -> None:
    with nginx(tmp_path / "nginx") as (server, _):
        address = f"rtmp://127.0.0.1:{server.port}/live/a"
        with publishing(address) as first:
            until(lambda: first.targets[0].sent > RATE)
            with publishing(address) as second:
                until(lambda: second.targets[0].state == "lost")
            with pytest.raises(MediaError, match="name free"):
                raise_unless_sent(second.targets)
            assert first.targets[0].losses == 0
        raise_unless_sent(first.targets)


@pytest.mark.slow
def test_another_rtmp_server(tmp_path: Path) -> None:
    with node_media_server(tmp_path / "server") as (server, http):
        address = f"rtmp://127.0.0.1:{server.port}/live/a"
        with publishing(address) as outlet:
            until(lambda: outlet.targets[0].sent > 2 * RATE)
            for read in (address, f"http://127.0.0.1:{http}/live/a.flv"):
                times, color, heard = pull(read)
                assert np.all(np.diff(times) > 0)
                assert np.allclose(color, (200, 40, 40), atol=8)
                assert heard
            server.kill()
            until(lambda: outlet.targets[0].state == "lost")
            server.start()
            until(lambda: outlet.targets[0].state == "running")
            assert len(pull(address)[0]) == 20


@pytest.mark.slow
def test_through_srt_and_back() -> None:
    program = shutil.which("srt-live-transmit")
    if program is None:
        pytest.skip("needs srt-tools (tools/install_servers.sh)")
    into, between, out = (free_port(socket.SOCK_DGRAM) for _ in range(3))
    links = [
        (f"srt://127.0.0.1:{between}?mode=listener", f"udp://127.0.0.1:{out}"),
        (f"udp://127.0.0.1:{into}", f"srt://127.0.0.1:{between}?mode=caller"),
    ]
    started = []
    try:
        for link in links:
            started.append(subprocess.Popen([program, "-q", *link], stdout=subprocess.DEVNULL))
            time.sleep(0.5)
        with publishing(f"udp://127.0.0.1:{into}"):
            times, color, heard = pull(f"udp://127.0.0.1:{out}")
    finally:
        for process in started:
            process.kill()
            process.wait()
    assert np.all(np.diff(times) > 0)
    assert np.allclose(color, (200, 40, 40), atol=8)
    assert heard


def test_modules_of_the_folder_that_one_is_in_are_not_taken_for_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "json.py").write_text("raise SystemExit('this is not json')")
    monkeypatch.chdir(tmp_path)
    with publishing("copy.mkv") as outlet:
        until(lambda: outlet.targets[0].sent > 5)
    assert outlet.targets[0].finished
