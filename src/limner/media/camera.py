"""Cameras: what one is to the live pipeline, which there are, and a device or a file opened as one."""

from __future__ import annotations

import os
import re
import time
from pathlib import Path
from typing import Protocol

import cv2
import numpy as np

from limner.checking import checked
from limner.errors import MediaError, OptionError
from limner.frame import Frame
from limner.media.v4l2 import CameraEntry, capabilities, list_devices, openers

_FASTER_THAN_RAW = 640 * 480
"""Pixels from which USB 2 needs compressed frames for 30 a second."""


class CameraLostError(MediaError):
    """The camera stopped giving frames; it may come back."""


class Camera(Protocol):
    """Something that gives frames as they happen.

    Attributes:
        name: what messages call it.
        rate: frames a second that it says it gives; 0 where it does not say.
        busy: seconds spent on decoding so far, waiting left out.
    """

    name: str
    rate: float
    busy: float

    def read(self) -> tuple[Frame, float] | None:
        """Waits for the next frame: RGB uint8 (H, W, 3) and its moment on `time.monotonic`'s clock; None at the end.

        The size may change from one frame to the next.

        Raises:
            CameraLostError: it gives no more for now; close it and open it again.
        """

    def close(self) -> None:
        """Lets the device go. `read` must not be under way."""


class DeviceCamera:
    """A V4L2 device through OpenCV.

    Args:
        path: /dev/videoN.
        size: (width, height) asked for; the driver gives the nearest it has.
        rate: frames a second asked for.

    Raises:
        MediaError: there is no such device, it is no camera, or it cannot be opened now.
    """

    def __init__(self, path: Path, *, size: tuple[int, int] | None = None, rate: float | None = None) -> None:
        _check_device(path)
        cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)  # one line of ours says it all
        self.name, self.busy = str(path), 0.0
        width, height = size or (1280, 720)
        wanted = [cv2.CAP_PROP_FRAME_WIDTH, width, cv2.CAP_PROP_FRAME_HEIGHT, height]
        wanted += [cv2.CAP_PROP_FPS, round(rate or 30), cv2.CAP_PROP_BUFFERSIZE, 2]
        if width * height > _FASTER_THAN_RAW:
            wanted = [cv2.CAP_PROP_FOURCC, cv2.VideoWriter.fourcc(*"MJPG"), *wanted]
        self._capture = cv2.VideoCapture(str(path), cv2.CAP_V4L2, wanted)
        if not self._capture.isOpened():
            self._capture = cv2.VideoCapture(str(path), cv2.CAP_V4L2)  # a driver may refuse what it cannot give
        if not self._capture.isOpened():
            raise MediaError(f"{path}: cannot be opened as a camera{_who_has(path)}")
        self.rate = float(self._capture.get(cv2.CAP_PROP_FPS))

    def read(self) -> tuple[Frame, float] | None:
        if not self._capture.grab():
            raise CameraLostError(f"{self.name}: gives no more frames{_who_has(Path(self.name))}")
        moment = time.monotonic()
        there, pixels = self._capture.retrieve()
        if not there or pixels is None:
            raise CameraLostError(f"{self.name}: a frame could not be read")
        rgb = cv2.cvtColor(pixels, cv2.COLOR_BGR2RGB).astype(np.uint8, copy=False)
        self.busy += time.monotonic() - moment
        return rgb, moment

    def close(self) -> None:
        self._capture.release()


@checked
def open_camera(
    spec: str,
    *,
    size: tuple[int, int] | None = None,
    rate: float | None = None,
    loop: bool = True,
    paced: bool = True,
) -> Camera:
    """The camera that `spec` names: a number N (/dev/videoN), a device, or a video file played as if it were one.

    Args:
        size: (width, height) in pixels; for a device the driver's nearest. None is 1280×720, or the file's own.
        rate: frames a second; None is 30, or the file's own.
        loop: a file begins again at its end.
        paced: a file runs at its own rate, as a camera does; otherwise as fast as it is read.

    Raises:
        OptionError: `spec`, `size` or `rate` cannot be used.
        MediaError: there is no such camera, or it cannot be opened.
    """
    if size is not None and not (16 <= size[0] <= 16384 and 16 <= size[1] <= 16384):
        raise OptionError(f"‹size› {size[0]}x{size[1]} is no size of a picture: say 16 to 16384 for each side")
    if rate is not None and not 1 <= rate <= 1000:
        raise OptionError(f"‹rate› {rate:g} is out of range: say 1 to 1000 frames a second")
    path = Path(f"/dev/video{int(spec)}") if re.fullmatch(r"\d+", spec) else Path(spec)
    if path.is_dir():
        raise MediaError(f"{path}: is a folder; name a camera such as 0 or /dev/video0, or a video file")
    if path.is_char_device() or str(path).startswith("/dev/") or re.fullmatch(r"\d+", spec):
        return DeviceCamera(path, size=size, rate=rate)
    from limner.media.file_camera import FileCamera

    return FileCamera(path, size=size, rate=rate, loop=loop, paced=paced)


def list_cameras() -> list[CameraEntry]:
    """The devices that frames can be captured from, by number."""
    return [entry for entry in list_devices() if entry.captures]


def _check_device(path: Path) -> None:
    """
    Raises:
        MediaError: the device is missing, may not be opened, or captures no video.
    """
    if not path.exists():
        known = ", ".join(entry.path.name for entry in list_cameras())
        there = f"there are {known}" if known else "no camera is connected"
        raise MediaError(f"{path}: no such camera; {there} (limner camera --list)")
    if not os.access(path, os.R_OK | os.W_OK):
        raise MediaError(f"{path}: permission denied; add yourself to the group video (sudo usermod -aG video $USER)")
    try:
        found = capabilities(path)
    except OSError as error:
        raise MediaError(f"{path}: is no camera ({error.strerror}); see limner camera --list") from None
    if not found.captures:
        raise MediaError(f"{path}: {found.card} gives no picture; see limner camera --list")


def _who_has(path: Path) -> str:
    """Why a device does not open, as far as it can be told: which programs of this user hold it."""
    if not path.exists():
        return ": it was unplugged"
    holders = [f"{name} ({number})" for number, name in openers(path) if number != os.getpid()]
    return f": it is busy, {', '.join(holders)} has it; close that first" if holders else ": it may be busy elsewhere"
