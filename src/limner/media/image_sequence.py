"""A video as a numbered series of PNG pictures, with or without alpha, and a file of their times."""

from __future__ import annotations

import contextlib
import re
import shutil
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Self

import cv2
import numpy as np

from limner.errors import MediaError
from limner.frame import Frame, TimedFrame
from limner.media.clips import ClipReader
from limner.media.color_conversion import SRGB, converter
from limner.media.picture_series import TIMES
from limner.media.video_check import AlphaSamples, alpha_thumbnail
from limner.media.video_files import aside
from limner.media.video_streams import CarriedStream
from limner.one_writer import OneWriter
from limner.whole_file import cannot_write

_PATTERN = re.compile(r"%0?(\d*)d")
_WORKERS = 2
_LEVEL = 3


class SequenceWriter:
    """Writes one PNG a frame, numbered from 1, and `timestamps.txt` (milliseconds, "timestamp format v2").

    Same use as `VideoWriter`: nothing is left unless `finish` came to its end. Sound and subtitles have no place here.

    Args:
        target: a folder, which then holds frame_000001.png and so on, or a name such as out/shot_%04d.png. A folder is
            made where there is none; pictures of the same names must not be there yet.
        like: the reader the frames come from.
        alpha: frames are RGBA.

    Raises:
        MediaError: the name has no place for the number, pictures are in the way, another run writes into the folder,
            or writing fails.
    """

    def __init__(self, target: str | Path, like: ClipReader, *, alpha: bool) -> None:
        self._target = Path(target)
        self._folder, self._pattern = _split(self._target)
        self.width, self.height = like.info.width, like.info.height
        self.frames = 0
        self.notices: list[str] = ["Pictures have no sound and no subtitles; their times are in timestamps.txt."]
        self.carried: list[CarriedStream] = []
        self._aside = aside(self._folder)
        self._to_srgb = converter(like.info.colors.points, SRGB)
        bits = like.info.bits
        if like.info.colors.is_hdr:
            self.notices.append(f"It is HDR with {bits} bits; the pictures are toned down to sRGB, with 8 bits.")
        elif self._to_srgb is not None:
            fewer = f", with 8 bits a channel instead of {bits}" if bits > 8 else ""
            self.notices.append(f"Its colours were converted to sRGB, which pictures are in{fewer}.")
        elif bits > 8:
            self.notices.append(f"It has {bits} bits a channel; the pictures have 8.")
        self._alpha = AlphaSamples() if alpha else None
        self._times: list[Fraction] = []
        self._pool = ThreadPoolExecutor(_WORKERS, thread_name_prefix="limner-png")
        self._pending: deque[Future[None]] = deque()
        self._lock = OneWriter(self._folder)
        try:
            self._refuse_to_mix()
            self._aside.mkdir()
        except OSError as error:
            self._lock.release()
            raise cannot_write(self._target, error, "nothing was kept") from error
        except BaseException:
            self._lock.release()
            raise

    def write(self, frame: TimedFrame) -> None:
        """Queues a frame, RGB or RGBA uint8; waits where both workers are busy."""
        if self._alpha:
            self._alpha.add(frame.pixels)
        self.frames += 1
        self._times.append(frame.time)
        path = self._aside / (self._pattern % self.frames)
        self._pending.append(self._pool.submit(_write_png, path, frame.pixels, self._target, self._to_srgb))
        if len(self._pending) > _WORKERS:
            self._pending.popleft().result()

    def finish(self) -> None:
        """Waits for the last pictures, reads them again to check them, and moves them to their place."""
        while self._pending:
            self._pending.popleft().result()
        lines = ["# timestamp format v2", *(f"{float(time * 1000):.6f}" for time in self._times)]
        try:
            (self._aside / TIMES).write_text("\n".join(lines) + "\n", encoding="ascii")
            self._check()
            self._move()
        except OSError as error:
            raise cannot_write(self._target, error, "nothing was kept") from error

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._pool.shutdown(wait=True, cancel_futures=True)
        shutil.rmtree(self._aside, ignore_errors=True)
        self._lock.release()

    def _refuse_to_mix(self) -> None:
        if any(_matches(self._folder, self._pattern)):
            raise MediaError(f"{self._target}: {self._folder} already holds such pictures; empty it or name another")
        if (self._folder / TIMES).exists():
            raise MediaError(f"{self._folder / TIMES}: has the times of other pictures; name another folder")

    def _check(self) -> None:
        found = sum(1 for _ in _matches(self._aside, self._pattern))
        if found != self.frames:
            raise MediaError(
                f"{self._target}: {self.frames} frames went in, but {found} were written; nothing was kept"
            )
        for index, wanted in self._alpha.thumbnails.items() if self._alpha else ():
            back = cv2.imread(str(self._aside / (self._pattern % (index + 1))), cv2.IMREAD_UNCHANGED)
            if back is None or back.ndim != 3 or back.shape[2] != 4:
                raise MediaError(f"{self._target}: picture {index + 1} has no transparency; nothing was kept")
            if not np.array_equal(alpha_thumbnail(cv2.extractChannel(back, 3)), wanted):
                raise MediaError(f"{self._target}: the transparency of picture {index + 1} is wrong; nothing was kept")

    def _move(self) -> None:
        if self._lock.made:  # empty, so that the whole folder takes its place in one step
            self._aside.rename(self._folder)
            return
        self._refuse_to_mix()
        moved: list[Path] = []
        try:
            for path in sorted(self._aside.iterdir()):
                moved.append(path.rename(self._folder / path.name))
        except BaseException:
            for path in moved:
                with contextlib.suppress(OSError):
                    path.unlink()
            raise


def _write_png(path: Path, pixels: Frame, target: Path, convert: Callable[[Frame], Frame] | None) -> None:
    if convert is not None:
        pixels = np.dstack([convert(np.ascontiguousarray(pixels[..., :3])), pixels[..., 3:]])
    order = cv2.COLOR_RGBA2BGRA if pixels.shape[2] == 4 else cv2.COLOR_RGB2BGR
    made, data = cv2.imencode(".png", cv2.cvtColor(pixels, order), [cv2.IMWRITE_PNG_COMPRESSION, _LEVEL])
    if not made:
        raise MediaError(f"{target}: a picture could not be encoded as PNG; nothing was kept")
    try:
        path.write_bytes(data.tobytes())
    except OSError as error:
        raise cannot_write(target, error, "nothing was kept") from error


def picture_folder(target: Path) -> Path:
    """The folder that holds the pictures of a target.

    Raises:
        MediaError: its name has no place for the number.
    """
    return _split(target)[0]


def _split(target: Path) -> tuple[Path, str]:
    """The folder and the name pattern that a target means."""
    if target.suffix.lower() != ".png":
        return target, "frame_%06d.png"
    if len(_PATTERN.findall(target.name)) != 1 or target.name.count("%") != 1:
        raise MediaError(f"{target}: needs one place for the number, such as {target.stem.replace('%', '')}_%06d.png")
    return target.parent, target.name


def _matches(folder: Path, pattern: str) -> list[Path]:
    place = _PATTERN.search(pattern)
    assert place is not None
    name = re.compile(re.escape(pattern[: place.start()]) + r"\d+" + re.escape(pattern[place.end() :]))
    return [path for path in folder.iterdir() if name.fullmatch(path.name)]
