"""Composites: people cut out of their photos and put before others, alone or several, near things that are nobody."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from limner.augment import scenes
from limner.augment.blending import above, blur, look_up, mix, resize
from limner.augment.camera import lens_blur
from limner.augment.light import change_tone
from limner.augment.strands import add_strands
from limner.datasets import framing
from limner.datasets.mix import Mix
from limner.datasets.photo_map import MappedPhoto, PhotoMap

Rgb = NDArray[np.uint8]
Mask = NDArray[np.uint8]


@dataclass(slots=True)
class Canvas:
    """A picture under composition: RGB uint8 (S, S, 3), and who is in it so far, uint8 (S, S)."""

    image: Rgb
    alpha: Mask


class Compositor:
    """Draws composites, and things to stand in front of people.

    Args:
        photos: the decoded photos.
        options: chances.
        backgrounds: photos without people.
        extras: people who may stand beside others: nobody cut at the left or right.
    """

    def __init__(
        self, photos: PhotoMap, options: Mix, *, backgrounds: Sequence[MappedPhoto], extras: Sequence[MappedPhoto]
    ) -> None:
        self.photos, self.options = photos, options
        self.backgrounds, self.extras = backgrounds, extras

    def compose(self, entry: MappedPhoto, size: int, rng: np.random.Generator) -> Canvas:
        """The person of ``entry`` before a photo without people."""
        options = self.options
        canvas = Canvas(self._background(size, rng), np.zeros((size, size), np.uint8))
        if rng.random() < options.distractor:
            self._paste_distractor(canvas, rng)
        before = 0
        if self.extras and rng.random() < options.second_person:
            self._paste(canvas, pick(self.extras, rng), rng, shift=_side(rng))
        if self.extras and rng.random() < options.crowd:
            others = int(rng.choice([1, 2, 3], p=[0.5, 0.3, 0.2]))
            before = int(rng.random() < 0.3)  # one of them may stand in front
            self._paste_others(canvas, others - before, rng)
        self._paste(canvas, entry, rng, shift=0.0)
        self._paste_others(canvas, before, rng)
        return canvas

    def occlude(self, canvas: Canvas, rng: np.random.Generator) -> None:
        """Put a thing in front: cut from a photo without people, or of one colour. The person is gone behind it."""
        size = canvas.alpha.shape[0]
        places = np.flatnonzero(resize(canvas.alpha, 24, 24) > 127)
        place = int(places[rng.integers(len(places))]) if len(places) else int(rng.integers(24 * 24))
        row, column = (np.array(divmod(place, 24)) + rng.uniform(-2, 3, 2)) / 24 * size
        shape = scenes.thing_shape(size, rng, centre=(column, row), extent=rng.uniform(0.1, 0.38) * size)
        thing = _plain(size, rng) if rng.random() < 0.35 else self._piece(size, rng)
        canvas.image, canvas.alpha = scenes.put_in_front(canvas.image, canvas.alpha, thing, shape)

    def _background(self, size: int, rng: np.random.Generator) -> Rgb:
        image = self._piece(size, rng)
        if rng.random() < 0.05:
            image = np.full_like(image, rng.integers(0, 256, 3))
        if rng.random() < 0.3:
            image = np.asarray(blur(image, rng.uniform(0.6, 4) * size / 160), np.uint8)
        if rng.random() < self.options.defocus:
            image = lens_blur(image, max(0.7, rng.uniform(0.006, 0.045) * size))
        return image

    def _piece(self, size: int, rng: np.random.Generator) -> Rgb:
        """Part of a photo without people."""
        entry = pick(self.backgrounds, rng)
        rgb, mask = self.photos.load(entry)
        window, flip = framing.scene_window(entry, rng), bool(rng.random() < 0.5)
        return framing.view(rgb, mask, window, size, flip=flip, degrees=0, outside=cv2.BORDER_REFLECT_101)[0]

    def _paste_others(self, canvas: Canvas, count: int, rng: np.random.Generator) -> None:
        """People beside and behind, each further off than the one whose photo the sample is."""
        sides = rng.permutation([-0.55, -0.3, 0.3, 0.55])[:count]
        for side in sides:
            self._paste(canvas, pick(self.extras, rng), rng, shift=side + rng.uniform(-0.1, 0.1), away=1.6)

    def _paste(
        self, canvas: Canvas, entry: MappedPhoto, rng: np.random.Generator, *, shift: float, away: float = 1.0
    ) -> None:
        """Put a person on the canvas, ``shift`` widths to the side and up to ``away`` times as small."""
        size = canvas.alpha.shape[0]
        rgb, mask = self.photos.load(entry)
        window = framing.cutout_window(entry, mask, rng)
        if away > 1 and not entry.touches[1]:  # who has no top of the head must stay at the border
            window = _larger(window, rng.uniform(1, away))
        window = framing.Window(window.x + shift * window.width, window.y, window.width, window.height)
        flip, degrees = pose(rng)
        image, alpha = framing.view(rgb, mask, window, size, flip=flip, degrees=degrees, outside=cv2.BORDER_CONSTANT)
        if entry.photo.mask != "exact":
            image, alpha = soften_cut(image, alpha, rng)
        if self.options.strands and rng.random() < self.options.strands:
            image, alpha = add_strands(image, alpha, rng)
        if rng.random() < 0.6:
            image = change_tone(image, rng, strength=0.7)
        background = canvas.image
        if rng.random() < self.options.match_light:
            image = scenes.match_light(image, alpha, background, strength=rng.uniform(0.3, 0.9))
        canvas.image = mix(image, background, alpha)
        if rng.random() < self.options.light_wrap:
            canvas.image = scenes.light_wrap(canvas.image, alpha, background, strength=rng.uniform(0.2, 0.7))
        canvas.alpha = united(canvas.alpha, alpha)

    def _paste_distractor(self, canvas: Canvas, rng: np.random.Generator) -> None:
        """A blob-shaped piece of a photo without people: an object-like thing that is not a person."""
        size = canvas.alpha.shape[0]
        shape = scenes.blob(size, rng, centre=rng.uniform(0.1, 0.9, 2) * size, radius=rng.uniform(0.1, 0.3) * size)
        canvas.image = mix(self._piece(size, rng), canvas.image, shape)


def united(behind: Mask, front: Mask) -> Mask:
    """How much of each pixel two masks, uint8 (H, W), cover when one lies over the other: a + b − ab."""
    uncovered = cv2.multiply(cv2.bitwise_not(behind), cv2.bitwise_not(front), scale=1 / 255)
    return np.asarray(cv2.bitwise_not(uncovered), np.uint8)


def pick(entries: Sequence[MappedPhoto], rng: np.random.Generator) -> MappedPhoto:
    """One of ``entries``."""
    return entries[int(rng.integers(len(entries)))]


def pose(rng: np.random.Generator) -> tuple[bool, float]:
    """Mirrored or not, and degrees of camera roll."""
    flip = bool(rng.random() < 0.5)
    return flip, float(rng.normal(0, 8)) if rng.random() < 0.35 else 0.0


def soften_cut(image: Rgb, alpha: Mask, rng: np.random.Generator) -> tuple[Rgb, Mask]:
    """Make a hand-drawn cut fit to be pasted: pull the edge in, feather it, and replace edge colours, which hold the
    old background, by the mean of the person's colours nearby."""
    height, width = alpha.shape
    spread = rng.uniform(0.5, 1.3) * min(height, width) / 160
    start, span = rng.uniform(0.3, 0.5), rng.uniform(0.35, 0.5)
    curve = np.clip((np.arange(256) / 255 - start) / span, 0, 1) * 255 + 0.5
    soft = look_up(np.asarray(cv2.GaussianBlur(alpha, (0, 0), spread), np.uint8), curve.astype(np.uint8))
    half = max(8, width // 2), max(8, height // 2)  # the mean is smooth: half the resolution will do
    sure = np.asarray(cv2.erode(above(soft, 250), np.ones((3, 3), np.uint8)), np.uint8)
    core = above(resize(sure, *half), 250)
    window = (int(3 * spread) + 4) | 1
    share = np.asarray(cv2.blur(core, (window, window)), np.uint8)
    sums = cv2.blur(cv2.bitwise_and(resize(image, *half), cv2.merge([core] * 3)), (window, window))
    mean = cv2.divide(sums, cv2.merge([np.maximum(share, 1)] * 3), scale=255)
    edge = cv2.bitwise_and(cv2.bitwise_not(sure), above(resize(above(share, 5), width, height), 250))
    filled = image.copy()
    cv2.copyTo(resize(np.asarray(mean, np.uint8), width, height), edge, filled)
    return filled, soft


def _side(rng: np.random.Generator) -> float:
    return float(rng.choice([-1, 1]) * rng.uniform(0.25, 0.5))


def _larger(window: framing.Window, factor: float) -> framing.Window:
    """The window widened by ``factor`` about the middle of its lower border, so that who stands there stays there."""
    width, height = window.width * factor, window.height * factor
    return framing.Window(window.x - (width - window.width) / 2, window.y - (height - window.height), width, height)


def _plain(size: int, rng: np.random.Generator) -> Rgb:
    """One colour, seldom a bright one, with a little shading, as a phone, a mug or a book has."""
    colour = rng.uniform(10, 245) + rng.normal(0, 22, 3)
    corners = np.clip(colour + rng.normal(0, 18, (2, 2, 3)), 0, 255).astype(np.uint8)
    return np.asarray(resize(corners, size, size), np.uint8)
