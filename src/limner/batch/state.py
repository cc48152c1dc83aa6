"""The folder in which a batch keeps what it needs to go on: ledger, failures, notices and unfinished results."""

from __future__ import annotations

import contextlib
import hashlib
import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import TextIO

from limner.batch.local_files import local_path
from limner.batch.request import BatchRequest
from limner.batch.storage import scheme
from limner.cache import cache_folder
from limner.errors import MediaError
from limner.places import check_folder
from limner.whole_file import cannot_write

NAME = ".limner-batch"
"""Of the folder, in that of the results; hidden, so that it is no input of a later run."""


def kept_for(to: str) -> Path:
    """Where the state of a batch is whose results go to a bucket: in the cache folder of this machine."""
    return cache_folder() / "batch" / hashlib.sha256(to.rstrip("/").encode()).hexdigest()[:16]


class State:
    """The folder's parts. Nothing is made before the first line is added.

    Attributes:
        ledger: path of the ledger.
        failures: path of the list of failures, JSON lines with "input", "output" and "reason"; there only where there
            are any.
        notices: path of the list of notices, JSON lines with "input" and "notice"; likewise.
        parts: folder of local results until they are whole.
        spool: folder of results that wait for their shard.
        pieces: folder of the pieces of local videos until these are joined.
    """

    def __init__(self, request: BatchRequest) -> None:
        local = scheme(request.to) in ("", "file")
        home = local_path(request.folder) / NAME if local else kept_for(request.to)
        self.folder, self.parts = request.state or home, home / "parts"
        self.spool, self.pieces = self.folder / "spool", home / "pieces"
        self.ledger = self.folder / "ledger.sqlite"
        self.failures, self.notices = self.folder / "failures.jsonl", self.folder / "notices.jsonl"
        self._open: dict[Path, TextIO] = {}

    def check(self) -> None:
        """
        Raises:
            MediaError: it cannot be made or written to.
        """
        check_folder(self.folder, error=MediaError, option="state")

    def begin(self) -> None:
        """Removes what earlier runs said, and what those that were killed left unfinished."""
        shutil.rmtree(self.parts, ignore_errors=True)
        for path in (self.failures, self.notices):
            path.unlink(missing_ok=True)

    def add(self, path: Path, line: Mapping[str, object]) -> None:
        """A line at the end of `failures` or `notices`; there at once, whatever becomes of this run.

        Raises:
            MediaError: it cannot be written.
        """
        try:
            if path not in self._open:
                self._open[path] = path.open("a", encoding="utf-8")
            file = self._open[path]
            file.write(json.dumps(line, ensure_ascii=False) + "\n")
            file.flush()
        except OSError as error:
            raise cannot_write(path, error) from None

    def end(self, *, whole: bool = False) -> None:
        """Closes the lists, and removes what is empty now, or where the batch is whole of no more use."""
        for file in self._open.values():
            with contextlib.suppress(OSError):
                file.close()
        self._open.clear()
        shutil.rmtree(self.parts, ignore_errors=True)
        if whole:  # pieces of another length, say, of a video that has changed
            shutil.rmtree(self.pieces, ignore_errors=True)
        for folder in (self.spool, self.pieces, self.parts.parent):
            with contextlib.suppress(OSError):
                folder.rmdir()
