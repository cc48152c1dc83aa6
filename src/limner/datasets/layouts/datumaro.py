"""Datumaro: its own export, JSON with run lengths and polygons and the photos in images/."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from limner.datasets.layouts.base import Entry, Listing, Mask, People, split_of
from limner.datasets.layouts.photo_index import PhotoIndex
from limner.datasets.layouts.reading import json_files, read_json
from limner.datasets.layouts.shapes import empty_mask, fill_polygon, rle_mask
from limner.errors import DataError

_SHAPES = {"mask", "polygon", "bbox", "polyline", "points", "ellipse"}


class Datumaro:
    """``annotations/<subset>.json`` and ``images/<subset>/<photo>``, as ``datum export -f datumaro`` writes them."""

    name = "datumaro"
    about = "annotations/ with JSON of Datumaro, and images/"
    labelled = True

    def signs(self, folder: Path) -> dict[str, bool]:
        """See ``Layout``."""
        return {"annotations/ with JSON of Datumaro": bool(json_files(folder, "dm_format_version"))}

    def read(self, folder: Path, people: People) -> Listing:
        """See ``Layout``."""
        files = json_files(folder, "dm_format_version")
        if not files:
            raise DataError(f"{folder}: holds no JSON of Datumaro")
        photos, listing = PhotoIndex(folder), Listing([])
        contents = [(path, _checked(path)) for path in files]
        wanted = people.among([name for _, (names, _) in contents for name in names], files[0])
        for path, (names, items) in contents:
            numbers = {number for number, name in enumerate(names) if name in wanted}
            for item in items:
                listing.entries.append(_entry(path, item, numbers, photos))
        return listing


def _entry(file: Path, item: dict[str, Any], numbers: set[int], photos: PhotoIndex) -> Entry:
    about = item.get("image") if isinstance(item.get("image"), dict) else {}
    assert isinstance(about, dict)
    said = str(about.get("path") or item.get("id"))
    path = photos.find(said, file.stem)
    mine = [
        shape
        for shape in item.get("annotations") or []
        if isinstance(shape, dict) and shape.get("type") in _SHAPES and shape.get("label_id") in numbers
    ]
    return Entry(
        name=said,
        stem=path.stem,
        photo=path,
        mask=partial(_mask, mine, about.get("size")),
        mask_name=f"{file.name}, {said}",
        split=split_of([file.stem]),
        nobody=not mine,
    )


def _mask(shapes: list[dict[str, Any]], size: object) -> Mask:
    mask: Mask | None = None
    for shape in shapes:
        if shape["type"] == "mask":
            part = rle_mask(shape.get("rle"))
        elif shape["type"] == "polygon":
            if not (isinstance(size, list) and len(size) == 2 and all(isinstance(side, int) for side in size)):
                raise DataError("the annotation has no size of the photo")
            part = empty_mask((size[0], size[1]))
            fill_polygon(part, [shape.get("points") or []])
        else:
            raise DataError(f"a person is a {shape['type']}, which is no mask; make it a polygon or a mask")
        if mask is not None and mask.shape != part.shape:
            raise DataError("its masks have several sizes")
        mask = part if mask is None else np.maximum(mask, part)
    if mask is None:
        raise DataError("nobody is labelled")
    return mask


def _checked(path: Path) -> tuple[list[str], list[dict[str, Any]]]:
    content = read_json(path)
    try:
        names = [str(label["name"]) for label in content["categories"]["label"]["labels"]]
        items = content["items"]
    except (TypeError, KeyError) as error:
        raise DataError(f"{path}: is not what Datumaro writes ({error} is missing)") from None
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise DataError(f"{path}: has no list 'items'")
    return names, items
