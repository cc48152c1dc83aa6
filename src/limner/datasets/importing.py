"""Import: a folder of photos, with masks or without, becomes a set of a data folder that `limner train` reads."""

from __future__ import annotations

import hashlib
import re
import shutil
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import get_args

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from limner.datasets.manifest import VOID_SETS, read_manifest
from limner.datasets.manifest_rows import MANIFEST, read_rows, write_rows
from limner.datasets.photo import MaskKind, Photo, Split
from limner.datasets.photo_sets import SUFFIXES, grey, open_photo, photos_in
from limner.datasets.tables import read_table
from limner.errors import DataError, OptionError
from limner.one_writer import OneWriter

SOURCES = "sources.csv"
_COLUMNS = ("set", "stem", "split", "mask", "width", "height", "source", "rights")
_RESERVED = VOID_SETS | {"no_people"}


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportOptions:
    """How a folder becomes a set.

    Attributes:
        name: of the set: letters, digits, - and _.
        mask: see ``Photo.mask``; None is "hand" where there is a folder of masks, else "unlabelled".
        val: share of the photos, in [0, 1], that are kept for validation; which ones follows from their names.
        source, rights: of photos that ``sources.csv`` says nothing else of.
    """

    name: str
    mask: MaskKind | None = None
    val: float = 0.1
    source: str = ""
    rights: str = ""

    def __post_init__(self) -> None:
        if not re.fullmatch(r"[A-Za-z0-9_-]+", self.name) or self.name in _RESERVED:
            raise OptionError(
                f"set {self.name!r}: a set's name has letters, digits, - and _ only, and is none of "
                f"{', '.join(sorted(_RESERVED))}; choose one with ‹name›"
            )
        if self.mask is not None and self.mask not in get_args(MaskKind):
            raise OptionError(f"‹mask›: must be one of {', '.join(get_args(MaskKind))}, not {self.mask!r}")
        if not 0 <= self.val <= 1:
            raise OptionError(f"‹val›: must lie in [0, 1], not {self.val}")


@dataclass(slots=True)
class Imported:
    """What became of a folder.

    Attributes:
        photos: the rows of the manifest.
        notices: what was changed or left out, a line each.
    """

    photos: list[Photo]
    notices: list[str] = field(default_factory=list)


def import_photos(
    folder: Path, out: Path, options: ImportOptions, *, progress: Callable[[int, int], None] | None = None
) -> Imported:
    """Copy the photos (and masks) of ``folder`` to ``out/<name>`` and list them in ``out/manifest.csv``.

    ``folder`` holds ``images`` and ``masks``, with equal names but for their endings, or photos alone. Photos are
    copied as they are, masks become 8-bit grey PNG. ``sources.csv`` beside them (columns file, source, rights) says
    where each is from. A folder that lies at ``out/<name>`` already is listed, and stays as it is.

    Args:
        progress: called with (photos done, photos in all).

    Raises:
        DataError: a photo or mask is missing, damaged, or does not fit its photo; the set exists; or another run writes
            into ``out``. Then nothing is written.
    """
    photos, masks = _find(folder, options)
    with OneWriter(out, error=DataError):
        return _import(folder, out, options, photos, masks, progress)


def _import(
    folder: Path,
    out: Path,
    options: ImportOptions,
    photos: dict[str, Path],
    masks: dict[str, Path],
    progress: Callable[[int, int], None] | None,
) -> Imported:
    kind: MaskKind = options.mask or ("hand" if masks else "unlabelled")
    listed = read_manifest(out) if (out / MANIFEST).is_file() else []
    target = out / options.name
    stays = target.resolve() == folder.resolve()
    if any(photo.set == options.name for photo in listed) or (target.exists() and not stays):
        raise DataError(f"{target}: there is a set of that name; choose another with ‹name›")
    partial = out / f".{options.name}.part"
    shutil.rmtree(partial, ignore_errors=True)
    try:
        if not stays:
            (partial / "images").mkdir(parents=True)
        done = _take(photos, masks, kind, None if stays else partial, options, progress)
        _rights(folder, photos, done)
        if not stays:
            partial.rename(target)
        try:
            _list(out, done.photos)
        except BaseException:
            if not stays:
                shutil.rmtree(target, ignore_errors=True)
            raise
    except OSError as error:
        raise DataError(f"{out}: cannot be written ({error.strerror or error})") from None
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    if others := Counter(p.suffix.lower() or "no ending" for p in _others(folder)):
        named = ", ".join(f"{count} {suffix}" for suffix, count in sorted(others.items()))
        done.notices.append(f"left out: files that are no {', '.join(SUFFIXES)} ({named})")
    return done


def _find(folder: Path, options: ImportOptions) -> tuple[dict[str, Path], dict[str, Path]]:
    """Photos and masks by their stem; no masks where the kind of mask has none."""
    plain = not (folder / "images").is_dir()
    photos = photos_in(folder if plain else folder / "images")
    if not photos:
        raise DataError(f"{folder}: holds no photos ({', '.join(SUFFIXES)}), neither there nor in a folder images")
    has_masks = not plain and (folder / "masks").is_dir()
    if options.mask not in (None, "hand", "auto"):
        if has_masks:
            raise DataError(f"{folder / 'masks'}: photos of the kind {options.mask} have no masks; leave ‹mask› out")
        return photos, {}
    if not has_masks:
        if options.mask is not None:
            raise DataError(f"{folder}: photos with masks lie in a folder images, and the masks in a folder masks")
        return photos, {}
    masks = photos_in(folder / "masks")
    for have, want, thing in ((masks, photos, "mask"), (photos, masks, "photo")):
        if lacking := [path for stem, path in want.items() if stem not in have]:
            raise DataError(f"{lacking[0]}: has no {thing} ({len(lacking)} such files); add it, or take the file away")
    return photos, masks


def _take(
    photos: dict[str, Path],
    masks: dict[str, Path],
    kind: MaskKind,
    target: Path | None,
    options: ImportOptions,
    progress: Callable[[int, int], None] | None,
) -> Imported:
    """Check every photo and mask, and copy them unless ``target`` is None."""
    val, widened, empty = _val(list(photos), options.val), 0, 0
    done = Imported([])
    for count, (stem, path) in enumerate(photos.items(), start=1):
        image = open_photo(path)
        if kind == "exact" and "A" not in image.mode:
            raise DataError(f"{path}: has no transparency, which is the mask of photos of the kind exact")
        if target is not None:
            shutil.copyfile(path, target / "images" / path.name)
        if stem in masks:
            mask, changed = _mask(masks[stem], path, image.size)
            widened, empty = widened + changed, empty + (not mask.any())
            _put_mask(mask, masks[stem], target, stem, changed=changed)
        split: Split = "val" if stem in val else "train"
        row = Photo(options.name, stem, split, kind, *image.size, options.source or options.name, rights=options.rights)
        done.photos.append(row)
        if progress is not None:
            progress(count, len(photos))
    if widened:
        done.notices.append(f"{widened} masks had no value but 0 and 1; the 1 became 255")
    if empty:
        done.notices.append(f"{empty} masks are empty: nobody is in these photos")
    return done


def _mask(path: Path, photo: Path, size: tuple[int, int]) -> tuple[NDArray[np.uint8], bool]:
    """The mask as uint8 (H, W), and whether its values had to be widened. ``size`` is the photo's (width, height)."""
    image = open_photo(path)
    area = image.width * size[1]
    if abs(area - image.height * size[0]) > 0.01 * area + min(
        max(size), 0.02 * area
    ):  # a pixel's rounding, if it has many
        raise DataError(
            f"{path}: has the shape {image.width}×{image.height}, but {photo.name} has {size[0]}×{size[1]}; a mask has "
            "the shape of its photo"
        )
    mask = grey(image)
    if image.mode == "P" and len(np.unique(mask)) > 2:
        raise DataError(f"{path}: has a palette of several colours; save it as 8-bit grey, 0 nobody and 255 person")
    if int(mask.max()) == 1:
        return np.asarray(mask * 255, np.uint8), True
    return mask, False


def _put_mask(mask: NDArray[np.uint8], path: Path, target: Path | None, stem: str, *, changed: bool) -> None:
    if target is not None:
        (target / "masks").mkdir(exist_ok=True)
        Image.fromarray(mask).save(target / "masks" / f"{stem}.png")
    elif changed or path.suffix.lower() != ".png":
        raise DataError(f"{path}: a mask that stays where it is must be an 8-bit grey PNG of 0 to 255; import it from "
                        "another folder, and it is converted")  # fmt: skip


def _val(stems: Sequence[str], share: float) -> set[str]:
    """The photos kept for validation: by a hash of their names, so that order and number do not matter."""
    ordered = sorted(stems, key=lambda stem: hashlib.sha256(stem.encode()).digest())
    return set(ordered[: round(share * len(ordered))])


def _rights(folder: Path, photos: dict[str, Path], done: Imported) -> None:
    """Fill in what ``sources.csv`` says."""
    said: dict[str, tuple[str, str]] = {}
    path = folder / SOURCES
    if path.is_file():
        columns, rows = read_table(path)
        if "file" not in columns:
            raise DataError(f"{path}: the column 'file' is missing; it has the columns file, source, rights")
        said = {str(row["file"]): (row.get("source") or "", row.get("rights") or "") for row in rows}
    for index, photo in enumerate(done.photos):
        source, rights = said.pop(photos[photo.stem].name, ("", ""))
        done.photos[index] = replace(photo, source=source or photo.source, rights=rights or photo.rights)
    if said:
        raise DataError(f"{path}: names {next(iter(said))!r}, which is not among the photos")


def _list(out: Path, photos: list[Photo]) -> None:
    """Add rows to the manifest; what it holds stays as it is."""
    path = out / MANIFEST
    columns, rows = read_rows(path) if path.is_file() else ([], [])
    rows.extend({name: getattr(photo, name) for name in _COLUMNS} for photo in photos)
    write_rows(path, list(dict.fromkeys([*columns, *_COLUMNS])), rows)


def _others(folder: Path) -> list[Path]:
    """Files beside the photos that are none."""
    places = [place for place in (folder, folder / "images", folder / "masks") if place.is_dir()]
    return [
        path
        for place in places
        for path in place.iterdir()
        if path.is_file() and path.suffix.lower() not in SUFFIXES and path.name != SOURCES and path.name[0] != "."
    ]
