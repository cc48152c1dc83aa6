"""Mattes: photos with transparency, AISegment, P3M and SynthHuman, and photos that have no mask at all."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from PIL import Image

from limner.datasets.layouts.base import Entry, Listing, People, folder_named, split_of
from limner.datasets.layouts.pairs import Pairs, read_alpha, read_grey
from limner.datasets.layouts.photo_index import photo_files
from limner.datasets.photo_sets import SUFFIXES, is_photo, photos_in
from limner.errors import DataError

FOLDERS = Pairs(
    "folders", "images/ and masks/ with the same names, 8-bit grey, also in train/, val/ and test/",
    ("images", "image", "imgs", "img", "photos"), ("masks", "mask", "mattes", "matte", "alpha", "alphas"), read_grey,
)  # fmt: skip
P3M = Pairs(
    "p3m", "P3M-10k: blurred_image/ or original_image/ and mask/, in train/ and validation/",
    ("blurred_image", "original_image", "original"), ("mask", "alpha"), read_grey,
)  # fmt: skip
EG1800 = Pairs(
    "eg1800", "EG1800 and the like: Images/ (or data/) and Labels/ with masks of two values",
    ("images", "image", "data"), ("labels", "label"), read_grey,
)  # fmt: skip


class AiSegment:
    """AISegment's portraits: ``clip_img/<shooting>/clip_<n>/<name>.jpg``, ``matting/…/matting_<n>/<name>.png``."""

    name = "aisegment"
    about = "AISegment: clip_img/ with photos, matting/ with RGBA cutouts, in folders of the same names"
    labelled = False

    def signs(self, folder: Path) -> dict[str, bool]:
        """See ``Layout``."""
        return {f"{name}/": folder_named(folder, name) is not None for name in ("clip_img", "matting")}

    def read(self, folder: Path, people: People) -> Listing:
        """See ``Layout``. The photos of a shooting are a group."""
        photos, mattes = folder_named(folder, "clip_img"), folder_named(folder, "matting")
        if photos is None or mattes is None:
            raise DataError(f"{folder}: holds no folders clip_img and matting")
        listing = Listing([])
        for path in photo_files(photos):
            inner = path.relative_to(photos)
            parts = [part.replace("clip_", "matting_", 1) for part in inner.parts[:-1]]
            matte = mattes.joinpath(*parts, f"{path.stem}.png")
            if not matte.is_file():
                listing.missing.append((str(path), "has no matte"))
                continue
            mask = partial(read_alpha, matte)
            listing.entries.append(Entry(str(path), path.stem, path, mask, str(matte), group=inner.parts[0]))
        return listing


class SynthHuman:
    """Renders of SynthHuman: ``rgb_<n>.png`` and ``alpha_<n>.png`` in one folder, among depth and normals."""

    name = "synthhuman"
    about = "SynthHuman: rgb_*.png and alpha_*.png in one folder"
    labelled = False

    def signs(self, folder: Path) -> dict[str, bool]:
        """See ``Layout``."""
        names = [path.name for path in folder.glob("*.png")] if folder.is_dir() else []
        return {f"{word}_….png": any(name.startswith(f"{word}_") for name in names) for word in ("rgb", "alpha")}

    def read(self, folder: Path, people: People) -> Listing:
        """See ``Layout``."""
        listing = Listing([])
        for path in sorted(folder.glob("rgb_*.png")):
            alpha = path.with_name(path.name.replace("rgb_", "alpha_", 1))
            if not alpha.is_file():
                listing.missing.append((str(path), f"has no {alpha.name}"))
                continue
            listing.entries.append(Entry(str(path), path.stem, path, partial(read_grey, alpha), str(alpha)))
        return listing


class Rgba:
    """Photos whose alpha is the mask; what lies behind it means nothing."""

    name = "rgba"
    about = "PNG, WebP or AVIF files whose transparency is the matte"
    labelled = False

    def signs(self, folder: Path) -> dict[str, bool]:
        """See ``Layout``."""
        first = next(photo_files(folder), None)
        return {"photos with transparency": first is not None and _is_transparent(first)}

    def read(self, folder: Path, people: People) -> Listing:
        """See ``Layout``."""
        return Listing(
            [
                Entry(str(path), path.stem, path, kind="exact", split=split_of(path.relative_to(folder).parts[:-1]))
                for path in photo_files(folder)
            ]
        )


class Photos:
    """Photos alone, in the folder itself or in its folder ``images``."""

    name = "photos"
    about = "photos alone, without masks"
    labelled = False

    def signs(self, folder: Path) -> dict[str, bool]:
        """See ``Layout``."""
        return {"photos": folder.is_dir() and any(is_photo(path) for path in self._place(folder).iterdir())}

    def read(self, folder: Path, people: People) -> Listing:
        """See ``Layout``."""
        photos = photos_in(self._place(folder))
        if not photos:
            raise DataError(f"{folder}: holds no photos ({', '.join(SUFFIXES)}), neither there nor in a folder images")
        return Listing([Entry(str(path), stem, path) for stem, path in photos.items()])

    def _place(self, folder: Path) -> Path:
        inner = folder / "images"
        return inner if inner.is_dir() else folder


def _is_transparent(path: Path) -> bool:
    try:
        with Image.open(path) as image:
            if "A" not in image.mode:
                return False
            lowest = image.getchannel("A").getextrema()[0]
            return isinstance(lowest, int | float) and lowest < 255
    except Exception:  # whatever Pillow raises: it is no photo that says anything
        return False
