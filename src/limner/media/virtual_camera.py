"""Virtual cameras: what other programs see as a camera, and one backend for Linux, one as a plug-in elsewhere."""

from __future__ import annotations

import fcntl
import os
import time
from pathlib import Path
from typing import Any, Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from limner.checking import checked
from limner.errors import MediaError
from limner.fitting import fit_frame
from limner.frame import Frame
from limner.media.v4l2 import (
    CameraEntry,
    Ioctl,
    frame_bytes,
    list_devices,
    next_usage,
    openers,
    query,
    set_output_format,
    subscribe_usage,
)

REMEDY = (
    "load it once with: sudo modprobe v4l2loopback exclusive_caps=1 card_label=Limner "
    "(Debian, Ubuntu: apt install v4l2loopback-dkms)"
)
_LOOK_AGAIN = 0.5
"""Seconds between two looks through /proc."""


class VirtualCamera(Protocol):
    """What a backend must do.

    Attributes:
        name: what messages and other programs call it.
        size: (width, height) of its picture, which does not change while it is open.
    """

    name: str
    size: tuple[int, int]

    def send(self, pixels: Frame) -> None:
        """Shows RGB uint8 (H, W, 3), of any size: fitted, with bars. Never waits for those who watch.

        Raises:
            MediaError: the device is gone or takes no frame.
        """

    def watched(self) -> bool | None:
        """Whether some program takes its frames; None where that cannot be known."""

    def close(self) -> None:
        """Lets the device go; safe to call twice."""


class LoopbackCamera:
    """A v4l2loopback device, written to directly.

    Args:
        path: the device.
        size: (width, height) of the picture; one less where it is odd and the format shares colours between pixels.
        pixel_format: YUYV (which every program takes), I420 or RGB24.
        ioctl: for tests.

    Raises:
        MediaError: it is missing, may not be opened, is no output device, is busy, or takes no such format.
    """

    def __init__(
        self, path: Path, size: tuple[int, int], *, pixel_format: str = "YUYV", ioctl: Ioctl = fcntl.ioctl
    ) -> None:
        self.name, self._path, self._ioctl = str(path), path, ioctl
        self.size = (size[0] - size[0] % 2, size[1] - size[1] % 2)
        self._handle = _open(path)
        try:
            self._format = pixel_format
            self._prepare()
            self._events = subscribe_usage(self._handle, ioctl=ioctl)
        except BaseException:
            os.close(self._handle)
            raise
        self._users: int | None = None
        self._looked: tuple[float, bool] = (-1e9, False)
        self._closed = False

    def _prepare(self) -> None:
        path = self._path
        try:
            able = query(self._handle, ioctl=self._ioctl)
        except OSError as error:
            raise MediaError(f"{path}: is no video device ({error.strerror}); {REMEDY}") from None
        if not able.outputs:
            raise MediaError(f"{path}: {able.card or 'this device'} is a camera, not a virtual one; {REMEDY}")
        try:
            width, height, taken, total = set_output_format(self._handle, self.size, self._format, ioctl=self._ioctl)
        except OSError as error:
            raise MediaError(
                f"{path}: takes no {self._format} of {self.size[0]}x{self.size[1]} ({error.strerror}); "
                "another program may be writing to it, or watching it with another size: close that first"
            ) from None
        if (width, height) != self.size or taken != self._format or total < frame_bytes(self.size, self._format):
            raise MediaError(
                f"{path}: keeps to {width}x{height} {taken}; close the programs that use it, or say "
                f"‹virtual_size› {width}x{height}"
            )

    def send(self, pixels: Frame) -> None:
        fitted = fit_frame(pixels, (self.size[1], self.size[0]), "contain")
        data = encode_pixels(fitted, self._format).data
        try:
            while data:
                data = data[os.write(self._handle, data) :]
        except BlockingIOError:
            return  # nobody takes frames just now: this one is late anyway
        except OSError as error:
            raise MediaError(f"{self.name}: takes no frame ({error.strerror}); was the module unloaded?") from None

    def watched(self) -> bool | None:
        """By the module's own event (v4l2loopback 0.13 on); else by the programs of this user that have it open."""
        if self._events:
            while (count := next_usage(self._handle, ioctl=self._ioctl)) is not None:
                self._users = count
            return None if self._users is None else self._users > 0
        now = time.monotonic()
        if now - self._looked[0] > _LOOK_AGAIN:
            self._looked = (now, any(number != os.getpid() for number, _ in openers(self._path)))
        return self._looked[1]

    def close(self) -> None:
        if not self._closed:
            self._closed = True
            os.close(self._handle)


class PluginCamera:
    """pyvirtualcam, where it is installed: OBS's camera on Windows and macOS. It is GPL-2, so Limner never brings it.

    Raises:
        MediaError: it is not installed, or finds no virtual camera.
    """

    def __init__(self, size: tuple[int, int], *, rate: float = 30.0, device: str | None = None) -> None:
        try:
            import pyvirtualcam  # type: ignore[import-not-found,unused-ignore]
        except ImportError:
            raise MediaError(
                "‹virtual› needs v4l2loopback, which only Linux has, or pyvirtualcam: pip install pyvirtualcam "
                "(GPL-2, its terms are yours to accept)"
            ) from None
        try:
            self._camera: Any = pyvirtualcam.Camera(width=size[0], height=size[1], fps=rate, device=device)
        except RuntimeError as error:
            raise MediaError(f"pyvirtualcam finds no virtual camera: {' '.join(str(error).split())}") from None
        self.name, self.size = str(self._camera.device), size

    def send(self, pixels: Frame) -> None:
        self._camera.send(fit_frame(pixels, (self.size[1], self.size[0]), "contain"))

    def watched(self) -> bool | None:
        return None

    def close(self) -> None:
        self._camera.close()


@checked
def open_virtual_camera(device: str | None, size: tuple[int, int], *, rate: float = 30.0) -> VirtualCamera:
    """The virtual camera `device` ("/dev/video10", or "10"), or the first there is; "pyvirtualcam" takes the plug-in.

    Raises:
        MediaError: there is none, or it cannot be used.
    """
    if device == "pyvirtualcam" or (device is None and not Path("/sys/class").is_dir()):
        return PluginCamera(size, rate=rate)
    if device is not None:
        return LoopbackCamera(Path(f"/dev/video{int(device)}" if device.isdigit() else device), size)
    found = list_loopbacks()
    if not found:
        raise MediaError(f"‹virtual›: there is no v4l2loopback device; {REMEDY}")
    return LoopbackCamera(found[0].path, size)


def list_loopbacks() -> list[CameraEntry]:
    """The devices of v4l2loopback, by number."""
    return [entry for entry in list_devices() if entry.is_loopback]


def encode_pixels(pixels: Frame, pixel_format: str) -> NDArray[np.uint8]:
    """RGB uint8 (H, W, 3) as the bytes of a frame, flat: BT.601 in its limited range for YUYV and I420."""
    if pixel_format == "RGB24":
        return np.ascontiguousarray(pixels).reshape(-1)
    code = {"YUYV": cv2.COLOR_RGB2YUV_YUYV, "I420": cv2.COLOR_RGB2YUV_I420}[pixel_format]
    return cv2.cvtColor(pixels, code).astype(np.uint8, copy=False).reshape(-1)


def _open(path: Path) -> int:
    if path.is_dir():
        raise MediaError(f"{path}: is a folder; name a v4l2loopback device such as /dev/video10")
    try:
        return os.open(path, os.O_RDWR | os.O_NONBLOCK)
    except FileNotFoundError:
        raise MediaError(f"{path}: no such device; {REMEDY}") from None
    except PermissionError:
        raise MediaError(
            f"{path}: permission denied; add yourself to the group video (sudo usermod -aG video $USER)"
        ) from None
    except OSError as error:
        raise MediaError(f"{path}: cannot be opened ({error.strerror}); {REMEDY}") from None
