"""The photos below a folder, found by what an annotation calls them: a path, the end of one, or a name alone."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from limner.datasets.photo_sets import SUFFIXES

READABLE = (*SUFFIXES, ".bmp", ".tif", ".tiff")
"""Endings of photos that a layout may hold. Those that training does not read become PNG."""


def photo_files(folder: Path) -> Iterator[Path]:
    """The photos in a folder and all below it, in order; hidden files and folders do not count."""
    for place, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith((".", "__MACOSX")))
        for name in sorted(files):
            if name.lower().endswith(READABLE) and not name.startswith("."):
                yield Path(place, name)


class PhotoIndex:
    """Finds photos below a folder.

    Args:
        folder: where they lie.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._by_name: dict[str, list[Path]] = {}
        for path in photo_files(folder):
            self._by_name.setdefault(path.name, []).append(path)

    def all(self) -> list[Path]:
        """Every photo."""
        return [path for paths in self._by_name.values() for path in paths]

    def find(self, said: str, *hints: str) -> Path:
        """The photo that an annotation calls ``said``; the path where it should be if there is none.

        Args:
            hints: names of folders that it probably lies in, where several photos have its name.
        """
        wanted = PurePosixPath(said.replace("\\", "/"))
        found = self._by_name.get(wanted.name, [])
        if not found:
            return self.folder / said.lstrip("/\\")
        return max(found, key=lambda path: (_shared(path.parts, wanted.parts), _hinted(path.parts, hints)))


def _shared(parts: tuple[str, ...], wanted: tuple[str, ...]) -> int:
    """How many names, from the end, the two paths share."""
    count = 0
    for mine, other in zip(reversed(parts), reversed(wanted), strict=False):
        if mine != other:
            break
        count += 1
    return count


def _hinted(parts: tuple[str, ...], hints: tuple[str, ...]) -> int:
    return sum(hint in parts for hint in hints)
