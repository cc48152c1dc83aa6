"""The desk: a window on a live session, with an overlay, keys and the mouse."""

from __future__ import annotations

import cv2

from limner.checking import checked
from limner.frame import Frame
from limner.live.session import LiveSession
from limner.live.status import Status
from limner.live.window.controls import Controls
from limner.live.window.panel import Panel, chequered
from limner.media.window import Closed, Event, Key, Pointer, Window


class Desk:
    """Shows a session's picture in a window, and does what keys and clicks say.

    Args:
        window: shows pictures and tells keys and clicks.
        controls: what keys change.
        mirror: show the picture as a mirror does; recordings and virtual cameras are never mirrored.
        overlay: begin with figures and sliders on the picture.
    """

    @checked
    def __init__(self, window: Window, controls: Controls, *, mirror: bool = False, overlay: bool = True) -> None:
        self.controls, self.panel = controls, Panel(controls, visible=overlay)
        self._window, self._mirror = window, mirror
        self._width = 0

    def show(self, pixels: Frame, status: Status | None) -> None:
        """The picture with the overlay; without a status as it is."""
        self._width = pixels.shape[1]
        if status is None:
            self._window.show(pixels)
            return
        picture = chequered(pixels)
        if self._mirror:
            picture = cv2.flip(picture, 1).astype(picture.dtype, copy=False)
        self._window.show(picture, self.panel.painter(status))

    def say(self, text: str) -> None:
        """A line on the picture for a moment."""
        self.panel.say(text)

    def poll(self, session: LiveSession) -> bool:
        """Does what was pressed and clicked since the last call; whether anything was."""
        events = self._window.events()
        for event in events:
            self._handle(event, session)
        session.choose(self.controls.effect())
        return bool(events)

    def close(self) -> None:
        """Closes the window."""
        self._window.close()

    def _handle(self, event: Event, session: LiveSession) -> None:
        if isinstance(event, Closed):
            session.stop()
        elif isinstance(event, Key):
            self.press(event.name, session)
        elif isinstance(event, Pointer):
            if event.kind == "drag":
                self.panel.drag(event.x)
            elif event.kind == "up":
                self.panel.release()
            elif not self.panel.press(event.x, event.y):
                session.pick(self._width - 1 - event.x if self._mirror else event.x, event.y)

    def press(self, key: str, session: LiveSession) -> None:
        """Does what a key says."""
        if key in ("q", "escape"):
            session.stop()
        elif key == "p":
            session.pause()
        elif key == "space":
            session.snapshot()
        elif key == "v":
            session.toggle_recording()
        elif key == "a":
            session.release()
        elif key in ("o", "tab"):
            self.panel.visible = not self.panel.visible
        elif self.controls.press(key):
            self.panel.say(self.controls.message)
