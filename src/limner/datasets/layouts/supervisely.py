"""Supervisely: a project of data sets with img/ and ann/, JSON with bitmaps and polygons for each photo."""

from __future__ import annotations

import base64
import binascii
import io
import zlib
from functools import partial
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from PIL import Image, UnidentifiedImageError

from limner.datasets.layouts.base import Entry, Listing, Mask, People, split_of
from limner.datasets.layouts.photo_index import photo_files
from limner.datasets.layouts.reading import read_json
from limner.datasets.layouts.shapes import empty_mask, put
from limner.errors import DataError

_MOST_BYTES = 1 << 28
_FARTHEST = 1 << 15  # pixels


class Supervisely:
    """``<data set>/img/<photo>`` and ``<data set>/ann/<photo>.json``, under a ``meta.json`` or without one."""

    name = "supervisely"
    about = "img/ and ann/ with a JSON file for each photo, in each folder of a project"
    labelled = True

    def signs(self, folder: Path) -> dict[str, bool]:
        """See ``Layout``."""
        places = _places(folder)
        return {
            "img/, or folders with img/ in them": any((place / "img").is_dir() for place in places),
            "ann/ beside it": any((place / "ann").is_dir() for place in places),
        }

    def read(self, folder: Path, people: People) -> Listing:
        """See ``Layout``. Photos without a JSON file are missing one."""
        listing, labels, found = Listing([]), dict[str, None](), []
        for place in _places(folder):
            for path in photo_files(place / "img"):
                file = next((file for file in _annotations(place, path) if file.is_file()), None)
                if file is None:
                    listing.missing.append((str(path), f"has no {place.name}/ann/{path.name}.json"))
                    continue
                try:
                    content = read_json(file)
                    objects = _objects(content)
                except DataError as error:
                    listing.missing.append((str(path), str(error)))
                    continue
                labels.update((str(item.get("classTitle")), None) for item in objects)
                found.append((place, path, file, content.get("size"), objects))
        meta = folder / "meta.json"
        if meta.is_file() and isinstance(content := read_json(meta), dict):
            labels.update((str(item.get("title")), None) for item in content.get("classes") or [])
        wanted = people.among(labels, folder)
        for place, path, file, size, objects in found:
            mine = [item for item in objects if str(item.get("classTitle")) in wanted]
            entry = Entry(
                name=str(path),
                stem=path.stem,
                photo=path,
                mask=partial(_mask, mine, size),
                mask_name=str(file),
                split=split_of([place.name]),
                nobody=not mine,
            )
            listing.entries.append(entry)
        return listing


def _mask(objects: list[dict[str, Any]], size: object) -> Mask:
    try:
        mask = empty_mask((int(size["height"]), int(size["width"])))  # type: ignore[index]
    except (TypeError, KeyError, ValueError):
        raise DataError("the annotation has no size of the photo") from None
    for item in objects:
        if isinstance(bitmap := item.get("bitmap"), dict):
            try:
                left, top = (int(number) for number in bitmap["origin"])
            except (TypeError, KeyError, ValueError):
                raise DataError("a bitmap has no origin [x, y]") from None
            put(mask, decode_bitmap(bitmap.get("data")), left, top)
        elif isinstance(points := item.get("points"), dict) and item.get("geometryType", "polygon") == "polygon":
            part = empty_mask((mask.shape[0], mask.shape[1]))
            _fill(part, points.get("exterior"), 255)
            for hole in points.get("interior") or []:
                _fill(part, hole, 0)
            np.maximum(mask, part, out=mask)
        else:
            kind = item.get("geometryType")
            raise DataError(f"a person is a {kind}, which is no mask; make it a bitmap or a polygon")
    return mask


def _fill(mask: Mask, ring: object, value: int) -> None:
    """Fill a ring of pixels, which are part of it themselves, as Supervisely does: with OpenCV."""
    try:
        points = np.asarray(ring, np.float64).reshape(-1, 2)
    except (TypeError, ValueError):
        raise DataError("a polygon is no list of [x, y]") from None
    if len(points) < 3 or not np.isfinite(points).all() or np.abs(points).max() > _FARTHEST:
        raise DataError("a polygon needs three points or more, all of them numbers of pixels")
    cv2.fillPoly(mask, [np.rint(points).astype(np.int32)], value)


def decode_bitmap(data: object) -> Mask:
    """A bitmap, uint8 (h, w) of 0 and 255: base64 of a zlib stream of a PNG, whose alpha counts where it has one.

    Raises:
        DataError: it is no such text.
    """
    try:
        packed = zlib.decompressobj()
        png = packed.decompress(base64.b64decode(str(data), validate=True), _MOST_BYTES)
        image = Image.open(io.BytesIO(png), formats=["PNG"])
        image.load()
    except (binascii.Error, zlib.error, UnidentifiedImageError, OSError, SyntaxError, ValueError) as error:
        raise DataError(f"a bitmap cannot be read ({error})") from None
    if "A" in image.mode or "transparency" in image.info:
        seen = np.asarray(image.convert("RGBA"))[..., 3]
    else:
        seen = np.asarray(image.convert("L"))
    return np.where(seen > 0, np.uint8(255), np.uint8(0))


def _objects(content: object) -> list[dict[str, Any]]:
    objects = content.get("objects") if isinstance(content, dict) else None
    if not isinstance(objects, list) or not all(isinstance(item, dict) for item in objects):
        raise DataError("its JSON file has no list 'objects'")
    return objects


def _annotations(place: Path, photo: Path) -> tuple[Path, Path]:
    """Where a photo's JSON file may be: newer exports keep the photo's ending in its name, older ones do not."""
    return place / "ann" / f"{photo.name}.json", place / "ann" / f"{photo.stem}.json"


def _places(folder: Path) -> list[Path]:
    if not folder.is_dir():
        return []
    inner = [path for path in sorted(folder.iterdir()) if path.is_dir()]
    return [place for place in (folder, *inner) if (place / "img").is_dir()]
