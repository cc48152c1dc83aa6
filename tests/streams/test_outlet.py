"""An outlet: one encoding for several targets, in step with its sound, from files and over UDP."""

from __future__ import annotations

import contextlib
import socket
import threading
from pathlib import Path

import av
import numpy as np
import pytest

from limner.frame import TimedFrame
from limner.streams.outlet import Outlet
from limner.streams.soundtrack import EarlySound
from limner.streams.source import StreamSource
from stream_parts import RATE, SIZE, Seen, furthest, look, make_clip, picture


def through(clip: Path, *targets: str, every: bool = True) -> Outlet:
    """The clip to the targets, as it is."""
    heard = EarlySound()
    source = StreamSource(str(clip), every_frame=every, on_sound=heard)
    outlet = Outlet(targets, rate=source.rate, sound=source.sound, waits=every)
    heard.listen(outlet.hear)
    with contextlib.closing(outlet):
        for frame in source:
            outlet.write(frame)
        source.stop()
    return outlet


def check(seen: Seen, count: int = 3 * RATE) -> None:
    assert len(seen.times) == count
    assert np.all(np.diff(seen.times) > 0)
    assert np.allclose(np.median(seen.colors, axis=0), (200, 40, 40), atol=6)
    assert furthest(seen.flashes, seen.beeps) < 0.08
    assert max(np.diff([*seen.keys, seen.times[-1]])) <= 2.01


def test_several_targets_at_once(tmp_path: Path) -> None:
    names = ["a.mp4", "a.mov", "a.mkv", "a.ts", "a.flv", "a.m3u8"]
    outlet = through(make_clip(tmp_path / "clip.mp4", 3.0), *[str(tmp_path / name) for name in names])
    assert [(target.finished, target.dropped, target.fault) for target in outlet.targets] == [(True, 0, "")] * 6
    for name in names:
        check(look(tmp_path / name))
    assert "#EXT-X-ENDLIST" in (tmp_path / "a.m3u8").read_text()
    assert not list(tmp_path.glob("*.recording*"))


def test_over_udp_and_back(tmp_path: Path) -> None:
    with contextlib.closing(_free_udp()) as holder:
        port = holder.getsockname()[1]
    address = f"udp://127.0.0.1:{port}"
    kept: list[tuple[float, np.ndarray]] = []
    heard: list[float] = []
    ready = threading.Event()

    def receive() -> None:
        ready.set()
        source = StreamSource(address, on_sound=lambda samples, at: heard.append(at), patience=8.0)
        for frame in source:
            kept.append((float(frame.time), frame.pixels.mean((0, 1))))
            if len(kept) == 20:
                break
        source.stop()

    receiver = threading.Thread(target=receive, daemon=True)
    receiver.start()
    ready.wait()
    through(make_clip(tmp_path / "clip.mp4", 6.0), address, every=False)
    receiver.join(10.0)
    assert len(kept) == 20
    assert np.all(np.diff([time for time, _ in kept]) > 0)
    assert np.allclose(np.median([color for _, color in kept], axis=0), (200, 40, 40), atol=6)
    assert heard


def test_a_picture_of_another_size_is_fitted(tmp_path: Path) -> None:
    outlet = Outlet([str(tmp_path / "a.mp4")], rate=10, waits=True)
    outlet.write(TimedFrame(picture(1), 0))
    outlet.write(TimedFrame(picture(1)[:, :48].copy(), 1))
    outlet.close()
    assert len(look(tmp_path / "a.mp4").times) == 2
    assert outlet.frames == 2


@pytest.mark.parametrize("sound", [True, False])
def test_sound_that_stops_holds_nobody_up(tmp_path: Path, sound: bool) -> None:
    outlet = Outlet([str(tmp_path / "a.mp4")], rate=10, sound=sound)
    for index in range(60):
        outlet.write(TimedFrame(picture(index), index / RATE))
    outlet.close()
    assert len(look(tmp_path / "a.mp4").times) == 60


def test_an_odd_size_loses_a_pixel(tmp_path: Path) -> None:
    outlet = Outlet([str(tmp_path / "a.mp4")], rate=10)
    outlet.write(TimedFrame(np.zeros((SIZE[0] + 1, SIZE[1] + 1, 3), np.uint8), 0))
    outlet.close()
    with av.open(str(tmp_path / "a.mp4")) as clip:
        assert (clip.streams.video[0].width, clip.streams.video[0].height) == SIZE[::-1]


def _free_udp() -> socket.socket:
    holder = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    holder.bind(("127.0.0.1", 0))
    return holder
