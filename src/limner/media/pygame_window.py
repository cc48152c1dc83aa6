"""The window by SDL, through pygame-ce."""

from __future__ import annotations

import os
from typing import Any, cast

import cv2
import numpy as np

os.environ.setdefault("PYGAME_HIDE_SUPPORT_PROMPT", "1")
# Shared memory with the display: OpenGL would wait for the screen, and takes 40 times as long where it is emulated.
os.environ.setdefault("SDL_FRAMEBUFFER_ACCELERATION", "0")

import pygame

from limner.errors import MediaError
from limner.frame import Frame
from limner.media.window import Closed, Event, Key, Paint, Pointer

_NAMES = {"return": "enter"}
_UNSEEN = ("offscreen", "dummy")
"""What SDL falls back on where it reaches no display: windows that nobody sees."""


class PygameWindow:
    """A resizable window; the picture is centred in it, as large as fits.

    Raises:
        MediaError: there is no display that SDL can use.
    """

    def __init__(self, title: str) -> None:
        try:
            pygame.display.init()
        except pygame.error as error:
            raise MediaError(
                f"no window can be opened ({error}); work without one: ‹no_window› with ‹record› or ‹virtual›"
            ) from None
        if pygame.display.get_driver() in _UNSEEN and "SDL_VIDEODRIVER" not in os.environ:
            pygame.display.quit()
            raise MediaError(
                "no window can be opened (the display cannot be reached); "
                "work without one: ‹no_window› with ‹record› or ‹virtual›"
            )
        pygame.display.set_caption(title)
        pygame.key.set_repeat(300, 60)
        self._surface: pygame.Surface | None = None
        self._picture = (0, 0)  # (width, height) of what is shown
        self._place = (0, 0, 1.0)  # left, top and scale of the picture in the window
        self._room = (0, 0)  # (width, height) of the window when the place was worked out
        self._down = False

    def show(self, pixels: Frame, paint: Paint | None = None) -> None:
        height, width = pixels.shape[:2]
        if self._surface is None:
            self._open(width, height)
        surface = self._surface
        assert surface is not None
        room = surface.get_size()
        if self._picture != (width, height) or room != self._room:
            self._picture, self._room = (width, height), room
            scale = min(room[0] / width, room[1] / height)
            self._place = (round(room[0] - width * scale) // 2, round(room[1] - height * scale) // 2, scale)
            surface.fill((0, 0, 0))
        left, top, scale = self._place
        wide, tall = min(room[0], round(width * scale)), min(room[1], round(height * scale))
        direct = surface.get_bytesize() == 4 and surface.get_shifts()[:3] == (16, 8, 0)
        if paint is not None and not (direct and (wide, tall) == (width, height)):
            pixels = pixels.copy()
            paint(pixels)
            paint = None
        if (wide, tall) != (width, height):
            how = cv2.INTER_AREA if wide < width else cv2.INTER_LINEAR
            pixels = cv2.resize(pixels, (wide, tall), interpolation=how).astype(np.uint8, copy=False)
        if direct:
            _put(surface, pixels, left, top, paint)
        else:
            image = pygame.image.frombuffer(np.ascontiguousarray(pixels).tobytes(), (wide, tall), "RGB")
            surface.blit(image, (left, top))
        pygame.display.flip()

    def events(self) -> list[Event]:
        found: list[Event] = []
        for event in pygame.event.get():
            if event.type == pygame.QUIT:
                found.append(Closed())
            elif event.type == pygame.KEYDOWN:
                name = pygame.key.name(event.key)
                found.append(Key(_NAMES.get(name, name)))
            elif event.type == pygame.MOUSEBUTTONDOWN and event.button == 1:
                self._down = True
                found.append(self._pointer("down", event.pos))
            elif event.type == pygame.MOUSEMOTION and self._down:
                found.append(self._pointer("drag", event.pos))
            elif event.type == pygame.MOUSEBUTTONUP and event.button == 1:
                self._down = False
                found.append(self._pointer("up", event.pos))
        return found

    def close(self) -> None:
        self._surface = None
        pygame.display.quit()

    def _open(self, width: int, height: int) -> None:
        sizes = pygame.display.get_desktop_sizes()
        most = sizes[0] if sizes else (width, height)
        scale = min(1.0, 0.95 * most[0] / width, 0.9 * most[1] / height)
        size = (max(160, round(width * scale)), max(120, round(height * scale)))
        try:
            self._surface = pygame.display.set_mode(size, pygame.RESIZABLE)
        except pygame.error as error:
            raise MediaError(f"no window can be opened ({error}); work without one: ‹no_window›") from None
        self._room = (0, 0)

    def _pointer(self, kind: str, at: tuple[int, int]) -> Pointer:
        left, top, scale = self._place
        x, y = round((at[0] - left) / scale), round((at[1] - top) / scale)
        width, height = self._picture
        place = (min(max(x, 0), max(0, width - 1)), min(max(y, 0), max(0, height - 1)))
        return Pointer("down" if kind == "down" else "drag" if kind == "drag" else "up", *place)


def _put(surface: pygame.Surface, pixels: Frame, left: int, top: int, paint: Paint | None) -> None:
    """Straight into the window's memory, which is 32 bits deep: half the time of a blit, and no copy to paint on."""
    height, width = pixels.shape[:2]
    rows, columns = slice(top, top + height), slice(left, left + width)
    memory = np.frombuffer(memoryview(cast(Any, surface.get_buffer())), np.uint8)
    view = memory.reshape(surface.get_height(), surface.get_pitch())[:, : 4 * surface.get_width()]
    target = view.reshape(surface.get_height(), surface.get_width(), 4)[rows, columns]
    cv2.cvtColor(pixels, cv2.COLOR_RGB2BGRA, dst=target)
    if paint is not None:
        paint(target)
