"""The composites that fine edges are measured on: people of known alpha that no training has seen."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from limner.augment.photometric import Look
from limner.datasets.edges import KNOWN_ALPHA, is_held_out
from limner.datasets.manifest import PhotoFolder
from limner.datasets.mix import Mix
from limner.datasets.photo import Photo
from limner.datasets.photo_decoding import extent
from limner.datasets.photo_map import MappedPhoto, PhotoMap
from limner.datasets.sampler import Sample, Sampler
from limner.errors import DataError

_SEED = 20261129
_BACKGROUNDS = 64
_NOBODY = (False, False, False, False)


def held_out_edges(
    folder: PhotoFolder, *, size: int = 320, each: int = 2, sets: tuple[str, ...] = KNOWN_ALPHA
) -> Iterator[tuple[str, Sample]]:
    """Composites of held-out people before photos without people, always the same.

    Args:
        folder: the data folder.
        size: pixels, square.
        each: composites of each photo of a person.
        sets: whose people.

    Yields:
        (set, sample): ``image`` is RGB uint8 (S, S, 3), ``target`` the alpha, float32 (S, S) in [0, 1].

    Raises:
        DataError: the folder holds no such people, or no photos without people.
    """
    empty = [photo for photo in folder.photos if photo.mask == "none" and photo.split == "train"]
    people = [photo for photo in folder.photos if photo.set in sets and is_held_out(photo)]
    if not people or not empty:
        lacks = "people of known alpha (rendered_people, cutouts_full_body)" if empty else "photos without people"
        raise DataError(f"‹data› {folder.folder}: has no {lacks} to measure fine edges on")
    chosen = [empty[index * len(empty) // _BACKGROUNDS] for index in range(min(_BACKGROUNDS, len(empty)))]
    photos = _InMemory()
    for photo in [*people, *chosen]:
        photos.add(folder, photo)
    look = Look(tone=0.5, dark=0, soft=0, motion=0, small=0, noise=0.1, jpeg=0.3)  # no blur: the truth stays one
    for name in sets:
        count = sum(photo.set == name for photo in people)
        if not count:
            continue
        sampler = Sampler(photos, Mix({name: 1.0}, match_light=0.4, defocus=0.4, look=look), seed=_SEED)
        for number in range(count * each):
            yield name, sampler.draw(number, size)


class _InMemory(PhotoMap):
    """A few photos, decoded when they are added."""

    def __init__(self) -> None:
        self.entries = []
        self._pixels: list[tuple[NDArray[np.uint8], NDArray[np.uint8]]] = []

    def add(self, folder: PhotoFolder, photo: Photo) -> None:
        rgb, mask = folder.load(photo)
        height, width = mask.shape
        nobody = photo.mask == "none"
        box, touches = ((0, 0, width, height), _NOBODY) if nobody else extent(mask)
        self.entries.append(MappedPhoto(photo, len(self._pixels), height, width, box, touches))
        self._pixels.append((rgb, mask))

    def load(self, entry: MappedPhoto) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
        return self._pixels[entry.index]
