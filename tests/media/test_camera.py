"""Cameras by name, and a device as OpenCV gives it. No test machine has one: a capture of our own stands in for it."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from limner.errors import LimnerError, MediaError, OptionError
from limner.media import camera
from limner.media.camera import CameraLostError, DeviceCamera, list_cameras, open_camera
from limner.media.file_camera import FileCamera
from limner.media.v4l2 import CameraEntry, Capabilities
from video_clips import Clip, make_clip

BGR = np.zeros((4, 6, 3), np.uint8)
BGR[...] = (10, 20, 30)


class Capture:
    """What OpenCV would open: `refuses` wishes of ours, is `busy`, or stops giving frames."""

    refuses = busy = False
    asked: list[Sequence[int] | None]

    def __init__(self, path: str, api: int, wanted: Sequence[int] | None = None) -> None:
        assert api == cv2.CAP_V4L2
        type(self).asked.append(wanted)
        self.opened = not self.busy and not (self.refuses and wanted is not None)
        self.grabs, self.picture, self.released = True, BGR, False

    def isOpened(self) -> bool:  # noqa: N802
        return self.opened

    def get(self, what: int) -> float:
        return {cv2.CAP_PROP_FPS: 29.97}[what]

    def grab(self) -> bool:
        return self.grabs

    def retrieve(self) -> tuple[bool, Any]:
        time.sleep(0.002)
        return self.picture is not None, self.picture

    def release(self) -> None:
        self.released = True


@pytest.fixture
def device(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file that is taken for a camera."""
    (tmp_path / "video7").touch()
    monkeypatch.setattr(Capture, "asked", [], raising=False)
    monkeypatch.setattr(cv2, "VideoCapture", Capture)
    monkeypatch.setattr(
        camera, "capabilities", lambda path: Capabilities("uvcvideo", "Card", captures=True, outputs=False)
    )
    return tmp_path / "video7"


def wishes(wanted: Sequence[int] | None) -> dict[int, int]:
    assert wanted is not None
    return dict(zip(wanted[::2], wanted[1::2], strict=True))


MJPG = cv2.VideoWriter.fourcc(*"MJPG")


@pytest.mark.parametrize(
    ("options", "size", "rate", "packed"),
    [
        ({}, (1280, 720), 30, True),
        ({"size": (640, 480), "rate": 59.94}, (640, 480), 60, False),
        ({"size": (641, 480)}, (641, 480), 30, True),
    ],
)
def test_a_device_is_asked_for_size_rate_and_packed_frames_where_raw_ones_are_too_many(
    device: Path, options: dict[str, Any], size: tuple[int, int], rate: int, packed: bool
) -> None:
    opened = DeviceCamera(device, **options)
    asked = wishes(Capture.asked[0])
    assert (asked[cv2.CAP_PROP_FRAME_WIDTH], asked[cv2.CAP_PROP_FRAME_HEIGHT]) == size
    assert (asked[cv2.CAP_PROP_FPS], asked[cv2.CAP_PROP_BUFFERSIZE]) == (rate, 2)
    assert asked.get(cv2.CAP_PROP_FOURCC) == (MJPG if packed else None)
    assert (opened.name, opened.rate, opened.busy) == (str(device), 29.97, 0)


def test_frames_are_rgb_with_their_moment_and_the_time_they_took(device: Path) -> None:
    opened = DeviceCamera(device)
    began = time.monotonic()
    first, second = opened.read(), opened.read()
    assert first is not None
    assert second is not None
    assert (first[0] == (30, 20, 10)).all()
    assert first[0].dtype == np.uint8
    assert began <= first[1] < second[1] <= time.monotonic()
    assert 0.004 <= opened.busy <= time.monotonic() - began
    opened.close()
    assert opened._capture.released


def test_a_driver_that_refuses_wishes_is_opened_without_them(device: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Capture, "refuses", True)
    assert DeviceCamera(device).read() is not None
    assert Capture.asked[1:] == [None]


def test_a_busy_device_says_who_has_it(device: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Capture, "busy", True)
    with pytest.raises(MediaError, match=r"video7: cannot be opened as a camera: it may be busy elsewhere$"):
        DeviceCamera(device)
    monkeypatch.setattr(camera, "openers", lambda path: [(12, "cheese"), (os.getpid(), "python")])
    with pytest.raises(MediaError, match=r": it is busy, cheese \(12\) has it; close that first$"):
        DeviceCamera(device)


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        ({"grabs": False}, "gives no more frames: it may be busy elsewhere"),
        ({"picture": None}, "a frame could not be read"),
    ],
)
def test_a_camera_that_stops_is_lost(device: Path, fault: dict[str, Any], told: str) -> None:
    opened = DeviceCamera(device)
    for name, value in fault.items():
        setattr(opened._capture, name, value)
    with pytest.raises(CameraLostError, match=f"video7: {told}"):
        opened.read()
    if "grabs" in fault:
        device.unlink()
        with pytest.raises(CameraLostError, match="gives no more frames: it was unplugged"):
            opened.read()


def test_what_is_no_camera_says_why(device: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(MediaError, match=r"gone: no such camera; (there are|no camera is connected)"):
        DeviceCamera(device.with_name("gone"))
    monkeypatch.setattr(
        camera, "capabilities", lambda path: Capabilities("uvcvideo", "Card", captures=False, outputs=False)
    )
    with pytest.raises(MediaError, match="video7: Card gives no picture"):
        DeviceCamera(device)

    def refuse(path: Path) -> Capabilities:
        raise OSError(25, "Inappropriate ioctl for device")

    monkeypatch.setattr(camera, "capabilities", refuse)
    with pytest.raises(MediaError, match=r"video7: is no camera \(Inappropriate ioctl for device\)"):
        DeviceCamera(device)
    monkeypatch.setattr(os, "access", lambda path, how: how != os.R_OK | os.W_OK)
    with pytest.raises(MediaError, match=r"video7: permission denied; add yourself to the group video \(sudo usermod"):
        DeviceCamera(device)


@pytest.mark.parametrize("name", ["0", "12", "/dev/video3"])
def test_numbers_and_devices_are_cameras(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[Path, Any, Any]] = []
    monkeypatch.setattr(camera, "DeviceCamera", lambda path, *, size, rate: asked.append((path, size, rate)))
    open_camera(name, size=(16, 16384), rate=1000)
    assert asked == [(Path(name if "/" in name else f"/dev/video{name}"), (16, 16384), 1000)]


def test_another_path_is_a_file_that_plays_for_ever(tmp_path: Path) -> None:
    make_clip(tmp_path / "in.mp4", Clip(frames=3))
    opened = open_camera(str(tmp_path / "in.mp4"), paced=False)
    assert isinstance(opened, FileCamera)
    assert all(opened.read() is not None for _ in range(7))
    once = open_camera(str(tmp_path / "in.mp4"), paced=False, loop=False, size=(32, 24), rate=5)
    frames = list(iter(once.read, None))
    assert [pixels.shape for pixels, _ in frames] == [(24, 32, 3)] * 3
    assert once.rate == 5


@pytest.mark.parametrize(
    ("options", "kind", "told"),
    [
        ({"spec": "x.mp4", "size": (15, 16)}, OptionError, "size 15x16 is no size of a picture: say 16 to 16384"),
        ({"spec": "x.mp4", "size": (16, 16385)}, OptionError, "size 16x16385"),
        ({"spec": "x.mp4", "rate": 0.5}, OptionError, "rate 0.5 is out of range: say 1 to 1000"),
        ({"spec": "x.mp4", "rate": 1001}, OptionError, "rate 1001"),
        ({"spec": "."}, MediaError, "is a folder; name a camera such as 0"),
        ({"spec": "nowhere.mp4"}, LimnerError, "nowhere.mp4"),
        ({"spec": "9999"}, MediaError, "/dev/video9999: no such camera"),
    ],
)
def test_what_cannot_be_opened_is_one_line(options: dict[str, Any], kind: type[LimnerError], told: str) -> None:
    with pytest.raises(kind) as caught:
        open_camera(**options)
    assert told in str(caught.value)
    assert "\n" not in str(caught.value)


def test_listed_are_those_that_give_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    entries = [CameraEntry(Path(f"/dev/video{n}"), "a", "uvcvideo", captures=n != 1, outputs=False) for n in range(3)]
    monkeypatch.setattr(camera, "list_devices", lambda: entries)
    assert [entry.path.name for entry in list_cameras()] == ["video0", "video2"]
