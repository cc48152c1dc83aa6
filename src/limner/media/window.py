"""A window as the live pipeline sees it: it shows pictures and tells keys and clicks. No toolkit is named here."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, Protocol

from limner.checking import checked
from limner.errors import MediaError, MissingExtraError
from limner.frame import Frame


@dataclass(frozen=True, slots=True)
class Key:
    """A key went down: a letter in lower case, or "space", "left", "right", "up", "down", "tab", "escape"."""

    name: str


@dataclass(frozen=True, slots=True)
class Pointer:
    """The main mouse button went down, moved while down, or went up, at (x, y) in pixels of the picture shown."""

    kind: Literal["down", "drag", "up"]
    x: int
    y: int


@dataclass(frozen=True, slots=True)
class Closed:
    """The window's close button was pressed."""


Event = Key | Pointer | Closed


Paint = Callable[[Frame], None]
"""Draws over a picture in its place: RGB uint8 (H, W, 3), or (H, W, 4) with blue, green, red and a byte of nothing."""


class Window(Protocol):
    """A window; all its methods belong to the thread that opened it, which must be the main thread."""

    def show(self, pixels: Frame, paint: Paint | None = None) -> None:
        """Shows RGB uint8 (H, W, 3); the window takes its size from the first, and keeps proportions after that.

        Args:
            paint: draws over what is shown; `pixels` stay as they are.
        """

    def events(self) -> list[Event]:
        """What happened since the last call; also keeps the window alive, so call it at least ten times a second."""

    def close(self) -> None:
        """Closes the window; safe to call twice."""


@checked
def open_window(title: str) -> Window:
    """A window on the screen.

    Raises:
        MissingExtraError: pygame-ce is not installed.
        MediaError: there is no display.
    """
    try:
        from limner.media.pygame_window import PygameWindow
    except ImportError:
        raise MissingExtraError("the window of limner camera", "pygame-ce", "camera") from None
    if sys.platform == "linux" and not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
        raise MediaError("there is no display for a window; work without one: ‹no_window› with ‹record› or ‹virtual›")
    return PygameWindow(title)
