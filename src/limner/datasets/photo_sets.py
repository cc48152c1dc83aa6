"""Where the photos and masks of one set lie: in a zip, or as plain files in a folder."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

from limner.datasets.packed_photos import PackSet, is_pack, open_pack
from limner.errors import DataError

SUFFIXES = (".avif", ".jpg", ".jpeg", ".png", ".webp")
"""Of photos in plain folders."""

_UNREADABLE = (UnidentifiedImageError, OSError, SyntaxError, ValueError, Image.DecompressionBombError)


class PhotoSet(Protocol):
    """One set. Every method raises DataError where the photo or mask is missing or cannot be read."""

    def image(self, stem: str) -> Image.Image:
        """The photo, decoded, the right way up."""

    def mask(self, stem: str) -> Image.Image:
        """Its mask, decoded."""

    def image_mark(self, stem: str) -> str:
        """A short text that is another one when the photo's file is; read without decoding."""

    def mask_mark(self, stem: str) -> str:
        """The same of the mask's file."""


class ZipSet:
    """``<set>.zip`` with ``images/<stem>.avif`` and ``masks/<stem>.png``."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._zip: zipfile.ZipFile | None = None

    def image(self, stem: str) -> Image.Image:
        """See ``PhotoSet``."""
        return self._decoded(f"images/{stem}.avif")

    def mask(self, stem: str) -> Image.Image:
        """See ``PhotoSet``."""
        return self._decoded(f"masks/{stem}.png")

    def image_mark(self, stem: str) -> str:
        """See ``PhotoSet``."""
        return self._mark(f"images/{stem}.avif")

    def mask_mark(self, stem: str) -> str:
        """See ``PhotoSet``."""
        return self._mark(f"masks/{stem}.png")

    def _decoded(self, member: str) -> Image.Image:
        try:
            return _loaded(Image.open(io.BytesIO(self._opened(member).read(member))))
        except KeyError:
            raise self._lacks(member) from None
        except (zipfile.BadZipFile, *_UNREADABLE) as error:
            raise self._damaged(member, error) from None

    def _mark(self, member: str) -> str:
        try:
            info = self._opened(member).getinfo(member)
        except KeyError:
            raise self._lacks(member) from None
        return f"{info.CRC:08x}-{info.file_size}"

    def _opened(self, member: str) -> zipfile.ZipFile:
        if self._zip is None:
            try:
                self._zip = zipfile.ZipFile(self.path)
            except FileNotFoundError:
                raise DataError(
                    f"{self.path}: no such file, nor a folder {self.path.stem} with images, though the manifest lists "
                    "its photos"
                ) from None
            except (zipfile.BadZipFile, OSError) as error:
                raise self._damaged(member, error) from None
        return self._zip

    def _lacks(self, member: str) -> DataError:
        return DataError(f"{self.path}: holds no {member}, though the manifest lists it")

    def _damaged(self, member: str, error: Exception) -> DataError:
        return DataError(f"{self.path}: {member} cannot be read ({error}); fetch the file again")


class FolderSet:
    """``<set>/images/<stem>.<jpg, png, webp or avif>`` and ``<set>/masks/<stem>.png``."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._images = photos_in(folder / "images")

    def image(self, stem: str) -> Image.Image:
        """See ``PhotoSet``."""
        return open_photo(self._image_path(stem))

    def mask(self, stem: str) -> Image.Image:
        """See ``PhotoSet``."""
        return open_photo(self._mask_path(stem))

    def image_mark(self, stem: str) -> str:
        """See ``PhotoSet``. Files are told apart by size and time, so that a folder of any size opens at once."""
        return _file_mark(self._image_path(stem))

    def mask_mark(self, stem: str) -> str:
        """See ``PhotoSet``."""
        return _file_mark(self._mask_path(stem))

    def _image_path(self, stem: str) -> Path:
        if stem not in self._images:
            raise DataError(f"{self.folder / 'images'}: holds no photo {stem!r}, though the manifest lists it")
        return self._images[stem]

    def _mask_path(self, stem: str) -> Path:
        path = self.folder / "masks" / f"{stem}.png"
        if not path.is_file():
            raise DataError(f"{path}: no such file, though the manifest says that the photo has a mask")
        return path


def open_set(data: Path, name: str) -> PhotoSet:
    """The set ``name`` of the data folder.

    Raises:
        DataError: there is a zip and a folder of that name, so which counts would be a guess.
    """
    if is_pack(data):
        return PackSet(open_pack(data), name)
    path, folder = data / f"{name}.zip", data / name
    if not (folder / "images").is_dir():
        return ZipSet(path)
    if path.is_file():
        raise DataError(f"{path}: there is a folder {folder} as well; move one of them away")
    return FolderSet(folder)


def photos_in(folder: Path) -> dict[str, Path]:
    """The photos of a folder by their stem, in the order of their names; other files do not count.

    Raises:
        DataError: there is no such folder, or two photos share a stem.
    """
    if not folder.is_dir():
        raise DataError(f"{folder}: no such folder")
    found: dict[str, Path] = {}
    for path in sorted(folder.iterdir()):
        if is_photo(path):
            if path.stem in found:
                raise DataError(f"{path}: {found[path.stem].name} has the same name; rename one of them")
            found[path.stem] = path
    return found


def is_photo(path: Path) -> bool:
    """Whether it is a file with a photo's name, and not hidden."""
    return path.suffix.lower() in SUFFIXES and path.is_file() and not path.name.startswith(".")


def open_photo(path: Path) -> Image.Image:
    """A picture file, decoded, turned as its EXIF data says.

    Raises:
        DataError: it cannot be read.
    """
    try:
        return _loaded(Image.open(path))
    except _UNREADABLE as error:
        raise DataError(f"{path}: cannot be read as a picture ({error})") from None


def grey(image: Image.Image) -> NDArray[np.uint8]:
    """A mask picture as uint8 (H, W); 16 bits are brought down to 8."""
    if image.mode.startswith("I"):
        return np.asarray(np.clip(np.asarray(image).astype(np.int64) >> 8, 0, 255), np.uint8)
    return np.array(image.convert("L"), np.uint8)


def _loaded(image: Image.Image) -> Image.Image:
    image.load()
    return ImageOps.exif_transpose(image)


def _file_mark(path: Path) -> str:
    about = path.stat()
    return f"{about.st_mtime_ns:x}-{about.st_size}"
