"""Rendered people in every skin tone before dark and light backgrounds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

import cv2
import numpy as np

from benchmarks.skin_colour import Mask, SkinFinder
from benchmarks.skin_recolour import TARGETS, Person, recolour
from limner.datasets.manifest import PhotoFolder
from limner.datasets.photo import Photo
from limner.frame import Frame

RENDERS = "rendered_people"
ROOMS = ("no_people_houses", "no_people_scenes")
"""Sets that backgrounds come from, where the folder has them; in the others are animals, which nets take for people."""
_LOOKED_AT = 60
"""Photos of each set without people among which the backgrounds are chosen."""
_GREY = 128


@dataclass(frozen=True, slots=True, eq=False)
class Background:
    """A photo without people; ``lightness`` is "dark" or "light"."""

    lightness: str
    rgb: Frame


def people(folder: PhotoFolder, finder: SkinFinder, count: int) -> Iterator[Person]:
    """``count`` rendered people, evenly spread, one view of each, who show enough skin; always the same ones."""
    views: dict[str, list[Photo]] = {}
    for photo in folder.select(sets=(RENDERS,)):
        views.setdefault(photo.stem.rpartition("_")[0] or photo.stem, []).append(photo)
    order = list(views.values())
    step = max(1, len(order) // (2 * count or 1))
    spread = [order[index] for start in range(step) for index in range(start, len(order), step)]
    found = (_render(folder, shown[index % len(shown)], finder) for index, shown in enumerate(spread))
    yield from islice((person for person in found if person.can_be_recoloured), count)


def _render(folder: PhotoFolder, photo: Photo, finder: SkinFinder) -> Person:
    rgb, alpha = folder.load(photo)
    return Person.of(photo, rgb, alpha, finder(paste(rgb, alpha, np.full_like(rgb, _GREY))))


def paste(rgb: Frame, alpha: Mask, background: Frame) -> Frame:
    """The person before the background of the same size, mixed as the effects mix them."""
    share = alpha[..., None].astype(np.float32) / 255
    return np.round(rgb * share + background * (1 - share)).astype(np.uint8)


def backgrounds(folder: PhotoFolder, size: tuple[int, int], each: int) -> list[Background]:
    """``each`` dark and as many light photos without people, cut to ``size`` (H, W); always the same ones.

    They come from photos evenly spread over the sets. The darkest and the lightest twentieth of those are left out; the
    dark and the light ones are the next to them.
    """
    empty = [photo for photo in folder.photos if photo.mask == "none"]
    rooms = [photo for photo in empty if photo.set in ROOMS] or empty
    chosen: list[Photo] = []
    for name in dict.fromkeys(photo.set for photo in rooms):
        rows = [photo for photo in rooms if photo.set == name]
        chosen += rows[:: max(1, len(rows) // _LOOKED_AT)][:_LOOKED_AT]
    cut = sorted((_covering(folder.load_rgb(photo), size) for photo in chosen), key=_lightness)
    skip = len(cut) // 20
    dark, light = cut[skip : skip + each], cut[len(cut) - skip - each : len(cut) - skip]
    return [Background("dark", rgb) for rgb in dark] + [Background("light", rgb) for rgb in light]


def _covering(rgb: Frame, size: tuple[int, int]) -> Frame:
    """The middle of the photo, scaled to cover ``size``."""
    scale = max(size[0] / rgb.shape[0], size[1] / rgb.shape[1])
    shape = (max(size[1], round(rgb.shape[1] * scale)), max(size[0], round(rgb.shape[0] * scale)))
    scaled = cv2.resize(rgb, shape, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)
    top, left = (scaled.shape[0] - size[0]) // 2, (scaled.shape[1] - size[1]) // 2
    return np.ascontiguousarray(scaled[top : top + size[0], left : left + size[1]], np.uint8)


def _lightness(rgb: Frame) -> float:
    return float(cv2.cvtColor(rgb, cv2.COLOR_RGB2Lab)[..., 0].mean())


def scenes(person: Person, behind: Sequence[Background]) -> Iterator[tuple[str, Background, Frame]]:
    """Tone, background and picture: the person in every tone before every background."""
    height, width = person.alpha.shape
    for tone, target in TARGETS.items():
        coloured = recolour(person, target)
        for background in behind:
            yield tone, background, paste(coloured, person.alpha, _covering(background.rgb, (height, width)))
