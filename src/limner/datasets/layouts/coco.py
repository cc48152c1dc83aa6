"""COCO: JSON with polygons and run lengths, as cocodataset.org describes it and most tools export it."""

from __future__ import annotations

from collections import defaultdict
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from limner.datasets.layouts.base import Entry, Listing, Mask, People, split_of
from limner.datasets.layouts.photo_index import PhotoIndex
from limner.datasets.layouts.reading import json_files, read_json
from limner.datasets.layouts.shapes import empty_mask, fill_polygon, rle_mask
from limner.errors import DataError

_KEYS = "info|licenses|images|annotations|categories|type"


class _File(NamedTuple):
    path: Path
    content: dict[str, Any]


class Coco:
    """Photos in any folder below, and one JSON file or several with ``images``, ``annotations``, ``categories``."""

    name = "coco"
    about = "JSON of COCO with polygons or run lengths, beside the photos or in annotations/"
    labelled = True

    def signs(self, folder: Path) -> dict[str, bool]:
        """See ``Layout``."""
        return {"a JSON file with images, annotations and categories": bool(_files(folder))}

    def read(self, folder: Path, people: People) -> Listing:
        """See ``Layout``. All regions of a photo's people make one mask, crowds included."""
        files = [_File(path, _checked(path)) for path in _files(folder)]
        if not files:
            raise DataError(f"{folder}: holds no JSON file with images, annotations and categories")
        labels = [str(item.get("name")) for file in files for item in file.content["categories"]]
        wanted = people.among(labels, files[0].path)
        photos = PhotoIndex(folder)
        return Listing([entry for file in files for entry in _entries(file, wanted, photos)])


def _entries(file: _File, wanted: set[str], photos: PhotoIndex) -> list[Entry]:
    content = file.content
    ids = {item.get("id") for item in content["categories"] if str(item.get("name")) in wanted}
    of_photo: dict[object, list[object]] = defaultdict(list)
    for item in content["annotations"]:
        if item.get("category_id") in ids:
            of_photo[item.get("image_id")].append(item.get("segmentation"))
    licences = {item.get("id"): _licence(item) for item in content.get("licenses") or [] if isinstance(item, dict)}
    split = split_of([part.partition("_")[2] or part for part in (file.path.stem, file.path.parent.name)])
    entries = []
    for image in content["images"]:
        said = str(image.get("file_name"))
        path = photos.find(said, file.path.stem.partition("_")[2], file.path.parent.name)
        regions = of_photo.get(image.get("id"), [])
        entries.append(
            Entry(
                name=said,
                stem=path.stem,
                photo=path,
                mask=partial(_mask, regions, (image.get("height"), image.get("width"))),
                mask_name=f"{file.path.name}, {said}",
                split=split,
                source=str(image.get("flickr_url") or image.get("coco_url") or ""),
                rights=licences.get(image.get("license"), ""),
                nobody=not regions,
            )
        )
    return entries


def _mask(regions: list[object], size: tuple[object, object]) -> Mask:
    height, width = size
    if not isinstance(height, int) or not isinstance(width, int):
        raise DataError("the annotation has no height and width of the photo")
    mask = empty_mask((height, width))
    for region in regions:
        if isinstance(region, dict):
            part = rle_mask(region)
            if part.shape != mask.shape:
                raise DataError(f"a mask has {part.shape[1]}×{part.shape[0]} pixels, but its photo {width}×{height}")
            np.maximum(mask, part, out=mask)
        elif isinstance(region, list) and region:
            for ring in region:  # each its own part: COCO's polygons have no holes
                fill_polygon(mask, [ring])
        else:
            raise DataError("a person has a box, but no polygon and no run lengths")
    return mask


def _files(folder: Path) -> list[Path]:
    """The files with regions; where some are called instances, as COCO's own are, only these."""
    files = json_files(folder, _KEYS, ("file_name", "image_id", "categories"))
    return [path for path in files if path.name.startswith("instances")] or files


def _checked(path: Path) -> dict[str, Any]:
    content = read_json(path)
    for key in ("images", "annotations", "categories"):
        items = content.get(key) if isinstance(content, dict) else None
        if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
            raise DataError(f"{path}: has no list {key!r}, as COCO's files have; take the file away if it is none")
    assert isinstance(content, dict)
    return content


def _licence(item: dict[str, Any]) -> str:
    name, url = str(item.get("name") or ""), str(item.get("url") or "")
    return f"{name} ({url})" if name and url else name or url
