"""A source of any kind, opened again whenever it is lost: the newest of its pictures, and its sound."""

from __future__ import annotations

import time
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

from limner.checking import checked
from limner.live.source import LatestFrames, State
from limner.media.camera import Camera, open_camera
from limner.media.picture_series import names_pictures
from limner.streams.address import Address, parse_source
from limner.streams.picture_camera import PictureCamera
from limner.streams.reading import OnSound, StreamCamera


class StreamSource(LatestFrames):
    """Iterates the newest picture of an address, or every one of a file; see `LatestFrames` for the rest.

    Picture and sound have times on one clock: seconds since `epoch`, which never jumps.

    Args:
        address: of `limner.streams.address.parse_source`: rtsp, rtmp, http (HLS), udp (MPEG-TS), a file,
            numbered pictures or a camera.
        every_frame: of a file, every picture as fast as they are taken; otherwise a file runs at its own rate.
        on_sound: gets sound, float32 (2, N) at 48 kHz, and the seconds since `epoch` of its first sample. It is called
            from another thread. None leaves sound out.
        loop: a file begins again at its end.
        patience: seconds without a picture after which the source counts as lost.
        stopping: whether nobody needs it any more, for who cannot call `stop` while it is being made.
        fps: frames a second of numbered pictures; None takes the times of the `timestamps.txt` beside them.
        size, rate: of a camera, see `limner.media.camera.open_camera`.
        retry, on_change: see `LatestFrames`.

    Attributes:
        sound: the source had sound when it was last opened.
        size: (width, height) of its first picture when it was last opened; (0, 0) for a camera.

    Raises:
        OptionError: the address cannot be read.
        MediaError: there is nothing at first, or it sends nothing.
    """

    noun = "source"

    @checked
    def __init__(
        self,
        address: Address | str,
        *,
        every_frame: bool = False,
        on_sound: OnSound | None = None,
        loop: bool = False,
        patience: float = 10.0,
        size: tuple[int, int] | None = None,
        rate: float | None = None,
        fps: Fraction | None = None,
        threads: int | None = None,
        retry: tuple[float, float] = (0.25, 4.0),
        on_change: Callable[[State, str], None] | None = None,
        stopping: Callable[[], bool] | None = None,
    ) -> None:
        self.address = parse_source(address) if isinstance(address, str) else address
        every = every_frame and not self.address.live
        self.sound, self.size = False, (0, 0)
        self.notices: list[str] = []
        began = time.monotonic()

        def connect() -> Camera:
            if self.address.kind == "camera":
                return open_camera(self.address.text, size=size, rate=rate)
            if self.address.kind == "file" and names_pictures(Path(self.address.text)):
                pictures = PictureCamera(self.address.text, fps=fps, paced=not every, loop=loop)
                self.size, self.notices = pictures.size, pictures.notices
                return pictures
            hears = None if on_sound is None else lambda samples, moment: on_sound(samples, moment - began)
            camera = StreamCamera(
                self.address, on_sound=hears, paced=not every, loop=loop, patience=patience, threads=threads,
                stopping=lambda: self._stopped or (stopping is not None and stopping()),
            )  # fmt: skip
            self.sound, self.size, self.notices = camera.sound, camera.size, camera.notices
            return camera

        super().__init__(connect, every_frame=every, retry=retry, on_change=on_change, epoch=began)
