"""The virtual camera: the frames that are written, who watches, and what is said where there is none."""

from __future__ import annotations

import errno
import struct
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from limner.errors import MediaError
from limner.media import v4l2, virtual_camera
from limner.media.virtual_camera import LoopbackCamera, encode_pixels, open_virtual_camera
from live_parts import scene


class Driver:
    """What the kernel answers for a v4l2loopback device."""

    def __init__(self, *, outputs: bool = True, keeps: tuple[int, int] | None = None, events: bool = True) -> None:
        self.outputs, self.keeps, self.events = outputs, keeps, events
        self.usage: list[int] = []

    def __call__(self, handle: int, number: int, data: Any) -> int:
        if number == v4l2.QUERYCAP:
            data[:] = struct.pack(
                "16s32s32sIII12x", b"v4l2 loopback", b"Limner", b"", 0, 1 << 31, 2 if self.outputs else 1
            )
        elif number == v4l2.S_FMT and self.keeps:
            struct.pack_into("=II", data, 8, *self.keeps)
        elif number == v4l2.SUBSCRIBE_EVENT and not self.events:
            raise OSError(errno.EINVAL, "no such event")
        elif number == v4l2.DQEVENT:
            if not self.usage:
                raise OSError(errno.ENOENT, "none")
            struct.pack_into("=I4xI", data, 0, v4l2.EVENT_CLIENT_USAGE, self.usage.pop(0))
        return 0


@pytest.fixture
def device(tmp_path: Path) -> Path:
    path = tmp_path / "video10"
    path.touch()
    return path


@pytest.mark.parametrize(
    ("name", "back"),
    [("YUYV", cv2.COLOR_YUV2RGB_YUYV), ("I420", cv2.COLOR_YUV2RGB_I420), ("RGB24", None)],
)
def test_what_is_written_is_the_picture(device: Path, name: str, back: int | None) -> None:
    camera = LoopbackCamera(device, (129, 97), pixel_format=name, ioctl=Driver())
    assert camera.size == (128, 96)
    frame = cv2.GaussianBlur(scene(3), (0, 0), 3).astype(np.uint8)
    camera.send(frame)
    camera.send(frame[:48])  # another size: fitted, with bars
    camera.close()
    camera.close()
    written = np.frombuffer(device.read_bytes(), np.uint8)
    size = v4l2.frame_bytes((128, 96), name)
    assert written.size == 2 * size
    shape = {"YUYV": (96, 128, 2), "I420": (144, 128), "RGB24": (96, 128, 3)}[name]
    one = written[:size].reshape(shape)
    picture = one if back is None else cv2.cvtColor(one, back)
    assert np.abs(picture.astype(int) - frame).mean() < 4
    assert np.array_equal(written[:size], encode_pixels(frame, name))
    two = written[size:].reshape(shape)
    bars = (two if back is None else cv2.cvtColor(two, back))[:20]
    assert int(bars.max()) < 4


def test_who_watches_is_told_by_the_module(device: Path) -> None:
    driver = Driver()
    camera = LoopbackCamera(device, (128, 96), ioctl=driver)
    assert camera.watched() is None
    driver.usage = [0]
    assert camera.watched() is False
    driver.usage = [1]
    assert camera.watched() is True
    assert camera.watched() is True
    camera.close()


def test_without_the_event_openers_are_looked_for(device: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    camera = LoopbackCamera(device, (128, 96), ioctl=Driver(events=False))
    assert camera.watched() is False  # this program itself does not count
    monkeypatch.setattr(virtual_camera, "_LOOK_AGAIN", -1.0)
    monkeypatch.setattr(virtual_camera, "openers", lambda path: [(1, "a browser")])
    assert camera.watched() is True
    camera.close()


@pytest.mark.parametrize(
    ("driver", "words"),
    [
        (Driver(outputs=False), "is a camera, not a virtual one"),
        (Driver(keeps=(640, 480)), "keeps to 640x480 YUYV"),
    ],
)
def test_what_cannot_be_written_to_says_why(device: Path, driver: Driver, words: str) -> None:
    with pytest.raises(MediaError, match=words):
        LoopbackCamera(device, (128, 96), ioctl=driver)


def test_errors_name_the_remedy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(MediaError, match="is a folder"):
        LoopbackCamera(tmp_path, (128, 96))
    with pytest.raises(MediaError, match="sudo modprobe v4l2loopback"):
        LoopbackCamera(tmp_path / "video9", (128, 96))
    (tmp_path / "file").touch()
    with pytest.raises(MediaError, match="is no video device"):
        LoopbackCamera(tmp_path / "file", (128, 96))
    monkeypatch.setattr(virtual_camera, "list_devices", list)
    with pytest.raises(MediaError, match="there is no v4l2loopback device; load it once with: sudo modprobe"):
        open_virtual_camera(None, (128, 96))


def test_the_plug_in_is_asked_for_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "pyvirtualcam", None)
    with pytest.raises(MediaError, match="pip install pyvirtualcam"):
        open_virtual_camera("pyvirtualcam", (128, 96))
