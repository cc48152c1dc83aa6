"""The pixel store: decoded arrays under a cache folder, found by what they were decoded from, shared by processes."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from limner.errors import DataError
from limner.whole_file import aside

_TAIL = 8
_SUFFIX = ".pixels"


@dataclass(frozen=True, slots=True)
class Stored:
    """Where an array lies, its shape, and what was noted of it."""

    segment: int
    offset: int
    shape: tuple[int, ...]
    note: Any


class PixelStore:
    """A folder of segments: files of arrays one behind another, then what they are as JSON, then that text's length.

    A segment appears whole or not at all and never changes, so any number of processes may read and add at once, and
    what was added before an interruption stays. Its name is a hash of its keys: two processes that decode the same
    photos write the same file.

    Raises:
        DataError: a segment cannot be read.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._paths: list[Path] = []
        self._segments: list[NDArray[np.uint8]] = []
        self._found: dict[str, Stored] = {}
        self.reload()

    @classmethod
    def of_file(cls, path: Path) -> PixelStore:
        """A store of one file that lies anywhere.

        Raises:
            DataError: it cannot be read.
        """
        store = cls(path / "none")
        store._open(path, remedy="pack it again")
        return store

    def reload(self) -> None:
        """Find the segments that were added since."""
        known = set(self._paths)
        for path in sorted(self.folder.glob(f"*{_SUFFIX}")):
            if path not in known:
                self._open(path)

    def get(self, key: str) -> Stored | None:
        """Where the array of ``key`` lies, or None."""
        return self._found.get(key)

    def load(self, stored: Stored) -> NDArray[np.uint8]:
        """The array, a read-only view of the file."""
        end = stored.offset + int(np.prod(stored.shape))
        return self._segments[stored.segment][stored.offset : end].reshape(stored.shape)

    def clean(self, keys: Collection[str]) -> int:
        """Delete the segments that hold none of ``keys``. Gives the number of bytes; processes that read them go on."""
        used = {self._found[key].segment for key in keys if key in self._found}
        freed = 0
        for number, path in enumerate(self._paths):
            if number not in used:
                freed += len(self._segments[number])
                path.unlink(missing_ok=True)
        return freed

    def _open(self, path: Path, *, remedy: str = "delete it, and its photos are decoded again") -> None:
        try:
            content = np.asarray(np.memmap(path, np.uint8, "r"))  # plain views cut faster
            length = int.from_bytes(content[-_TAIL:].tobytes(), "little")
            listed = json.loads(content[-_TAIL - length : -_TAIL].tobytes())
            number = len(self._segments)
            found = {key: Stored(number, offset, tuple(shape), note) for key, offset, shape, note in listed}
        except (OSError, ValueError, TypeError) as error:
            raise DataError(f"{path}: is damaged ({error}); {remedy}") from None
        self._paths.append(path)
        self._segments.append(content)
        self._found |= found


def write_segment(folder: Path, keys: Sequence[str], arrays: Iterable[tuple[str, NDArray[np.uint8], Any]]) -> None:
    """Add a segment to the store in ``folder``.

    Args:
        keys: of all its arrays.
        arrays: each array's key, the array and what to note of it, as JSON values.

    Raises:
        DataError: the folder cannot be written, or the disk is full.
    """
    name = hashlib.sha256("\n".join(keys).encode()).hexdigest()[:16]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with aside(folder / f"{name}{_SUFFIX}") as partial, partial.open("wb") as file:
            write_arrays(file, arrays)
    except OSError as error:
        reason = error.strerror or str(error)
        raise DataError(
            f"{folder}: decoded photos cannot be kept there ({reason}); free some space or choose another ‹cache›"
        ) from None


def write_arrays(file: BinaryIO, arrays: Iterable[tuple[str, NDArray[np.uint8], Any]]) -> None:
    """Write arrays one behind another, then what they are; see ``write_segment``."""
    listed, offset = [], 0
    for key, array, note in arrays:
        file.write(array.data if array.flags.c_contiguous else array.tobytes())
        listed.append((key, offset, array.shape, note))
        offset += array.size
    text = json.dumps(listed).encode()
    file.write(text + len(text).to_bytes(_TAIL, "little"))


def leftovers(cache: Path, current: Path) -> list[Path]:
    """Folders of decoded photos under ``cache`` that other versions of Limner made, in their own formats.

    Args:
        current: the folder of this version.
    """
    version = current.name.rpartition("-")[0]
    return [
        path for path in sorted(cache.glob("photos-*")) if path.is_dir() and path.name.rpartition("-")[0] != version
    ]


def remove(folders: Iterable[Path]) -> int:
    """Delete these folders. Gives the number of bytes."""
    freed = 0
    for folder in folders:
        freed += size_of(folder)
        shutil.rmtree(folder, ignore_errors=True)
    return freed


def size_of(folder: Path) -> int:
    """Bytes of the files in a folder."""
    return sum(path.stat().st_size for path in folder.iterdir() if path.is_file())
