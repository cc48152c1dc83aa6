"""A packed data folder: one memory-mapped file with a manifest, decoded photos and masks, and a fingerprint."""

from __future__ import annotations

import csv
import io
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from limner.datasets.pixel_store import PixelStore, Stored
from limner.errors import DataError

SUFFIX = ".pack"
MANIFEST_KEY, FINGERPRINT_KEY = "manifest", "fingerprint"


def is_pack(path: Path) -> bool:
    """Whether a path names a packed data folder."""
    return path.suffix.lower() == SUFFIX and path.is_file()


def image_key(name: str, stem: str) -> str:
    """Under which a photo's pixels lie."""
    return f"image {name}/{stem}"


def mask_key(name: str, stem: str) -> str:
    """Under which a mask lies."""
    return f"mask {name}/{stem}"


class Pack:
    """A packed data folder, opened.

    Attributes:
        store: its arrays.
        fingerprint: of the photos, masks and rows that it was made of.

    Raises:
        DataError: it is damaged, or another kind of file.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.store = PixelStore.of_file(path)
        self.fingerprint = self._text(FINGERPRINT_KEY)

    def rows(self) -> list[dict[str, str]]:
        """The rows of its manifest."""
        return list(csv.DictReader(io.StringIO(self._text(MANIFEST_KEY), newline="")))

    def stored(self, key: str) -> Stored:
        """Where an array lies. Raises DataError where it is missing."""
        found = self.store.get(key)
        if found is None:
            raise DataError(f"{self.path}: is damaged: it holds no {key}; pack it again")
        return found

    def _text(self, key: str) -> str:
        return self.store.load(self.stored(key)).tobytes().decode("utf-8", "replace")


def open_pack(path: Path) -> Pack:
    """The pack of a file; it stays open, and is opened again when the file is another one."""
    about = path.stat()
    return _opened(path, about.st_mtime_ns, about.st_ino)


@lru_cache(maxsize=4)
def _opened(path: Path, _changed: int, _file: int) -> Pack:
    return Pack(path)


class PackSet:
    """One set of a pack; see ``limner.datasets.photo_sets.PhotoSet``."""

    def __init__(self, pack: Pack, name: str) -> None:
        self._pack, self._name = pack, name

    def image(self, stem: str) -> Image.Image:
        """See ``PhotoSet``. Photos of the kind exact have their alpha."""
        rgb, alpha = self._load(image_key(self._name, stem)), self._pack.store.get(mask_key(self._name, stem))
        if alpha is None or alpha.note is None or not alpha.note[2]:
            return Image.fromarray(rgb)
        return Image.fromarray(np.dstack([rgb, self._pack.store.load(alpha)]))

    def mask(self, stem: str) -> Image.Image:
        """See ``PhotoSet``."""
        return Image.fromarray(self._load(mask_key(self._name, stem)))

    def image_mark(self, stem: str) -> str:
        """See ``PhotoSet``."""
        return self._pack.fingerprint

    def mask_mark(self, stem: str) -> str:
        """See ``PhotoSet``."""
        return self._pack.fingerprint

    def _load(self, key: str) -> NDArray[np.uint8]:
        return np.array(self._pack.store.load(self._pack.stored(key)))
