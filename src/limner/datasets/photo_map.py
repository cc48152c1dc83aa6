"""The photo map: all photos of a data folder, decoded once into memory-mapped files that workers share."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from limner.datasets.manifest import PhotoFolder
from limner.datasets.packed_photos import Pack, image_key, is_pack, mask_key, open_pack
from limner.datasets.photo import Photo
from limner.datasets.photo_decoding import Box, Decoder, Task, Touches
from limner.datasets.pixel_store import PixelStore, Stored, leftovers, remove, size_of
from limner.errors import DataError
from limner.places import check_folder

LONGEST_SIDE = 512
_VERSION = 2
_NOBODY: Touches = (False, False, False, False)


@dataclass(frozen=True, slots=True)
class MappedPhoto:
    """A photo of the map, and where its person is.

    ``index`` is its place among the map's entries. ``box`` is the person's bounding box (x0, y0, x1, y1) in pixels, the
    whole photo if nobody is in it; ``touches`` says whether the person reaches the left, top, right, bottom border, so
    that a composite never shows a cut person floating.
    """

    photo: Photo
    index: int
    height: int
    width: int
    box: Box
    touches: Touches


class PhotoMap:
    """Random access to decoded photos.

    Args:
        store: which holds them all.
        photos: in order, each with the keys of its pixels and of its mask, if it has one.
    """

    def __init__(self, store: PixelStore, photos: list[tuple[Photo, str, str | None]]) -> None:
        self._store = store
        self._places: list[tuple[Stored, Stored | None]] = []
        self.entries: list[MappedPhoto] = []
        for index, (photo, image_at, mask_at) in enumerate(photos):
            image, mask = store.get(image_at), None if mask_at is None else store.get(mask_at)
            assert image is not None
            height, width = image.shape[:2]
            box, touches = ((0, 0, width, height), _NOBODY) if mask is None else map(tuple, mask.note[:2])
            self._places.append((image, mask))
            self.entries.append(MappedPhoto(photo, index, height, width, box, touches))
        most = max((entry.height * entry.width for entry in self.entries), default=0)
        self._nobody = np.zeros(most, np.uint8)
        self._nobody.setflags(write=False)

    def load(self, entry: MappedPhoto) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
        """RGB uint8 (H, W, 3) and mask uint8 (H, W), read-only views of the map."""
        image, mask = self._places[entry.index]
        if mask is None:
            return self._store.load(image), self._nobody[: entry.height * entry.width].reshape(image.shape[:2])
        return self._store.load(image), self._store.load(mask)


def prepare(
    data: Path,
    cache: Path,
    *,
    masks: Path | None = None,
    longest_side: int = LONGEST_SIDE,
    processes: int | None = None,
    progress: Callable[[int, int], None] | None = None,
    check: Callable[[Sequence[Photo]], None] | None = None,
) -> PhotoMap:
    """The photos of ``data``, those that are not yet under ``cache`` decoded into it; a pack is taken as it is.

    What was decoded is found again by what its pixels depend on: set and stem, the photo's and the mask's content (in
    plain folders: size and time of the files), ``longest_side`` and the version of the format. So after a change of the
    manifest, a zip or the masks only what is new is decoded, and a run that was interrupted goes on.

    Args:
        masks: see ``PhotoFolder``.
        longest_side: pixels; larger photos are shrunk to it.
        processes: that decode; None is one for each core where there are many new photos.
        progress: called with (photos done, new photos in all).
        check: told what the manifest lists before anything is decoded; what it raises ends it.

    Raises:
        DataError: a photo is missing or cannot be read, or the cache cannot be written.
    """
    source = PhotoFolder(data, masks=masks)
    if check is not None:
        check(source.photos)
    if is_pack(data) and masks is None:
        packed = open_pack(data)
        return PhotoMap(packed.store, [(photo, *_packed_keys(packed, photo)) for photo in source.photos])
    store = PixelStore(cache_folder(cache, longest_side))
    photos = [(photo, *source.keys(photo)) for photo in source.photos]
    if tasks := _missing(store, photos):
        check_folder(store.folder, error=DataError, option="cache")
        decoder = Decoder(data, masks, store.folder, longest_side)
        decoder.decode(source, tasks, processes=processes, progress=progress)
        store.reload()
    return PhotoMap(store, photos)


def _packed_keys(packed: Pack, photo: Photo) -> tuple[str, str | None]:
    image, mask = image_key(photo.set, photo.stem), mask_key(photo.set, photo.stem)
    packed.stored(image)
    if photo.mask == "none":
        return image, None
    packed.stored(mask)
    return image, mask


def cache_folder(cache: Path, longest_side: int = LONGEST_SIDE) -> Path:
    """Where under ``cache`` this version keeps its photos."""
    return cache / f"photos-v{_VERSION}-{longest_side}"


def clean(data: Path, cache: Path, *, masks: Path | None = None) -> int:
    """Delete what ``data`` with ``masks`` does not need from ``cache``; gives the number of bytes.

    That is folders of other versions of Limner, and whole segments of photos that are not in use any more.
    """
    source = PhotoFolder(data, masks=masks)
    keys = {key for photo in source.photos for key in source.keys(photo) if key is not None}
    current = cache_folder(cache)
    return remove(leftovers(cache, current)) + PixelStore(current).clean(keys)


def outdated(cache: Path) -> str | None:
    """One line that says what other versions of Limner left in ``cache``, or None."""
    folders = leftovers(cache, cache_folder(cache))
    if not folders:
        return None
    size = sum(size_of(folder) for folder in folders) / 1e9
    return f"{cache}: {size:.1f} GB are of other versions of Limner; `limner data prepare --clean` deletes them"


def _missing(store: PixelStore, photos: list[tuple[Photo, str, str | None]]) -> list[Task]:
    tasks = {}
    for photo, image, mask in photos:
        stored = store.get(image)
        new_image = image if stored is None else None
        new_mask = mask if mask is not None and store.get(mask) is None else None
        if new_image or new_mask:
            size = None if stored is None else (int(stored.note[0]), int(stored.note[1]))
            tasks[photo.set, photo.stem] = Task(photo, new_image, new_mask, size)
    return list(tasks.values())
