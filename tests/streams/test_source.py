"""A source: files at their own rate or all at once, streams over UDP, a server that says nothing, times and sound."""

from __future__ import annotations

import itertools
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from limner.errors import MediaError
from limner.samples import CLIP
from limner.streams.decoding import Pictures
from limner.streams.reading import hanging
from limner.streams.source import StreamSource
from stream_parts import RATE, SIZE, make_clip


def silent_server() -> tuple[socket.socket, int]:
    """A server that accepts and never says a word."""
    server = socket.create_server(("127.0.0.1", 0))
    return server, server.getsockname()[1]


def test_a_file_all_at_once(tmp_path: Path) -> None:
    heard: list[tuple[float, int]] = []
    source = StreamSource(
        str(make_clip(tmp_path / "a.mp4")),
        every_frame=True,
        on_sound=lambda samples, at: heard.append((at, samples.shape[1])),
    )
    frames = list(source)
    source.stop()
    assert len(frames) == 2 * RATE
    assert source.dropped == 0
    assert source.sound
    assert source.size == SIZE[::-1]
    steps = np.diff([float(frame.time) for frame in frames])
    assert np.allclose(steps, 1 / RATE, atol=1e-4)
    first = float(frames[0].time)
    assert abs(heard[0][0] - first) < 0.03
    assert abs(sum(count for _, count in heard) / 48_000 - 2.0) < 0.1
    assert frames[1].pixels[5, 5].tolist() == pytest.approx([200, 40, 40], abs=4)


def test_a_file_at_its_own_rate_loses_what_nobody_takes(tmp_path: Path) -> None:
    source = StreamSource(str(make_clip(tmp_path / "a.mp4", 1.0)))
    frames = []
    for frame in source:
        frames.append(frame)
        time.sleep(0.2)
    source.stop()
    assert source.frames + source.dropped == RATE
    assert source.dropped > 0
    assert all(after.time > before.time for before, after in itertools.pairwise(frames))


def test_a_file_that_loops_goes_on_in_time(tmp_path: Path) -> None:
    source = StreamSource(str(make_clip(tmp_path / "a.mp4", 0.5, sound=False)), every_frame=True, loop=True)
    frames = [frame for frame, _ in zip(source, range(25), strict=False)]
    source.stop()
    assert np.allclose(np.diff([float(frame.time) for frame in frames]), 1 / RATE, atol=1e-4)


def test_the_newest_at_once_or_nothing(tmp_path: Path) -> None:
    source = StreamSource(str(make_clip(tmp_path / "a.mp4", 0.5, sound=False)))
    taken = [source.newest(), source.newest()]
    source.stop()
    assert taken[1] is None or taken[0] is None or taken[0].time < taken[1].time
    assert source.newest() is None


def test_a_file_that_cannot_be_read_on_ends_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clip = make_clip(tmp_path / "a.mp4", 3.0)
    given = Pictures.of

    def of(self: Pictures, packet: av.Packet[Any]) -> Iterator[tuple[av.VideoFrame, float]]:
        if self.frames >= 20:
            raise av.InvalidDataError(1, "damaged")
        return given(self, packet)

    monkeypatch.setattr(Pictures, "of", of)
    source = StreamSource(str(clip), every_frame=True)
    assert len(list(source)) == 20
    source.stop()
    assert source.losses == 0
    assert "damaged" in source.notices[0]


@pytest.mark.parametrize("scheme", ["rtsp", "rtmp", "http"])
def test_a_server_that_says_nothing_is_given_up(scheme: str) -> None:
    server, port = silent_server()
    with server, pytest.raises(MediaError, match="running"):
        StreamSource(f"{scheme}://127.0.0.1:{port}/a/b.m3u8", patience=0.5)


def test_others_go_on_while_a_source_hangs() -> None:
    server, port = silent_server()
    ticks, over = [0], threading.Event()

    def tick() -> None:
        while not over.wait(0.01):
            ticks[0] += 1

    thread = threading.Thread(target=tick)
    thread.start()
    with server, pytest.raises(MediaError):
        StreamSource(f"rtsp://127.0.0.1:{port}/a", patience=1.0)
    over.set()
    thread.join()
    assert ticks[0] > 20


@pytest.mark.parametrize("name", ["missing.mp4", "words.mp4"])
def test_what_is_no_video(tmp_path: Path, name: str) -> None:
    (tmp_path / "words.mp4").write_text("these are words")
    with pytest.raises(MediaError, match=name):
        StreamSource(str(tmp_path / name))


def test_nobody_listens() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    with pytest.raises(MediaError, match="connection refused"):
        StreamSource(f"rtmp://127.0.0.1:{port}/a/b", patience=2.0)


def test_a_file_that_is_cut_off_or_damaged_says_so(tmp_path: Path) -> None:
    whole = CLIP.read_bytes()
    (tmp_path / "cut.mp4").write_bytes(whole[:150_000])
    (tmp_path / "zeroed.mp4").write_bytes(whole[:120_000] + bytes(40_000) + whole[160_000:])
    make_clip(tmp_path / "whole.ts")
    sent = (tmp_path / "whole.ts").read_bytes()
    packets = len(sent) // 188
    (tmp_path / "hole.ts").write_bytes(sent[: packets // 3 * 188] + sent[packets // 2 * 188 :])
    told = {}
    for path in (CLIP, tmp_path / "cut.mp4", tmp_path / "zeroed.mp4", tmp_path / "hole.ts"):
        source = StreamSource(str(path), every_frame=True)
        assert list(source)
        source.stop()
        told[path.name] = " ".join(source.notices)
    assert told[CLIP.name] == ""
    assert "cut.mp4 is cut off: it has 22 of 64 frames." in told["cut.mp4"]
    assert "zeroed.mp4 is damaged: 8 pictures could not be decoded." in told["zeroed.mp4"]
    assert "hole.ts is damaged: parts of " in told["hole.ts"]


@pytest.mark.parametrize("kind", ["udp", "rtsp"])
def test_a_source_that_is_silent_is_left_as_soon_as_nobody_needs_it(kind: str) -> None:
    server, port = silent_server()
    with server, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
        if kind == "udp":
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
            free.close()
        left, faults = threading.Event(), list[Exception]()

        def wait() -> None:
            try:
                StreamSource(f"{kind}://127.0.0.1:{port}/live", patience=12, stopping=left.is_set).stop()
            except MediaError as error:  # it sent nothing, after all of that time
                faults.append(error)

        waiting = threading.Thread(target=wait, daemon=True)
        waiting.start()
        time.sleep(0.5)
        assert waiting.is_alive()
        left.set()
        waiting.join(60)
        assert not waiting.is_alive()
        assert faults == []
        assert hanging()  # its own thread is where no word reaches it
