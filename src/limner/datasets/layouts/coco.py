"""COCO: JSON with polygons and run lengths, as cocodataset.org describes it and most tools export it."""

from __future__ import annotations

from array import array
from collections import defaultdict
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from limner.datasets.layouts.base import Entry, Listing, Mask, People, split_of
from limner.datasets.layouts.json_stream import read_items
from limner.datasets.layouts.photo_index import PhotoIndex
from limner.datasets.layouts.reading import json_files
from limner.datasets.layouts.shapes import empty_mask, fill_polygon, rle_mask
from limner.errors import DataError

_KEYS = "info|licenses|images|annotations|categories|type"


_LISTS = ("images", "annotations", "categories")


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
        files = _files(folder)
        if not files:
            raise DataError(f"{folder}: holds no JSON file with images, annotations and categories")
        heads = [_head(path) for path in files]
        wanted = people.among([name for names, _ in heads for name in names.values()], files[0])
        photos = PhotoIndex(folder)
        listing = Listing([])
        for path, (names, licences) in zip(files, heads, strict=True):
            ids = {number for number, name in names.items() if name in wanted}
            listing.entries += _entries(path, ids, licences, photos)
        return listing


def _head(path: Path) -> tuple[dict[object, str], dict[object, str]]:
    """The names of the categories and of the licences by their numbers."""
    names: dict[object, str] = {}
    licences: dict[object, str] = {}
    seen = set()
    for key, item in read_items(path):
        if not isinstance(item, dict):
            if key in _LISTS:
                raise DataError(f"{path}: {key!r} is no list of objects, as in COCO's files")
            continue
        seen.add(key)
        if key == "categories":
            names[item.get("id")] = str(item.get("name"))
        elif key == "licenses":
            licences[item.get("id")] = _licence(item)
    for key in _LISTS:
        if key not in seen and key != "annotations":
            raise DataError(f"{path}: has no list {key!r}, as COCO's files have; take the file away if it is none")
    return names, licences


def _entries(path: Path, ids: set[object], licences: dict[object, str], photos: PhotoIndex) -> list[Entry]:
    """The photos of a file with the regions of their people; what else the file holds is not kept."""
    images: list[tuple[object, str, object, object, object, str]] = []
    regions: dict[object, list[object]] = defaultdict(list)
    for key, item in read_items(path):
        if key == "annotations" and item.get("category_id") in ids:
            regions[item.get("image_id")].append(_packed(item.get("segmentation")))
        elif key == "images":
            address = str(item.get("flickr_url") or item.get("coco_url") or "")
            about = (item.get("height"), item.get("width"), item.get("license"))
            images.append((item.get("id"), str(item.get("file_name")), *about, address))
    split = split_of([part.partition("_")[2] or part for part in (path.stem, path.parent.name)])
    entries = []
    for number, said, height, width, licence, address in images:
        photo = photos.find(said, path.stem.partition("_")[2], path.parent.name)
        mine = regions.get(number, [])
        entries.append(
            Entry(
                name=said,
                stem=photo.stem,
                photo=photo,
                mask=partial(_mask, mine, (height, width)),
                mask_name=f"{path.name}, {said}",
                split=split,
                source=address,
                rights=licences.get(licence, ""),
                nobody=not mine,
            )
        )
    return entries


def _packed(region: object) -> object:
    """The numbers of a region in a quarter of the memory; what is not as it should be stays, and is told later."""
    try:
        if isinstance(region, list):
            return [array("d", ring) for ring in region]
        if isinstance(region, dict) and isinstance(region.get("counts"), list):
            return {**region, "counts": array("q", region["counts"])}
    except (TypeError, OverflowError):
        pass
    return region


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


def _licence(item: dict[str, Any]) -> str:
    name, url = str(item.get("name") or ""), str(item.get("url") or "")
    return f"{name} ({url})" if name and url else name or url
