"""Clips with a known truth, made from still photos: the same scene under fresh noise, exposure and camera shake."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray

from limner.datasets.manifest import VOID_SETS, PhotoFolder
from limner.datasets.moving_clips import READ_NOISE, SHOT_NOISE
from limner.datasets.photo import Photo
from limner.errors import DataError
from limner.evaluation.contenders import Alpha
from limner.frame import Frame

T = TypeVar("T", np.uint8, np.float32)

EXPOSURE, SHAKE = 0.03, 0.7
"""Standard deviations: of the exposure in stops, and of a hand-held camera's place in pixels."""
_MEMORY = 0.7  # of exposure and place, from a frame to the next
_LONGEST_SIDE = 512


@dataclass(frozen=True, slots=True)
class Clip:
    """A clip and its truth.

    Attributes:
        frames: RGB uint8 (T, H, W, 3).
        truths: float32 (T, H, W) in [0, 1].
        places: float32 (T, 2), x and y in pixels: how far the scene has moved since it was photographed.
    """

    frames: NDArray[np.uint8]
    truths: Alpha
    places: NDArray[np.float32]

    @property
    def flows(self) -> NDArray[np.float32]:
        """(T − 1, H, W, 2): where each pixel of a frame is in the next."""
        steps = np.diff(self.places, axis=0)[:, None, None]
        return np.broadcast_to(steps, (len(steps), *self.truths.shape[1:], 2))


def make_clip(rgb: Frame, truth: Alpha, *, frames: int, seed: int, shake: float = 0.0) -> Clip:
    """A clip of one photo. Equal seeds give equal clips.

    Args:
        rgb: uint8 (H, W, 3).
        truth: float32 (H, W) in [0, 1].
        frames: how many, two or more.
        seed: of noise, exposure and shake.
        shake: standard deviation of the camera's place in pixels; 0 is a tripod.
    """
    rng = np.random.default_rng(seed)
    stops = _wander(rng, frames, 1, EXPOSURE)[:, 0]
    places = _wander(rng, frames, 2, shake).astype(np.float32)
    pictures = [_expose(_move(rgb, place), stop, rng) for place, stop in zip(places, stops, strict=True)]
    truths = [np.clip(_move(truth, place), 0, 1) for place in places]
    return Clip(np.stack(pictures), np.stack(truths), places)


def clip_photos(photos: Sequence[Photo], count: int) -> list[Photo]:
    """``count`` of the photos with people, evenly spread over the list; none with undecided pixels."""
    fit = [photo for photo in photos if photo.mask != "none" and photo.set not in VOID_SETS]
    if not fit:
        raise DataError("clips are made from photos with people and without undecided pixels: there are none")
    return [fit[i] for i in np.unique(np.linspace(0, len(fit) - 1, min(count, len(fit))).astype(int))]


def pictures(folder: PhotoFolder, photos: Sequence[Photo]) -> Iterator[tuple[Frame, Alpha]]:
    """RGB uint8 (H, W, 3) and true alpha float32 (H, W), at most 512 pixels long."""
    for photo in photos:
        rgb, mask = folder.load(photo)
        scale = _LONGEST_SIDE / max(mask.shape)
        if scale < 1:
            rgb = cv2.resize(rgb, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA).astype(np.uint8)
            mask = cv2.resize(mask, (rgb.shape[1], rgb.shape[0]), interpolation=cv2.INTER_AREA).astype(np.uint8)
        yield rgb, (mask / np.float32(255)).astype(np.float32)


def _wander(rng: np.random.Generator, frames: int, values: int, spread: float) -> NDArray[np.float64]:
    """(frames, values) that drift around 0 with a standard deviation of ``spread``: each remembers the last."""
    path = [rng.normal(0, spread, values)]
    for _ in range(frames - 1):
        path.append(_MEMORY * path[-1] + rng.normal(0, spread * np.sqrt(1 - _MEMORY**2), values))
    return np.stack(path)


def _move(picture: NDArray[T], place: NDArray[np.float32]) -> NDArray[T]:
    if not place.any():
        return picture
    matrix = np.array([[1, 0, place[0]], [0, 1, place[1]]], np.float64)
    size = (picture.shape[1], picture.shape[0])
    moved: Any = cv2.warpAffine(picture, matrix, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101)
    return moved  # type: ignore[no-any-return]


def _expose(rgb: Frame, stop: float, rng: np.random.Generator) -> Frame:
    light = rgb.astype(np.float32) * np.float32(2**stop)
    noise = rng.standard_normal(light.shape, dtype=np.float32) * np.sqrt(READ_NOISE + SHOT_NOISE * light)
    exposed: Frame = np.clip(np.rint(light + noise), 0, 255).astype(np.uint8)
    return exposed
