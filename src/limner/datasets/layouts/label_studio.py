"""Label Studio: its JSON export, with brush strokes in run lengths and polygons in percent."""

from __future__ import annotations

import urllib.parse
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from limner.datasets.layouts.base import Entry, Listing, Mask, People
from limner.datasets.layouts.photo_index import PhotoIndex
from limner.datasets.layouts.reading import json_files, read_json
from limner.datasets.layouts.shapes import empty_mask, fill_polygon
from limner.errors import DataError

_KINDS = {"brushlabels", "polygonlabels"}


class LabelStudio:
    """A JSON file that is a list of tasks, and the photos in any folder beside it."""

    name = "label-studio"
    about = "JSON of Label Studio with brush strokes or polygons, and the photos"
    labelled = True

    def signs(self, folder: Path) -> dict[str, bool]:
        """See ``Layout``."""
        return {"a JSON file that is a list of tasks": bool(_files(folder))}

    def read(self, folder: Path, people: People) -> Listing:
        """See ``Layout``. Of several annotations of a task the last that was not cancelled counts."""
        files = _files(folder)
        if not files:
            raise DataError(f"{folder}: holds no JSON export of Label Studio")
        photos = PhotoIndex(folder)
        tasks = [(path, *task) for path in files for task in _tasks(path)]
        labels = [label for _, _, regions in tasks for region in regions or () for label in _labels(region)]
        wanted = people.among(labels, files[0])
        undone = sum(regions is None for _, _, regions in tasks)
        listing = Listing([], [f"{undone} tasks are not annotated, and left out"] if undone else [])
        for path, said, regions in tasks:
            if regions is None:
                continue
            mine = [region for region in regions if wanted.intersection(_labels(region))]
            photo = _photo(photos, said)
            listing.entries.append(
                Entry(
                    name=said,
                    stem=photo.stem,
                    photo=photo,
                    mask=partial(_mask, mine),
                    mask_name=f"{path.name}, {said}",
                    nobody=not mine,
                )
            )
        return listing


def _files(folder: Path) -> list[Path]:
    return json_files(folder, r"\[", ("annotations", "completions"))


def _tasks(path: Path) -> Iterator[tuple[str, list[dict[str, Any]] | None]]:
    """The photo of each task, and its regions; None where nobody annotated it."""
    content = read_json(path)
    for task in content:
        data = task.get("data") if isinstance(task, dict) else None
        if not isinstance(data, dict):
            raise DataError(f"{path}: holds what is no task of Label Studio; export it as JSON, not as JSON-MIN")
        image = data.get("image") or next((value for value in data.values() if isinstance(value, str)), "")
        done = [item for item in task.get("annotations") or task.get("completions") or [] if _counts(item)]
        yield str(image), [item for item in done[-1].get("result") or [] if isinstance(item, dict)] if done else None


def _counts(item: object) -> bool:
    return isinstance(item, dict) and not item.get("was_cancelled")


def _labels(region: dict[str, Any]) -> list[str]:
    """The labels of a region that has a shape."""
    value = region.get("value")
    if not isinstance(value, dict):
        return []
    return [str(label) for key in _KINDS for label in value.get(key) or []]


def _photo(photos: PhotoIndex, said: str) -> Path:
    """The photo of an address; what was uploaded has eight characters of its own before its name."""
    address = urllib.parse.urlsplit(said)
    local = urllib.parse.parse_qs(address.query).get("d", [address.path])[0]
    name = urllib.parse.unquote(local)
    found = photos.find(name)
    if found.is_file():
        return found
    folder, _, last = name.rpartition("/")
    own = last.partition("-")[2]
    return photos.find(f"{folder}/{own}") if own else found


def _mask(regions: list[dict[str, Any]]) -> Mask:
    mask: Mask | None = None
    for region in regions:
        value, size = region["value"], (region.get("original_height"), region.get("original_width"))
        if not isinstance(size[0], int) or not isinstance(size[1], int):
            raise DataError("a region has no original_width and original_height")
        part = empty_mask((size[0], size[1]))
        if value.get("format") == "rle":
            part = decode_brush(value.get("rle"), (size[0], size[1]))
        elif isinstance(value.get("points"), list):
            try:
                points = np.asarray(value["points"], np.float64) * (size[1] / 100, size[0] / 100)
            except (TypeError, ValueError):
                raise DataError("a polygon is no list of [x, y]") from None
            fill_polygon(part, [points.reshape(-1).tolist()])
        else:
            raise DataError("a person is neither a brush stroke nor a polygon")
        if mask is not None and mask.shape != part.shape:
            raise DataError("its regions are of pictures of several sizes")
        mask = part if mask is None else np.maximum(mask, part)
    if mask is None:
        raise DataError("nobody is labelled")
    return mask


def decode_brush(rle: object, size: tuple[int, int]) -> Mask:
    """A brush stroke: the alpha of RGBA pixels in run lengths, a stream of bits in bytes.

    The stream has the number of values in 32 bits, the bits of a value less one in 5, four lengths less one in 4 bits
    each, then blocks: a bit that says "one value for all", 2 bits that choose the length, the count less one, values.

    Args:
        rle: a list of bytes as numbers.
        size: of the photo, (H, W).

    Raises:
        DataError: the stream ends early or is of another size.
    """
    wanted = size[0] * size[1] * 4
    try:
        data = bytes(rle)  # type: ignore[call-overload]
    except (TypeError, ValueError):
        raise DataError("a brush stroke is no list of bytes") from None
    bits = _Bits(data)
    if (total := bits.read(32)) != wanted:
        raise DataError(f"a brush stroke has {total} values, but its photo {size[1]}×{size[0]}×4")
    word = bits.read(5) + 1
    lengths = [bits.read(4) + 1 for _ in range(4)]
    out = np.zeros(total, np.uint32)
    at = 0
    while at < total:
        same = bits.read(1)
        end = min(at + 1 + bits.read(lengths[bits.read(2)]), total)
        if same:
            out[at:end] = bits.read(word)
        else:
            out[at:end] = [bits.read(word) for _ in range(end - at)]
        at = end
    return np.ascontiguousarray(np.clip(out.reshape(*size, 4)[..., 3], 0, 255).astype(np.uint8))


class _Bits:
    """Bytes as a stream of bits, the highest of each first."""

    def __init__(self, data: bytes) -> None:
        self._data, self._at, self._end = data, 0, 8 * len(data)

    def read(self, count: int) -> int:
        """The next ``count`` bits as a number."""
        end = self._at + count
        if end > self._end:
            raise DataError("a brush stroke ends in the middle")
        first, last = self._at >> 3, (end + 7) >> 3
        value = int.from_bytes(self._data[first:last], "big") >> (8 * last - end)
        self._at = end
        return value & ((1 << count) - 1)
