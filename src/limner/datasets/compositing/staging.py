"""Staging: where people stand in a composite, how large, and who is before whom, by their heads and cut borders."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from limner.datasets.compositing.figure import Figure, Outline
from limner.datasets.framing import Window
from limner.errors import DataError

Mask = NDArray[np.uint8]

_ENLARGED = 1.6
_LEAST = 144
"""Pixels that the shorter side of a composite has at least."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a figure goes: pixel (x, y) of its photo lies at (x · scale + left, y · scale + top).

    ``depth`` is how far away they are, the leading figure's distance being 1.
    """

    scale: float
    left: float
    top: float
    depth: float = 1.0

    def at(self, x: float, y: float) -> tuple[float, float]:
        """Where a place of the photo lies on the canvas."""
        return x * self.scale + self.left, y * self.scale + self.top


def leading(
    person: Outline, longest: int, aspects: tuple[float, ...], rng: np.random.Generator
) -> tuple[Place, tuple[int, int]]:
    """Where the leading figure stands, and the canvas (width, height). Cut borders lie at the canvas's borders.

    Raises:
        DataError: the canvas would be too small.
    """
    left, _, right, _ = person.touches
    fitting = [a for a in aspects if not (left and right) or a <= 1.15 * person.size[0] / person.size[1]]
    told = ""
    for aspect in rng.permutation(fitting or [min(aspects)]):
        place, canvas = _framed(person, longest, float(aspect), rng)
        if min(canvas) >= min(_LEAST, 0.3 * longest):
            return place, canvas
        told = f"the composite would have only {canvas[0]}×{canvas[1]} pixels"
    raise DataError(told)


def _framed(person: Outline, longest: int, aspect: float, rng: np.random.Generator) -> tuple[Place, tuple[int, int]]:
    wide, high = person.size
    left, top, right, bottom = person.touches
    window = _window(person, aspect, rng)
    shrink = min(
        1.0,
        wide / window.width if left and right else 1.0,
        high / window.height if top and bottom else 1.0,
    )
    width, height = window.width * shrink, window.height * shrink
    x = window.x + (window.width - width) / 2
    y = window.y + (window.height - height) * (1.0 if bottom and not top else 0.5)
    x = min(x, wide - width) if right else x
    x = max(x, 0.0) if left else x
    y = min(y, high - height) if bottom else y
    y = max(y, 0.0) if top else y
    scale = min(longest / max(width, height), _ENLARGED)
    return Place(scale, -x * scale, -y * scale), (round(width * scale), round(height * scale))


def _window(person: Outline, aspect: float, rng: np.random.Generator) -> Window:
    """The part of the person's photo that the canvas shows, before cut borders are heeded."""
    x0, _, x1, y1 = person.box
    middle = (x0 + x1) / 2
    if person.head is not None and rng.random() < (0.6 if person.stands else 0.35):
        head = person.head[3] - person.head[1]
        height = min(head * rng.uniform(2.2, 6), 1.6 * person.tall)
        top = person.head[1] - head * rng.uniform(0.15, 0.9)
        middle = (person.head[0] + person.head[2]) / 2
    elif person.touches[3]:
        height = person.tall * rng.uniform(1.02, 1.5)
        top = y1 - height
    else:
        height = person.tall * rng.uniform(1.08, 1.7)
        top = y1 + height * rng.uniform(0.02, 0.1) - height
    width = height * aspect
    if person.touches[0] and person.touches[2] and width < 0.6 * (x1 - x0):
        width = 0.6 * (x1 - x0)
        height = width / aspect
    return Window(middle - width * rng.uniform(0.34, 0.66), top, width, height)


def beside(
    person: Outline, lead: Outline, place: Place, canvas: tuple[int, int], rng: np.random.Generator
) -> Place | None:
    """Where a further figure stands: the head as large as the distance makes it, at about the height of the other head,
    as the eyes of people who stand on one floor are. Cut borders lie at or beyond the canvas's. None where they do not
    fit.
    """
    left, top, right, bottom = person.touches
    if person.head is None or lead.head is None or top or (left and right):
        return None
    head = (lead.head[3] - lead.head[1]) * place.scale
    kind = rng.random()
    near, far = (0.78, 0.92) if kind < 0.12 else (0.95, 1.12) if kind < 0.45 else (1.2, 2.4)
    depth = float(rng.uniform(near, far))
    scale = head / depth * float(rng.uniform(0.92, 1.08)) / (person.head[3] - person.head[1])
    if scale > _ENLARGED or scale * person.tall < 40:
        return None
    line = place.at(0, lead.head[1])[1] + head * ((1 - 1 / depth) * 0.4 + float(rng.normal(0, 0.2)))
    over = canvas[1] - ((person.box[3] - person.head[1]) * scale + line)
    if bottom and over > 0:  # a cut body must not float
        if over > 1.4 * head / depth:
            return None
        line += over + 1
    lead_at = place.at((lead.head[0] + lead.head[2]) / 2, 0)[0]
    middle = (person.head[0] + person.head[2]) / 2 * scale
    at = lead_at + head * float(rng.uniform(1.1, 3.2) * rng.choice([-1, 1])) - middle
    wide = person.size[0] * scale
    at = min(at, -1.0) if left else max(at, canvas[0] - wide + 1) if right else at
    found = Place(scale, at, line - person.head[1] * scale, depth)
    x, y = found.at((person.head[0] + person.head[2]) / 2, person.head[3])
    inside = -0.1 * head < x < canvas[0] + 0.1 * head and 0 < y < 1.05 * canvas[1]
    return found if inside and abs(x - lead_at) > 0.9 * head else None


def layer(person: Figure, place: Place, canvas: tuple[int, int]) -> tuple[Mask, Mask]:
    """The figure on a canvas of (width, height): RGB uint8 (H, W, 3) and alpha uint8 (H, W)."""
    rgb, alpha, scale = person.rgb, person.alpha, place.scale
    halved = 1.0
    while scale / halved < 0.6 and min(alpha.shape) > 32:
        half = alpha.shape[1] // 2, alpha.shape[0] // 2
        rgb = np.asarray(cv2.resize(rgb, half, interpolation=cv2.INTER_AREA), np.uint8)
        alpha = np.asarray(cv2.resize(alpha, half, interpolation=cv2.INTER_AREA), np.uint8)
        halved /= 2
    scale /= halved
    shift = (scale - 1) / 2  # pixel centres
    matrix = np.array([[scale, 0, place.left + shift], [0, scale, place.top + shift]], np.float64)
    both = cv2.merge([*cv2.split(rgb), alpha])
    how = cv2.INTER_CUBIC if scale > 1 else cv2.INTER_LINEAR
    flat = cv2.warpAffine(both[..., :3], matrix, canvas, flags=how, borderMode=cv2.BORDER_REPLICATE)
    matte = cv2.warpAffine(both[..., 3], matrix, canvas, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT)
    return np.asarray(flat, np.uint8), _to_the_border(np.asarray(matte, np.uint8), person, place)


def _to_the_border(matte: Mask, person: Figure, place: Place) -> Mask:
    """A cut border that lies at the canvas's border reaches it: interpolation leaves a faint row there."""
    height, width = matte.shape
    left, top, right, bottom = person.outline.touches
    x0, y0 = place.at(0, 0)
    x1, y1 = place.at(*person.outline.size)
    if bottom and abs(y1 - height) < 2:
        matte[-2:] = matte[-3]
    if top and abs(y0) < 2:
        matte[:2] = matte[2]
    if left and abs(x0) < 2:
        matte[:, :2] = matte[:, 2:3]
    if right and abs(x1 - width) < 2:
        matte[:, -2:] = matte[:, -3:-2]
    return matte
