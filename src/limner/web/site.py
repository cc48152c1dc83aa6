"""What lies where: the built page and the models, each file with the forms it comes in."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from limner.errors import LimnerError
from limner.web.headers import REVALIDATE, cache_rule, content_type
from limner.web.shelf import RUNNABLE, Shelf, shelve

PAGE = Path(__file__).with_name("static")
"""Where `make web` builds the page."""
MODELS = "models/"
INDEX = "index.html"
_CODED = {"br": ".br", "gzip": ".gz"}
"""Coding -> suffix of the file beside the original that has it."""


class NotBuiltError(LimnerError):
    """The page is not there."""


@dataclass(frozen=True, slots=True)
class Resource:
    """A file of the site.

    Attributes:
        kind: its content type.
        cache: value of Cache-Control.
        forms: coding -> the file, or its bytes; "identity" is always there.
    """

    kind: str
    cache: str
    forms: Mapping[str, Path | bytes]


class Site:
    """The page's folder and the models. Files are looked up when they are asked for, so a page may be built again.

    Args:
        page: the folder with index.html; ``PAGE`` where it is None.
        own: a folder of one's own models; read again when the index is asked for and the folder has changed.

    Raises:
        NotBuiltError: there is no page.
        OptionError, ModelError: of ``shelve``.
    """

    def __init__(self, page: Path | None = None, *, own: Path | None = None) -> None:
        page = PAGE if page is None else page
        if not (page / INDEX).is_file():
            raise NotBuiltError(
                "the page is not built: run `make web` in Limner's checkout once (it needs Node), or install a wheel"
            )
        self.page, self._own = page.resolve(), own
        self._shelf, self._state = shelve(own), _state(own)
        self._lock = threading.Lock()

    @property
    def shelf(self) -> Shelf:
        """The models as they are now. Where a changed folder cannot be used, as they were."""
        with self._lock:
            state = _state(self._own)
            if state != self._state:
                self._state = state
                try:
                    self._shelf = shelve(self._own)
                except LimnerError:
                    return self._shelf
            return self._shelf

    def find(self, path: str) -> Resource | None:
        """What lies at ``path``, which has neither empty parts nor ``..``; None where there is nothing."""
        if path.startswith(MODELS):
            name = path.removeprefix(MODELS)
            shelf = self.shelf if name == "index.json" else self._shelf
            form = shelf.files.get(name)
            return None if form is None else Resource(content_type(path), REVALIDATE, {"identity": form})
        file = self._file(path)
        if file is None or self._is_coded(file):
            return None
        coded = {coding: self._file(path + suffix) for coding, suffix in _CODED.items()}
        forms: dict[str, Path | bytes] = {coding: form for coding, form in coded.items() if form is not None}
        return Resource(content_type(path), cache_rule(path), {**forms, "identity": file})

    def page_files(self) -> list[str]:
        """Paths of all files of the page, sorted, compressed forms included."""
        files = (file.relative_to(self.page) for file in self.page.rglob("*") if file.is_file())
        return sorted(file.as_posix() for file in files if not any(part.startswith(".") for part in file.parts))

    def _file(self, path: str) -> Path | None:
        """The regular file at ``path``, if it lies in the page's folder, links followed."""
        try:
            file = (self.page / path).resolve(strict=True)
        except (OSError, RuntimeError):  # links that lead round are the latter until Python 3.13
            return None
        return file if file.is_relative_to(self.page) and file.is_file() else None

    def _is_coded(self, file: Path) -> bool:
        """Whether a file is only another form of the one beside it."""
        return file.suffix in _CODED.values() and file.with_suffix("").is_file()


def _state(folder: Path | None) -> object:
    """What changes when a model of a folder, or a card, does."""
    if folder is None:
        return None
    try:
        found = [path for path in folder.iterdir() if path.suffix.lower() in (*RUNNABLE, ".json")]
        found += [part for path in found if path.is_dir() for part in path.iterdir()]
        return sorted((str(path), path.stat().st_mtime_ns, path.stat().st_size) for path in found)
    except OSError:
        return None
