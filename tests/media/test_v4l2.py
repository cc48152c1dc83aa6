"""Video4Linux by its bytes: the ioctls that the kernel's header defines, devices as /sys lists them, and openers."""

from __future__ import annotations

import errno
import os
import struct
import sys
from pathlib import Path
from typing import Any

import pytest

from limner.media import v4l2

SIXTY_FOUR = sys.maxsize > 2**32


@pytest.mark.skipif(not SIXTY_FOUR, reason="the numbers of 64-bit Linux")
def test_numbers_are_those_of_the_header() -> None:
    assert v4l2.QUERYCAP == 0x80685600
    assert v4l2.S_FMT == 0xC0D05605
    assert v4l2.SUBSCRIBE_EVENT == 0x4020565A
    assert v4l2.DQEVENT == 0x80885659
    assert v4l2.EVENT_CLIENT_USAGE == 0x10E00001


@pytest.mark.skipif(not SIXTY_FOUR, reason="the layout of 64-bit Linux")
@pytest.mark.parametrize(
    ("name", "code", "stride", "total"),
    [("YUYV", b"YUYV", 2560, 1843200), ("RGB24", b"RGB3", 3840, 2764800), ("I420", b"YU12", 1280, 1382400)],
)
def test_the_format_is_asked_for_byte_by_byte(name: str, code: bytes, stride: int, total: int) -> None:
    asked: list[bytes] = []

    def ioctl(handle: int, number: int, data: Any) -> int:
        assert (handle, number) == (7, 0xC0D05605)
        asked.append(bytes(data))
        return 0

    assert v4l2.set_output_format(7, (1280, 720), name, ioctl=ioctl) == (1280, 720, name, total)
    head = struct.pack("<II", 2, 0) + struct.pack("<II4sIIIII", 1280, 720, code, 1, stride, total, 8, 0)
    assert asked[0] == head.ljust(208, b"\0")


def test_devices_are_told_apart(tmp_path: Path) -> None:
    flags = {"video0": (0x04200001, "uvcvideo"), "video1": (0x04A00000, "uvcvideo"), "video10": (0x3, "v4l2 loopback")}
    (tmp_path / "dev").mkdir()
    handles: dict[int, str] = {}
    for name in [*flags, "video2"]:
        (tmp_path / "sys" / name).mkdir(parents=True)
        (tmp_path / "sys" / name / "name").write_text(f"the {name}\n")
        if name != "video2":
            (tmp_path / "dev" / name).touch()

    def ioctl(handle: int, number: int, data: Any) -> int:
        name = Path(f"/proc/self/fd/{handle}").readlink().name
        able, driver = flags[name]
        data[:] = struct.pack("16s32s32sIII12x", driver.encode(), f"Card {name}".encode(), b"", 0, 1 << 31 | 3, able)
        return 0

    found = v4l2.list_devices(sys_root=tmp_path / "sys", dev_root=tmp_path / "dev", ioctl=ioctl)
    assert handles == {}
    assert [(e.path.name, e.captures, e.outputs, e.is_loopback) for e in found] == [
        ("video0", True, False, False),
        ("video1", False, False, False),
        ("video2", False, False, False),
        ("video10", True, True, True),
    ]
    assert found[0].name == "Card video0"
    assert "No such file" in found[2].name


def test_usage_events_tell_how_many_watch() -> None:
    waiting = [(v4l2.EVENT_CLIENT_USAGE, 1), (5, 0), (v4l2.EVENT_CLIENT_USAGE, 0)]

    def ioctl(handle: int, number: int, data: Any) -> int:
        if number == v4l2.SUBSCRIBE_EVENT:
            assert bytes(data[:12]) == struct.pack("=III", v4l2.EVENT_CLIENT_USAGE, 0, 1)
            return 0
        if not waiting:
            raise OSError(errno.ENOENT, "none")
        kind, count = waiting.pop(0)
        struct.pack_into("=I4xI", data, 0, kind, count)
        return 0

    assert v4l2.subscribe_usage(3, ioctl=ioctl)
    assert [v4l2.next_usage(3, ioctl=ioctl) for _ in range(4)] == [1, None, 0, None]


def test_openers_are_found(tmp_path: Path) -> None:
    path = tmp_path / "device"
    path.touch()
    assert v4l2.openers(path) == []
    with path.open("rb"):
        assert os.getpid() in [number for number, _ in v4l2.openers(path)]
    assert v4l2.openers(tmp_path / "gone") == []
