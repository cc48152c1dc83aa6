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
