"""Video4Linux by its ioctls: which devices there are, what they can do, and the formats of output devices.

Structures and numbers are those of <linux/videodev2.h>.
"""

from __future__ import annotations

import fcntl
import os
import struct
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

Ioctl = Callable[[int, int, Any], Any]

CAP_CAPTURE, CAP_OUTPUT, CAP_DEVICE_CAPS = 0x1, 0x2, 0x80000000
OUTPUT = 2
FIELD_NONE, COLORSPACE_SRGB = 1, 8
FOURCC = {"YUYV": b"YUYV", "RGB24": b"RGB3", "I420": b"YU12"}

_CAPABILITY = struct.Struct("16s32s32sIII12x")
_POINTER = struct.calcsize("P")
_FORMAT_HEAD = "I4x" if _POINTER == 8 else "I"
_FORMAT = struct.Struct(f"={_FORMAT_HEAD}II4sIIIIIIIII152x")
"""struct v4l2_format with its v4l2_pix_format: type, then width to xfer_func, filled up to 200 bytes."""
_SUBSCRIPTION = struct.Struct("III20x")
_PAYLOAD = struct.calcsize("@Iq") - 8
"""Where the payload of struct v4l2_event begins: it holds 64-bit numbers."""


def _number(direction: int, index: int, size: int) -> int:
    """An ioctl of group "V": 1 writes to the kernel, 2 reads from it, 3 both."""
    return direction << 30 | size << 16 | ord("V") << 8 | index


QUERYCAP = _number(2, 0, _CAPABILITY.size)
S_FMT = _number(3, 5, _FORMAT.size)
SUBSCRIBE_EVENT = _number(1, 90, _SUBSCRIPTION.size)
EVENT_SIZE = 136 if _POINTER == 8 else 120
DQEVENT = _number(2, 89, EVENT_SIZE)
EVENT_CLIENT_USAGE = 0x08000000 + 0x08E00000 + 1
"""v4l2loopback's own event, from 0.13 on: its payload says how many programs are capturing."""
SEND_INITIAL = 1


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a device says of itself."""

    driver: str
    card: str
    captures: bool
    outputs: bool


@dataclass(frozen=True, slots=True)
class CameraEntry:
    """A line of `limner camera --list`. `captures` and `outputs` are False where it may not be asked."""

    path: Path
    name: str
    driver: str
    captures: bool
    outputs: bool

    @property
    def is_loopback(self) -> bool:
        return "v4l2 loopback" in self.driver or "v4l2loopback" in self.driver


def capabilities(path: Path, *, ioctl: Ioctl = fcntl.ioctl) -> Capabilities:
    """
    Raises:
        OSError: the device cannot be opened, or is none of Video4Linux's.
    """
    handle = os.open(path, os.O_RDWR | os.O_NONBLOCK)
    try:
        return query(handle, ioctl=ioctl)
    finally:
        os.close(handle)


def query(handle: int, *, ioctl: Ioctl = fcntl.ioctl) -> Capabilities:
    """What the open device says of itself.

    Raises:
        OSError: it is none of Video4Linux's.
    """
    answer = bytearray(_CAPABILITY.size)
    ioctl(handle, QUERYCAP, answer)
    driver, card, _, _, whole, own = _CAPABILITY.unpack(answer)
    flags = own if whole & CAP_DEVICE_CAPS else whole
    return Capabilities(_text(driver), _text(card), bool(flags & CAP_CAPTURE), bool(flags & CAP_OUTPUT))


def set_output_format(
    handle: int, size: tuple[int, int], pixel_format: str, *, ioctl: Ioctl = fcntl.ioctl
) -> tuple[int, int, str, int]:
    """Sets what will be written to an output device; returns (width, height, format, bytes a frame) as it took them.

    Raises:
        OSError: it takes no such format.
    """
    width, height = size
    stride = {"YUYV": 2 * width, "RGB24": 3 * width, "I420": width}[pixel_format]
    total = frame_bytes(size, pixel_format)
    wanted = (OUTPUT, width, height, FOURCC[pixel_format], FIELD_NONE, stride, total, COLORSPACE_SRGB, 0, 0, 0, 0, 0)
    answer = bytearray(_FORMAT.pack(*wanted))
    ioctl(handle, S_FMT, answer)
    _, width, height, code, _, _, total, *_ = _FORMAT.unpack(answer)
    name = {value: key for key, value in FOURCC.items()}.get(code, code.decode("ascii", "replace"))
    return width, height, name, total


def frame_bytes(size: tuple[int, int], pixel_format: str) -> int:
    """Bytes of a frame of `size` (width, height)."""
    pixels = size[0] * size[1]
    return {"YUYV": 2 * pixels, "RGB24": 3 * pixels, "I420": pixels * 3 // 2}[pixel_format]


def subscribe_usage(handle: int, *, ioctl: Ioctl = fcntl.ioctl) -> bool:
    """Asks v4l2loopback to tell when programs begin and stop to capture; False where it cannot."""
    try:
        ioctl(handle, SUBSCRIBE_EVENT, bytearray(_SUBSCRIPTION.pack(EVENT_CLIENT_USAGE, 0, SEND_INITIAL)))
    except OSError:
        return False
    return True


def next_usage(handle: int, *, ioctl: Ioctl = fcntl.ioctl) -> int | None:
    """The number of capturing programs that the next waiting event tells; None where no event waits."""
    answer = bytearray(EVENT_SIZE)
    try:
        ioctl(handle, DQEVENT, answer)
    except OSError:
        return None
    kind, count = struct.unpack_from("I", answer)[0], struct.unpack_from("I", answer, _PAYLOAD)[0]
    return int(count) if kind == EVENT_CLIENT_USAGE else None


def list_devices(
    *, sys_root: Path = Path("/sys/class/video4linux"), dev_root: Path = Path("/dev"), ioctl: Ioctl = fcntl.ioctl
) -> list[CameraEntry]:
    """All video devices, by number; where there is no /sys, none."""
    found = []
    for folder in sorted(sys_root.glob("video*"), key=lambda path: int("0" + path.name.removeprefix("video"))):
        path = dev_root / folder.name
        try:
            name = (folder / "name").read_text(encoding="utf-8", errors="replace").strip()
        except OSError:
            name = folder.name
        try:
            able = capabilities(path, ioctl=ioctl)
            found.append(CameraEntry(path, able.card or name, able.driver, able.captures, able.outputs))
        except OSError as error:
            found.append(CameraEntry(path, f"{name} ({error.strerror})", "", False, False))
    return found


def openers(path: Path, *, proc: Path = Path("/proc")) -> list[tuple[int, str]]:
    """(number, name) of the programs that have the file open, as far as this user may see: other users' are hidden."""
    try:
        wanted = path.stat()
    except OSError:
        return []
    found = []
    for folder in proc.glob("[0-9]*"):
        try:
            handles = list((folder / "fd").iterdir())
        except OSError:
            continue
        if any(_same(handle, wanted) for handle in handles):
            try:
                name = (folder / "comm").read_text(encoding="utf-8", errors="replace").strip()
            except OSError:
                name = "?"
            found.append((int(folder.name), name))
    return found


def _same(handle: Path, wanted: os.stat_result) -> bool:
    try:
        found = handle.stat()
    except OSError:
        return False
    return (found.st_dev, found.st_ino) == (wanted.st_dev, wanted.st_ino)


def _text(raw: bytes) -> str:
    return raw.split(b"\0", 1)[0].decode("utf-8", "replace")
