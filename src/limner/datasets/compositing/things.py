"""Things drawn to stand before people or behind them: a mug, a microphone, a laptop from behind, a chair's back."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

Rgb = NDArray[np.uint8]
Mask = NDArray[np.uint8]
Float = NDArray[np.float32]

_FINE, _ENOUGH = 3, 400
"""Things are drawn this much larger and shrunk, for smooth outlines; less so where they are this many pixels high."""


class Thing(NamedTuple):
    """Colours, uint8 (h, w, 3), and alpha, uint8 (h, w)."""

    rgb: Rgb
    alpha: Mask


def mug(height: int, rng: np.random.Generator) -> Thing:
    """A mug of ``height`` pixels, seen a little from above."""
    fine = _fine(height)
    high, wide = height * fine, int(height * 1.25) * fine
    canvas, alpha = _blank(high, wide)
    radius = 0.36 * high * rng.uniform(0.9, 1.1)
    side = float(rng.choice([-1, 1]))
    centre = wide / 2 - side * 0.12 * high
    top, bottom, lip = 0.13 * high, 0.93 * high, 0.1 * high
    colour = _colour(rng)
    light = _cylinder(wide, centre, radius, rng)
    handle = np.zeros_like(alpha)
    place = (int(centre + side * radius), int((top + bottom) / 2))
    cv2.ellipse(
        handle, place, (int(0.22 * high), int(0.26 * high)), 0, 0, 360, 255, max(2, int(0.085 * high)), cv2.LINE_AA
    )
    canvas[handle > 0] = colour * 0.75
    body = np.zeros_like(alpha)
    cv2.rectangle(body, (int(centre - radius), int(top)), (int(centre + radius), int(bottom - lip * 0.5)), 255, -1)
    for y in (top, bottom - lip * 0.5):
        cv2.ellipse(body, (int(centre), int(y)), (int(radius), int(lip * 0.7)), 0, 0, 360, 255, -1)
    painted = np.repeat((colour * light[:, None])[None], high, 0)
    if rng.random() < 0.4:
        first = int(high * rng.uniform(0.3, 0.6))
        painted[first : first + int(high * rng.uniform(0.06, 0.2))] = (_colour(rng) * light[:, None])[None]
    canvas[body > 0] = painted[body > 0]
    rim = (int(centre), int(top))
    cv2.ellipse(
        canvas, rim, (int(radius), int(lip * 0.7)), 0, 0, 360, [float(c) * 0.9 for c in colour], -1, cv2.LINE_AA
    )
    cv2.ellipse(
        canvas,
        rim,
        (int(radius * 0.93), int(lip * 0.58)),
        0,
        0,
        360,
        [float(c) * 0.35 for c in colour],
        -1,
        cv2.LINE_AA,
    )
    return _finished(canvas, np.maximum(body, handle), rng, fine)


def microphone(height: int, rng: np.random.Generator) -> Thing:
    """A microphone with a foam windscreen, ``height`` pixels with its body, on a leaning rod three times as long."""
    fine = _fine(height)
    side = height * fine
    canvas, alpha = _blank(4 * side, 4 * side)
    middle, ball = 2.0 * side, side * rng.uniform(0.18, 0.24)
    grey = rng.uniform(18, 60)
    rod = _cylinder(4 * side, middle, ball * 0.55, rng)
    body = np.zeros_like(alpha)
    cv2.rectangle(body, (int(middle - ball * 0.5), int(1.6 * ball)), (int(middle + ball * 0.5), side), 255, -1)
    cv2.rectangle(body, (int(middle - ball * 0.16), side), (int(middle + ball * 0.16), 4 * side), 255, -1)
    canvas[:] = (grey * 1.4 * rod)[None, :, None]
    foam = np.zeros_like(alpha)
    centre = (int(middle), int(1.35 * ball))
    cv2.ellipse(foam, centre, (int(ball), int(ball * 1.25)), 0, 0, 360, 255, -1, cv2.LINE_AA)
    y, x = np.mgrid[:side, : 4 * side].astype(np.float32)
    near = ((x - middle) / ball + 0.4) ** 2 + ((y - centre[1]) / ball + 0.5) ** 2
    grain = cv2.GaussianBlur(rng.standard_normal((side, 4 * side)).astype(np.float32), (0, 0), 1.6)
    shade = grey * np.clip(1.5 - 0.35 * near, 0.45, 1.6) * (1 + 0.5 * grain)
    top, ball_shape = canvas[:side], foam[:side] > 0
    top[ball_shape] = shade[ball_shape][:, None]
    thing = np.maximum(body, foam)
    turn = cv2.getRotationMatrix2D((middle, float(centre[1])), float(rng.uniform(-28, 28)), 1.0)
    canvas = np.asarray(cv2.warpAffine(canvas, turn, canvas.shape[1::-1], borderMode=cv2.BORDER_REPLICATE), np.float32)
    return _finished(canvas, np.asarray(cv2.warpAffine(thing, turn, canvas.shape[1::-1]), np.uint8), rng, fine)


def laptop(height: int, rng: np.random.Generator) -> Thing:
    """The lid of a laptop or the back of a monitor: a plate with round corners, metal or plastic."""
    fine = _fine(height)
    high, wide = height * fine, int(height * rng.uniform(1.5, 1.7)) * fine
    canvas, alpha = _blank(high, wide)
    inset, corner = wide * rng.uniform(0.0, 0.04), high * 0.06
    outline = np.array([[inset, 0], [wide - inset, 0], [wide, high], [0, high]]) * 0.94 + np.array([wide, high]) * 0.03
    ring = outline + (outline.mean(0) - outline) / np.abs(outline.mean(0) - outline) * corner
    cv2.fillConvexPoly(alpha, ring.astype(np.int32), 255.0, cv2.LINE_AA)
    alpha = np.asarray(
        cv2.dilate(alpha, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * int(corner) + 1,) * 2)), np.uint8
    )
    level = float(rng.choice([rng.uniform(22, 60), rng.uniform(130, 200)]))
    corners = level * rng.uniform(0.75, 1.25, (2, 2))
    plate = cv2.resize(corners.astype(np.float32), (wide, high), interpolation=cv2.INTER_CUBIC)
    canvas[:] = plate[..., None] + rng.normal(0, 2.5, 3)
    edge = cv2.subtract(alpha, cv2.erode(alpha, np.ones((3, 3), np.uint8), iterations=max(1, int(0.012 * high))))
    canvas[edge > 0] *= 0.6 if level > 100 else 1.5
    return _finished(canvas, alpha, rng, fine)


def chair(height: int, rng: np.random.Generator) -> Thing:
    """The back of an office chair or an armchair, up to its lower border."""
    fine = _fine(height)
    high = height * fine
    wide = int(height * rng.uniform(0.75, 1.15)) * fine
    canvas, alpha = _blank(high, wide)
    y = np.linspace(0, 1, high)
    power = rng.uniform(2.5, 5)
    top = np.clip(y / rng.uniform(0.2, 0.45), 0, 1)
    half = (1 - (1 - top) ** power) ** (1 / power) * (1 - rng.uniform(0, 0.2) * y) * wide / 2 * 0.96
    x = np.abs(np.arange(wide) - wide / 2)
    alpha[x[None] <= half[:, None]] = 255
    colour = rng.uniform(14, 70) + rng.normal(0, 7, 3) if rng.random() < 0.7 else rng.uniform(50, 190, 3)
    across = np.clip(1.1 - (x[None] / np.maximum(half[:, None], 1)) ** 4 * 0.5, 0.4, 1.2)
    weave = cv2.GaussianBlur(rng.standard_normal((high, wide)).astype(np.float32), (0, 0), 1.5)
    canvas[:] = (across * (1 + 0.12 * weave) * np.linspace(1.12, 0.8, high)[:, None])[..., None] * colour
    return _finished(canvas, alpha, rng, fine)


FRONT: dict[str, tuple[Callable[[int, np.random.Generator], Thing], float, tuple[float, float]]] = {
    "mug": (mug, 0.35, (0.4, 0.6)),
    "microphone": (microphone, 0.3, (0.5, 0.9)),
    "laptop": (laptop, 0.35, (1.1, 1.8)),
}
"""Name -> what draws it, its share of all, and its height in heights of the head."""


def _fine(height: int) -> int:
    return int(np.clip(_ENOUGH // max(1, height), 1, _FINE))


def _blank(height: int, width: int) -> tuple[Float, Mask]:
    return np.zeros((height, width, 3), np.float32), np.zeros((height, width), np.uint8)


def _colour(rng: np.random.Generator) -> NDArray[np.float64]:
    """Mostly white, black and earthen ones, as mugs have."""
    base = rng.choice([rng.uniform(185, 240), rng.uniform(25, 70), rng.uniform(70, 170)])
    return np.asarray(np.clip(base + rng.normal(0, 22, 3), 8, 245))


def _cylinder(width: int, centre: float, radius: float, rng: np.random.Generator) -> NDArray[np.float64]:
    """Brightness of an upright cylinder from left to right: light from one side and a soft highlight."""
    across = np.clip((np.arange(width) - centre) / radius, -1, 1)
    towards = float(rng.uniform(-0.7, 0.7))
    facing = np.cos(np.arcsin(across) - towards)
    shine = np.exp(-(((across - 0.7 * towards) / rng.uniform(0.08, 0.2)) ** 2)) * rng.uniform(0, 0.25)
    return np.asarray(0.4 + 0.62 * np.clip(facing, 0, 1) ** 1.2 + shine)


def _finished(canvas: Float, alpha: Mask, rng: np.random.Generator, fine: int) -> Thing:
    """Shrunk, with the grain of a photo; the colours go on beyond the outline."""
    inside = (alpha > 127).astype(np.float32)
    weight = cv2.blur(inside, (9, 9))
    spread = cv2.blur(canvas * inside[..., None], (9, 9)) / np.maximum(weight, 1e-3)[..., None]
    canvas = np.where((alpha > 127)[..., None], canvas, spread)
    size = alpha.shape[1] // fine, alpha.shape[0] // fine
    small = cv2.resize(canvas, size, interpolation=cv2.INTER_AREA) + rng.normal(0, 2, (size[1], size[0], 1))
    soft = cv2.resize(alpha if fine > 1 else cv2.GaussianBlur(alpha, (0, 0), 0.7), size, interpolation=cv2.INTER_AREA)
    return Thing(np.clip(small + 0.5, 0, 255).astype(np.uint8), np.asarray(soft, np.uint8))
