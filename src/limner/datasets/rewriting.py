"""Rewriting: every photo and mask of a data folder, changed, becomes another data folder with the same rows."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, get_args

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from limner.datasets.faults.listed import Listed, in_order, list_photos
from limner.datasets.manifest_rows import MANIFEST, read_rows, write_rows
from limner.errors import DataError, OptionError
from limner.one_writer import OneWriter
from limner.whole_file import whole_text

Rgb = NDArray[np.uint8]
Mask = NDArray[np.uint8]
Change = Callable[[Listed, Rgb, Mask | None], tuple[Rgb, Mask | None]]
"""Photo, RGB uint8 (H, W, 3) and mask uint8 (H, W) to both as they shall be; raises DataError to leave it out."""
Format = Literal["jpg", "png", "webp"]

_SAVING: dict[str, dict[str, Any]] = {"jpg": {"quality": 95, "subsampling": 0}, "png": {}, "webp": {"lossless": True}}
FAILURES = "failures.jsonl"
_PART = ".rewriting.part"


@dataclass(slots=True)
class Rewritten:
    """What became of it.

    Attributes:
        photos: how many were written.
        failures: photos that were left out: name and reason.
        failures_at: the file that lists them; None where there are none.
    """

    photos: int
    failures: list[tuple[str, str]] = field(default_factory=list)
    failures_at: Path | None = None


def rewrite(
    data: Path,
    out: Path,
    change: Change,
    *,
    sets: tuple[str, ...] | None = None,
    wanted: Callable[[Listed], bool] = lambda _: True,
    format: Format = "jpg",
    noted: Callable[[Listed], Mapping[str, object]] = lambda _: {},
    progress: Callable[[int, int], None] | None = None,
) -> Rewritten:
    """Write the photos of a data folder, changed, as a new one. Every column of the manifest is kept.

    Args:
        out: a folder without a manifest; it is made if it is not there.
        sets: only these.
        wanted: which photos; the others are not listed in ``out``.
        format: of photos: JPEG of quality 95, PNG, or lossless WebP. Photos of the kind exact are PNG, for their alpha.
        noted: more columns of a photo's row.
        progress: called with (photos done, photos in all).

    Raises:
        OptionError: no such format.
        DataError: ``data`` is no data folder or has no such photos, none could be written, or ``out`` is in use.
    """
    if format not in get_args(Format):
        raise OptionError(f"‹format›: must be one of {', '.join(get_args(Format))}, not {format!r}")
    chosen = _chosen(data, sets, wanted)
    if (out / MANIFEST).exists() or out.resolve() == data.resolve():
        raise DataError(f"{out}: is a data folder already; name another one with ‹output›")
    with OneWriter(out, error=DataError):
        part = out / _PART
        shutil.rmtree(part, ignore_errors=True)
        try:
            return _write(data, out, part, chosen, _Writer(part, change, format), noted, progress)
        except OSError as error:
            raise DataError(f"{out}: cannot be written ({error.strerror or error})") from None
        finally:
            shutil.rmtree(part, ignore_errors=True)


def _chosen(data: Path, sets: tuple[str, ...] | None, wanted: Callable[[Listed], bool]) -> list[Listed]:
    if not (data / MANIFEST).is_file():
        raise DataError(f"{data}: is no data folder, which has a {MANIFEST}; import it first")
    listed = list_photos(data)
    known = {item.photo.set for item in listed}
    for name in sets or ():
        if name not in known:
            raise DataError(f"{data}: there is no set {name!r}; its sets are {', '.join(sorted(known))}")
    chosen = [item for item in listed if (sets is None or item.photo.set in sets) and wanted(item)]
    if not chosen:
        raise DataError(f"{data}: has no photos of this kind; look at them with limner data stats")
    return chosen


def _write(
    data: Path,
    out: Path,
    part: Path,
    chosen: list[Listed],
    writer: _Writer,
    noted: Callable[[Listed], Mapping[str, object]],
    progress: Callable[[int, int], None] | None,
) -> Rewritten:
    for name in sorted({item.photo.set for item in chosen}):
        if (out / name).exists():
            raise DataError(f"{out / name}: is there already; name another folder with ‹output›")
        for kind in ("images", "masks"):
            (part / name / kind).mkdir(parents=True)
    sizes: dict[tuple[str, str], tuple[int, int]] = {}
    failures: list[tuple[str, str]] = []
    for count, (item, result) in enumerate(zip(chosen, in_order(chosen, writer.put), strict=True), start=1):
        key = (item.photo.set, item.photo.stem)
        if isinstance(result, str):
            failures.append(("/".join(key), result))
        else:
            sizes[key] = result
        if progress is not None:
            progress(count, len(chosen))
    if not sizes:
        raise DataError(f"{data}: {failures[0][0]}: {failures[0][1]} ({len(failures)} such photos, and no other)")
    columns, rows = read_rows(data / MANIFEST)
    more = {(item.photo.set, item.photo.stem): noted(item) for item in chosen}
    kept = []
    for row in rows:
        key = (str(row["set"]), str(row["stem"]))
        if key in sizes:
            kept.append({**row, "width": sizes[key][0], "height": sizes[key][1], **more[key]})
    if failures:
        lines = [json.dumps({"input": name, "error": reason}, ensure_ascii=False) for name, reason in failures]
        whole_text(out / FAILURES, "\n".join(lines) + "\n")
    for folder in sorted(part.iterdir()):
        folder.rename(out / folder.name)
    columns = list(dict.fromkeys([*columns, *(name for each in more.values() for name in each)]))
    write_rows(out / MANIFEST, columns, kept)
    return Rewritten(len(kept), failures, out / FAILURES if failures else None)


@dataclass(frozen=True, slots=True)
class _Writer:
    part: Path
    change: Change
    format: Format

    def put(self, item: Listed) -> tuple[int, int] | str:
        """Write a photo and its mask: the size (width, height), or why it was left out."""
        try:
            rgb, mask = item.load()
            rgb, mask = self.change(item, rgb, mask)
        except DataError as error:
            return str(error)
        folder, stem = self.part / item.photo.set, item.photo.stem
        if item.photo.mask == "exact" and mask is not None:
            Image.fromarray(np.dstack([rgb, mask])).save(folder / "images" / f"{stem}.png")
            return rgb.shape[1], rgb.shape[0]
        Image.fromarray(rgb).save(folder / "images" / f"{stem}.{self.format}", **_SAVING[self.format])
        if mask is not None:
            Image.fromarray(mask).save(folder / "masks" / f"{stem}.png")
        return rgb.shape[1], rgb.shape[0]


def fitted(rgb: Rgb, mask: Mask, *, nearest: bool) -> Mask:
    """The mask at the size of its photo.

    Raises:
        DataError: its sides are in another proportion.
    """
    if mask.shape == rgb.shape[:2]:
        return mask
    (height, width), area = rgb.shape[:2], mask.shape[1] * rgb.shape[0]
    if abs(area - mask.shape[0] * width) > 0.02 * area:
        raise DataError(f"the mask has {mask.shape[1]}×{mask.shape[0]} pixels, but the photo {width}×{height}")
    how = cv2.INTER_NEAREST if nearest else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(mask, (width, height), interpolation=how), np.uint8)


def shrunk(rgb: Rgb, mask: Mask | None, longest: int, *, nearest: bool) -> tuple[Rgb, Mask | None]:
    """Photo and mask with a longer side of ``longest`` pixels at most; never enlarged.

    Args:
        nearest: take the mask's nearest pixel, instead of the mean of all under a pixel.
    """
    scale = longest / max(rgb.shape[:2])
    if scale >= 1:
        return rgb, mask
    size = max(1, round(rgb.shape[1] * scale)), max(1, round(rgb.shape[0] * scale))
    small = np.asarray(cv2.resize(rgb, size, interpolation=cv2.INTER_AREA), np.uint8)
    if mask is None:
        return small, None
    if nearest:
        sides = zip(small.shape[:2], mask.shape, strict=True)
        places = [((np.arange(new) + 0.5) * old / new).astype(int) for new, old in sides]
        return small, np.ascontiguousarray(mask[np.ix_(*places)])
    return small, np.asarray(cv2.resize(mask, size, interpolation=cv2.INTER_AREA), np.uint8)
