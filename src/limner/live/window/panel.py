"""The overlay of the live picture: figures, a message and two sliders."""

from __future__ import annotations

import time

import cv2
import numpy as np

from limner.frame import Frame
from limner.live.drawing import ordered, write
from limner.live.meter import STAGES
from limner.live.status import Status
from limner.live.window.controls import HELP, Controls
from limner.media.window import Paint

_MESSAGE_SECONDS = 2.5
_WHITE, _ACCENT, _RED = (255, 255, 255), (255, 190, 60), (230, 50, 50)


class Panel:
    """Draws the overlay and knows what a click hits.

    Attributes:
        visible: figures, sliders and help; messages, and that something is recorded or hidden, are always shown.
    """

    def __init__(self, controls: Controls, *, visible: bool = True) -> None:
        self._controls = controls
        self.visible = visible
        self._message, self._said = "", -1e9
        self._dragging: str | None = None
        self._size = (720, 1280)

    def say(self, message: str) -> None:
        """Shows a line for a moment."""
        self._message, self._said = message, time.monotonic()

    def painter(self, status: Status) -> Paint | None:
        """What draws the overlay over a picture, see `limner.media.window.Paint`; None where there is nothing."""
        lines = self._figures(status) if self.visible else []
        note = self._message if time.monotonic() - self._said < _MESSAGE_SECONDS else ""
        note = note or ("paused: p goes on" if status.paused else "")
        note = f"hidden: {status.hidden}" if status.hidden else note
        if not (lines or note or status.recording is not None):
            return None
        return lambda picture: self._draw(picture, lines, note, status.recording)

    def _draw(self, picture: Frame, lines: list[str], note: str, recording: float | None) -> None:
        self._size = picture.shape[0], picture.shape[1]
        unit = self._unit
        for row, line in enumerate(lines):
            write(picture, line, (round(0.6 * unit), round((1.4 + 1.15 * row) * unit)), unit)
        if self.visible:
            for row, line in enumerate(reversed(HELP)):
                write(picture, line, (round(0.6 * unit), round(self._size[0] - (0.6 + row) * unit)), 0.72 * unit)
            self._sliders(picture)
        if note:
            write(picture, note, (round(0.6 * unit), round(0.5 * self._size[0])), 1.2 * unit, _ACCENT)
        if recording is not None:
            minutes, seconds = divmod(int(recording), 60)
            at = (self._size[1] - round(5.5 * unit), round(1.4 * unit))
            middle = (at[0] - round(0.7 * unit), at[1] - round(0.35 * unit))
            cv2.circle(picture, middle, round(0.4 * unit), ordered(_RED, picture), -1)
            write(picture, f"{minutes}:{seconds:02}", at, unit)

    def press(self, x: int, y: int) -> bool:
        """The mouse went down at a pixel of the picture; whether a slider took it."""
        if not self.visible:
            return False
        for name, (left, top, right, bottom) in self._rows().items():
            if left <= x <= right and top <= y <= bottom:
                self._dragging = name
                self.drag(x)
                return True
        return False

    def drag(self, x: int) -> None:
        """The mouse moved while down."""
        if self._dragging is None:
            return
        left, _, right, _ = self._rows().get(self._dragging, (0, 0, 1, 1))
        position = min(1.0, max(0.0, (x - left) / max(1, right - left)))
        if self._dragging == "background":
            self._controls.set_background(position)
        else:
            self._controls.set_threshold(0.05 + 0.9 * position)

    def release(self) -> None:
        """The mouse went up."""
        self._dragging = None

    @property
    def _unit(self) -> float:
        """Height of a line of text in pixels."""
        return max(10.0, 0.03 * min(self._size[0], self._size[1] * 9 / 16))

    def _figures(self, status: Status) -> list[str]:
        reading = status.reading
        stages = "  ".join(f"{stage} {reading.milliseconds[stage]:.1f}" for stage in STAGES)
        lines = [
            f"{reading.fps:.1f} fps   delay {reading.delay:.0f} ms   dropped {status.dropped}",
            f"ms: {stages}",
            self._controls.title,
        ]
        return [*lines, status.extra] if status.extra else lines

    def _rows(self) -> dict[str, tuple[int, int, int, int]]:
        """Where the sliders are: left, top, right, bottom."""
        height, width = self._size
        unit = self._unit
        left, right = round(width - 12 * unit), round(width - unit)
        found = {}
        names = ["background"] if self._controls.background_slider else []
        names += ["threshold"] if self._controls.threshold is not None else []
        for row, name in enumerate(reversed(names)):
            bottom = round(height - (3.2 + 2.4 * row) * unit)
            found[name] = (left, round(bottom - 1.1 * unit), right, bottom)
        return found

    def _sliders(self, picture: Frame) -> None:
        unit = self._unit
        for name, (left, top, right, bottom) in self._rows().items():
            if name == "background":
                words, position = self._controls.background_slider or ("", 0.0)
            else:
                value = self._controls.threshold or 0.5
                words, position = f"threshold {value:.2f}", (value - 0.05) / 0.9
            middle = (top + bottom) // 2
            for color, thick in (((0, 0, 0), 3), (_WHITE, 1)):
                cv2.line(picture, (left, middle), (right, middle), color, thick * max(1, round(unit / 14)), cv2.LINE_AA)
            knob = (left + round(position * (right - left)), middle)
            cv2.circle(picture, knob, round(0.48 * unit), (0, 0, 0), -1, cv2.LINE_AA)
            cv2.circle(picture, knob, round(0.4 * unit), ordered(_ACCENT, picture), -1, cv2.LINE_AA)
            write(picture, words, (left, top - round(0.1 * unit)), 0.8 * unit)


def chequered(pixels: Frame) -> Frame:
    """RGB uint8 (H, W, 3): what is transparent shows a chequerboard."""
    if pixels.shape[2] == 3:
        return pixels
    height, width = pixels.shape[:2]
    side = max(8, height // 45)
    board = np.where((np.arange(height)[:, None] // side + np.arange(width) // side) % 2, 176, 208).astype(np.uint8)
    weight = cv2.extractChannel(pixels, 3).astype(np.float32) * np.float32(1 / 255)
    back = cv2.cvtColor(board, cv2.COLOR_GRAY2RGB)
    front = cv2.cvtColor(pixels, cv2.COLOR_RGBA2RGB)
    return cv2.blendLinear(front, back, weight, 1 - weight).astype(np.uint8, copy=False)
