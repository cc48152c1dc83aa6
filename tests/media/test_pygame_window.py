"""The window: what is shown is the picture with what was painted over it, in its own colours, and the picture stays."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from limner.effects import make_effect
from limner.live.meter import Reading
from limner.live.status import Status
from limner.live.window.controls import Controls
from limner.live.window.panel import Panel

pytest.importorskip("pygame")

_SHOW = """
import os, sys
os.environ["SDL_VIDEODRIVER"] = "dummy"
import numpy as np
from limner.media.pygame_window import PygameWindow, pygame

height, width = int(sys.argv[1]), int(sys.argv[2])
pixels = np.full((height, width, 3), (200, 100, 50), np.uint8)
kept, asked = pixels.copy(), []

def paint(picture):
    asked.append(picture.shape)
    orange = (255, 190, 60)
    picture[: height // 2] = orange if picture.shape[2] == 3 else (*orange[::-1], 0)

window = PygameWindow("test")
window.show(pixels, paint)
shown = pygame.surfarray.array3d(pygame.display.get_surface()).swapaxes(0, 1)
window.show(pixels)
plain = pygame.surfarray.array3d(pygame.display.get_surface()).swapaxes(0, 1)
assert np.array_equal(pixels, kept)
assert len(asked) == 1
print(asked[0][:2] == (height, width), shown.shape[:2], *shown[5, 5], *shown[-5, 5], *plain[5, 5])
window.close()
"""


@pytest.mark.parametrize("size", [(240, 320), (3000, 4000)])
def test_painting_is_shown_in_its_own_colours(size: tuple[int, int]) -> None:
    command = [sys.executable, "-c", _SHOW, *map(str, size)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    painted, *colours = done.stdout.split(" ", 1)
    assert painted == "True"
    assert colours[0].rpartition(")")[2].split() == ["255", "190", "60", "200", "100", "50", "200", "100", "50"]


def test_the_overlay_is_the_same_on_both_kinds_of_picture() -> None:
    panel = Panel(Controls(make_effect("blur"), backgrounds=("green",)))
    panel.say("saved clip.mp4")
    paint = panel.painter(
        Status(Reading(30.0, dict.fromkeys(("decode", "segment", "effect", "show"), 1.0)), 0, recording=5)
    )
    assert paint is not None
    rgb = np.full((360, 640, 3), (90, 140, 40), np.uint8)
    bgrx = np.dstack([rgb[..., ::-1], np.zeros((360, 640), np.uint8)])
    before = rgb.copy()
    paint(rgb)
    paint(bgrx)
    assert (rgb != before).any(axis=2).mean() > 0.05
    assert np.array_equal(rgb, bgrx[..., 2::-1])


def test_nothing_to_say_is_nothing_to_paint() -> None:
    panel = Panel(Controls(make_effect("blur"), backgrounds=()), visible=False)
    assert panel.painter(Status(Reading(), 0)) is None
    assert panel.painter(Status(Reading(), 0, hidden="low confidence")) is not None


_EVENTS = """
import os, sys
os.environ["SDL_VIDEODRIVER"] = "dummy"
import numpy as np
from limner.media.pygame_window import PygameWindow, pygame
from limner.media.window import Closed, Key, Pointer

pygame.display.init()
pygame.display.get_desktop_sizes = lambda: [(1000, 1000)]
window = PygameWindow("test")
window.show(np.full((400, 800, 3), (200, 100, 50), np.uint8))
surface = pygame.display.set_mode((400, 600), pygame.RESIZABLE)  # as if somebody had pulled at its corner
window._surface = surface
window.show(np.full((400, 800, 3), (200, 100, 50), np.uint8))
shown = pygame.surfarray.array3d(surface).swapaxes(0, 1)
assert shown.shape[:2] == (600, 400)
# Half as large, in the middle, with black above and below.
assert (shown[200:400] == (200, 100, 50)).all()
assert not shown[:200].any() and not shown[400:].any()

def post(kind, **what):
    pygame.event.post(pygame.event.Event(kind, **what))

pygame.event.clear()
post(pygame.MOUSEMOTION, pos=(10, 210), rel=(0, 0), buttons=(0, 0, 0))  # nobody drags
post(pygame.MOUSEBUTTONDOWN, pos=(100, 250), button=1)
post(pygame.MOUSEBUTTONDOWN, pos=(9, 9), button=3)
post(pygame.MOUSEMOTION, pos=(300, 399), rel=(0, 0), buttons=(1, 0, 0))
post(pygame.MOUSEBUTTONUP, pos=(9, 9), button=3)
post(pygame.MOUSEMOTION, pos=(399, 100), rel=(0, 0), buttons=(1, 0, 0))
post(pygame.MOUSEBUTTONUP, pos=(0, 599), button=1)
post(pygame.MOUSEMOTION, pos=(10, 210), rel=(0, 0), buttons=(0, 0, 0))
post(pygame.KEYDOWN, key=pygame.K_RETURN, mod=0, unicode="")
post(pygame.KEYDOWN, key=pygame.K_b, mod=0, unicode="b")
post(pygame.QUIT)
assert window.events() == [
    Pointer("down", 200, 100), Pointer("drag", 600, 398), Pointer("drag", 798, 0), Pointer("up", 0, 399),
    Key("enter"), Key("b"), Closed(),
], window._place
"""


def test_clicks_are_pixels_of_the_picture_and_keys_have_names() -> None:
    done = subprocess.run([sys.executable, "-c", _EVENTS], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr


_OPEN = """
import os, sys
os.environ["SDL_VIDEODRIVER"] = "dummy"
import numpy as np
from limner.media.pygame_window import PygameWindow, pygame

desktop, (height, width) = eval(sys.argv[1]), eval(sys.argv[2])
window = PygameWindow("test")
pygame.display.get_desktop_sizes = lambda: desktop
window.show(np.zeros((height, width, 3), np.uint8))
print(*pygame.display.get_surface().get_size())
"""


@pytest.mark.parametrize(
    ("desktop", "picture", "window"),
    [
        ([(1920, 1080)], (480, 640), "640 480"),
        ([(1000, 1000), (4000, 4000)], (500, 1900), "950 250"),  # 95 % of the width of the first screen
        ([(2000, 1000)], (1800, 900), "450 900"),  # 90 % of the height
        ([(1920, 1080)], (20, 30), "160 120"),
        ([], (480, 640), "576 432"),
    ],
)
def test_the_window_is_as_large_as_the_screen_allows(
    desktop: list[tuple[int, int]], picture: tuple[int, int], window: str
) -> None:
    done = subprocess.run(
        [sys.executable, "-c", _OPEN, repr(desktop), repr(picture)], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == window
