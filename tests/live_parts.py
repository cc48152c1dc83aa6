"""What tests of the live path share: cameras that fail on purpose, a window that keeps what it is shown, a session."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from conftest import build_onnx, save_card
from limner.effects import make_effect
from limner.live.session import LiveOptions, LiveSession
from limner.live.source import LatestFrames
from limner.live.stages import Picked
from limner.live.status import Status
from limner.live.window.controls import Controls
from limner.live.window.desk import Desk
from limner.media.camera import CameraLostError
from limner.media.window import Event, Paint
from limner.segment.privacy.guard import PrivacyGuard, PrivacyRules
from limner.segment.segmenter import Segmenter
from limner.segment.steady.temporal import TemporalSegmenter

Frame = NDArray[np.uint8]
SIZE = (96, 128)
TEXTURE = np.random.default_rng(3).integers(0, 90, (*SIZE, 1), dtype=np.uint8)


def scene(index: int, size: tuple[int, int] = SIZE) -> Frame:
    """A red disc, which is the person for the test net, before a sharp blue pattern, which must never be shown."""
    y, x = np.mgrid[: size[0], : size[1]]
    frame = np.zeros((*size, 3), np.uint8)
    frame[..., 2] = np.where((x // 4 + y // 4) % 2, 255, 110)
    centre = size[1] * (0.5 + 0.1 * np.sin(index / 7))
    frame[(x - centre) ** 2 + (y - size[0] * 0.55) ** 2 < (size[0] / 4) ** 2] = (230, 30, 20)
    return frame


def raw_share(pictures: Iterable[Frame]) -> float:
    """How much of the background's sharp pattern is in pictures: the largest mean step between neighbours in blue."""
    return max((float(np.abs(np.diff(p[:12, :, 2].astype(int), axis=1)).mean()) for p in pictures), default=0.0)


class Scripted:
    """A camera that gives frames from an iterator at a rate; an exception in it is raised by `read`."""

    name = "scripted"

    def __init__(self, frames: Iterable[Frame | Exception], rate: float = 200.0) -> None:
        self.rate, self.busy, self.closed = rate, 0.0, False
        self._frames: Iterator[Frame | Exception] = iter(frames)

    def read(self) -> tuple[Frame, float] | None:
        time.sleep(1 / self.rate)
        item = next(self._frames, None)
        if isinstance(item, Exception):
            raise item
        return None if item is None else (item, time.monotonic())

    def close(self) -> None:
        self.closed = True


def scenes(count: int, size: tuple[int, int] = SIZE) -> Iterator[Frame]:
    return (scene(index, size) for index in range(count))


def lost() -> CameraLostError:
    return CameraLostError("scripted: was unplugged")


class KeptWindow:
    """A window that keeps every picture, and gives the events of `script`: picture number -> events.

    `cards` are the numbers of pictures that stand in the place of a frame.
    """

    def __init__(self, script: dict[int, list[Event]] | None = None) -> None:
        self.pictures: list[Frame] = []
        self.cards: list[int] = []
        self.closed = False
        self._script = dict(script or {})

    def show(self, pixels: Frame, paint: Paint | None = None) -> None:
        picture = pixels.copy()
        if paint is not None:
            paint(picture)
        self.pictures.append(picture)  # whole: other threads look at the last one

    def events(self) -> list[Event]:
        due = [number for number in self._script if number <= len(self.pictures)]
        return [event for number in sorted(due) for event in self._script.pop(number)]

    def close(self) -> None:
        self.closed = True


class _Noting(Desk):
    """A desk that notes in its window which pictures are cards."""

    def show(self, pixels: Frame, status: Status | None) -> None:
        if status is None and isinstance(self._window, KeptWindow):
            self._window.cards.append(len(self._window.pictures))
        super().show(pixels, status)


def red_segmenter(folder: Path) -> Segmenter:
    """Red is person, blue is not."""
    model = build_onnx(folder / "own.onnx", size=(48, 64))
    save_card(model, input_size=[48, 64])
    return Segmenter(model, refine=False, threads=1)


def make_session(
    camera: Callable[[], Any],
    segmenter: Any,
    *,
    effect: str = "blur",
    source: dict[str, Any] | None = None,
    rules: PrivacyRules | None = None,
    options: dict[str, Any] | None = None,
    backgrounds: tuple[str, ...] = ("green", "white"),
    **more: Any,
) -> LiveSession:
    """A session that takes each frame, however busy the machine is: what it shows follows from the frames alone."""
    guard = PrivacyGuard(TemporalSegmenter(segmenter), rules=rules)
    mattes = Picked(guard)
    controls = Controls(make_effect(effect), backgrounds=backgrounds, threshold=0.5, set_threshold=lambda _: None)
    frames = LatestFrames(camera, retry=(0.02, 0.1), **({"every_frame": True} | (source or {})))
    asked = {"overlay": False, "mirror": False, "stall": 60.0} | (options or {})
    view = {name: asked.pop(name) for name in ("overlay", "mirror")}
    window = more.pop("window", None)
    desk = None if window is None else _Noting(window, controls, **view)
    return LiveSession(
        frames,
        mattes,
        controls.effect(),
        guard=guard,
        viewer=desk,
        pick=mattes.pick,
        release=mattes.release,
        options=LiveOptions(**asked),
        **more,
    )
