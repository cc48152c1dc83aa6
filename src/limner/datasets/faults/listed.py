"""The photos to look at, of a data folder or of any layout, each decoded only when it is asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from limner.cores import physical_cores
from limner.datasets.layouts.base import Entry, People
from limner.datasets.layouts.registry import layout_of
from limner.datasets.manifest import VOID_SETS, read_manifest
from limner.datasets.manifest_rows import MANIFEST
from limner.datasets.photo import Photo
from limner.datasets.photo_sets import PhotoSet, grey, open_photo, open_set
from limner.errors import DataError

Rgb = NDArray[np.uint8]
Mask = NDArray[np.uint8]
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Listed:
    """A photo as it is listed.

    Attributes:
        photo: its row; that of a layout has the size 0×0, as nothing says it there.
        load: decodes RGB uint8 (H, W, 3) and the mask as it is in its file, uint8 (h, w), or None where it has none.
            Raises DataError where that fails.
        has_void: the mask has undecided pixels.
    """

    photo: Photo
    load: Callable[[], tuple[Rgb, Mask | None]]
    has_void: bool = False


def list_photos(folder: Path) -> list[Listed]:
    """The photos of a data folder by its manifest; where there is none, those of the layout that the folder has.

    Raises:
        DataError: the folder has neither, or its manifest or annotations cannot be read.
    """
    if (folder / MANIFEST).is_file():
        sets: dict[str, PhotoSet] = {}
        photos = read_manifest(folder)
        for photo in photos:
            if photo.set not in sets:
                sets[photo.set] = open_set(folder, photo.set)
        return [Listed(photo, _loader(photo, sets[photo.set]), photo.set in VOID_SETS) for photo in photos]
    layout = layout_of(folder)
    listing = layout.read(folder, People())
    name = folder.resolve().name
    listed = [_of_entry(entry, name) for entry in listing.entries]
    return listed + [_missing(name, file, reason) for file, reason in listing.missing]


def in_order(photos: Sequence[Listed], look: Callable[[Listed], T], *, threads: int | None = None) -> Iterator[T]:
    """What ``look`` says of each photo, in order, with few pictures in memory at once.

    Args:
        threads: None is one for each core.
    """
    threads = threads or physical_cores()
    rest = iter(photos)
    with ThreadPoolExecutor(threads) as pool:
        waiting = [pool.submit(look, item) for item in islice(rest, 2 * threads)]
        try:
            while waiting:
                yield waiting.pop(0).result()
                waiting += [pool.submit(look, item) for item in islice(rest, 1)]
        finally:
            pool.shutdown(cancel_futures=True)


def _loader(photo: Photo, source: PhotoSet) -> Callable[[], tuple[Rgb, Mask | None]]:
    def load() -> tuple[Rgb, Mask | None]:
        image = source.image(photo.stem)
        if photo.mask == "exact":
            rgba = np.asarray(image.convert("RGBA"))
            return np.ascontiguousarray(rgba[..., :3]), np.ascontiguousarray(rgba[..., 3])
        mask = grey(source.mask(photo.stem)) if photo.mask in ("hand", "auto", "composite") else None
        return _rgb(image), mask

    return load


def _of_entry(entry: Entry, name: str) -> Listed:
    kind = entry.kind or ("none" if entry.nobody else "hand" if entry.mask is not None else "unlabelled")

    def load() -> tuple[Rgb, Mask | None]:
        image = open_photo(entry.photo) if isinstance(entry.photo, Path) else entry.photo()
        if kind == "exact":
            rgba = np.asarray(image.convert("RGBA"))
            return np.ascontiguousarray(rgba[..., :3]), np.ascontiguousarray(rgba[..., 3])
        mask = entry.mask() if entry.mask is not None and kind == "hand" else None
        return _rgb(image), mask

    photo = Photo(name, entry.stem, entry.split or "train", kind, 0, 0, entry.source, group=entry.group)
    return Listed(photo, load)


def _missing(name: str, file: str, reason: str) -> Listed:
    def load() -> tuple[Rgb, Mask | None]:
        raise DataError(f"{file}: {reason}")

    return Listed(Photo(name, Path(file).stem, "train", "hand", 0, 0, ""), load)


def _rgb(image: Image.Image) -> Rgb:
    return np.ascontiguousarray(np.asarray(image.convert("RGB")))
