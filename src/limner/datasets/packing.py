"""Packing: a data folder, decoded, as one file that is memory-mapped, and made again only where something changed."""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from limner.datasets.manifest import PhotoFolder
from limner.datasets.packed_photos import (
    FINGERPRINT_KEY,
    MANIFEST_KEY,
    SUFFIX,
    image_key,
    is_pack,
    mask_key,
    open_pack,
)
from limner.datasets.photo import Photo
from limner.datasets.photo_map import LONGEST_SIDE, prepare
from limner.datasets.pixel_store import write_arrays
from limner.errors import DataError, OptionError
from limner.places import check_file
from limner.whole_file import aside

_VERSION = 1
_COLUMNS = ("set", "stem", "split", "mask", "width", "height", "source", "rights", "group", "weight")


@dataclass(frozen=True, slots=True)
class Packed:
    """What became of it.

    Attributes:
        photos: in the pack.
        bytes: of the file.
        fresh: it was written; otherwise the one that is there holds the same.
    """

    photos: int
    bytes: int
    fresh: bool


def pack(
    data: Path,
    out: Path,
    cache: Path,
    *,
    masks: Path | None = None,
    longest_side: int = LONGEST_SIDE,
    progress: Callable[[int, int], None] | None = None,
) -> Packed:
    """Write a data folder as one file, decoded; photos without masks are left out.

    Args:
        out: ends in ``.pack``.
        cache: photos are decoded there, as training does; what is there already is not decoded again.
        masks: see ``PhotoFolder``; the pack has their masks and weights.
        longest_side: pixels; larger photos are shrunk to it.
        progress: called with (photos done, photos in all), while photos are decoded.

    Raises:
        OptionError: the name of ``out``, or ``longest_side``.
        DataError: a photo cannot be read, or ``out`` cannot be written.
    """
    if out.suffix.lower() != SUFFIX:
        raise OptionError(f"‹output› {out}: must end in {SUFFIX}")
    if not 16 <= longest_side <= 8192:
        raise OptionError(f"‹longest›: must lie in [16, 8192], not {longest_side}")
    if is_pack(data):
        raise DataError(f"{data}: is packed already")
    source = PhotoFolder(data, masks=masks)
    fingerprint = _fingerprint(source, longest_side)
    if is_pack(out):
        try:
            there = open_pack(out)
        except DataError:  # damaged, or no pack at all: it is made again
            there = None
        if there is not None and there.fingerprint == fingerprint:
            return Packed(len(source.photos), out.stat().st_size, fresh=False)
    check_file(out, error=DataError, option="output")
    photos = prepare(data, cache, masks=masks, longest_side=longest_side, progress=progress)

    def arrays() -> Iterator[tuple[str, NDArray[np.uint8], Any]]:
        rows = []
        for entry in photos.entries:
            photo, (rgb, mask) = entry.photo, photos.load(entry)
            yield image_key(photo.set, photo.stem), rgb, (rgb.shape[0], rgb.shape[1])
            if photo.mask != "none":
                yield mask_key(photo.set, photo.stem), mask, (entry.box, entry.touches, photo.mask == "exact")
            rows.append(_row(photo, entry.width, entry.height))
        yield MANIFEST_KEY, _text(_table(rows)), None
        yield FINGERPRINT_KEY, _text(fingerprint), None

    try:
        with aside(out) as partial, partial.open("wb") as file:
            write_arrays(file, arrays())
    except OSError as error:
        raise DataError(f"{out}: cannot be written ({error.strerror or error}); free some space") from None
    return Packed(len(photos.entries), out.stat().st_size, fresh=True)


def _fingerprint(source: PhotoFolder, longest_side: int) -> str:
    """Another text where a row, a photo, a mask, the size or the format is another one; nothing is decoded for it."""
    lines = [f"{_VERSION} {longest_side}"]
    for photo in source.photos:
        image, mask = source.keys(photo)
        lines.append("\t".join([*map(str, _row(photo, photo.width, photo.height).values()), image, mask or ""]))
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def _row(photo: Photo, width: int, height: int) -> dict[str, object]:
    return {name: getattr(photo, name) for name in _COLUMNS} | {"width": width, "height": height}


def _table(rows: list[dict[str, object]]) -> str:
    text = io.StringIO(newline="")
    table = csv.DictWriter(text, fieldnames=_COLUMNS, lineterminator="\n")
    table.writeheader()
    table.writerows(rows)
    return text.getvalue()


def _text(text: str) -> NDArray[np.uint8]:
    return np.frombuffer(text.encode(), np.uint8)
