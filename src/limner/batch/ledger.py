"""What is done: which result was made of which photo by which options. Survives `kill -9` at any moment."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from limner.batch.item import Item
from limner.errors import MediaError

_SCHEMA = """
CREATE TABLE IF NOT EXISTS done (
    target TEXT PRIMARY KEY, source TEXT NOT NULL, identity TEXT NOT NULL, options TEXT NOT NULL, size INTEGER NOT NULL
) WITHOUT ROWID
"""


class Ledger:
    """A file of SQLite, which one run at a time holds.

    A result is entered once it is in its place, so that the ledger never claims what is not there. Entries are not
    synced to the disk one by one: when the machine loses its power the last ones may be missing, and are done again.

    Args:
        path: is made, with its folder, where it is not there.
        look: make nothing; an absent ledger is one where nothing is done.

    Raises:
        MediaError: another run holds it, or it is no ledger.
    """

    def __init__(self, path: Path, *, look: bool = False) -> None:
        self.path = path
        self._file: sqlite3.Connection | None = None
        if look and not path.is_file():
            return
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file = sqlite3.connect(path, timeout=0, isolation_level=None, check_same_thread=False)
            self._file.execute("PRAGMA locking_mode = EXCLUSIVE")  # no shared memory: it works on network disks too
            self._file.execute("PRAGMA journal_mode = WAL")
            self._file.execute("PRAGMA synchronous = NORMAL")
            self._file.execute("BEGIN EXCLUSIVE")
            self._file.execute(_SCHEMA)
            self._file.execute("COMMIT")
        except (sqlite3.Error, OSError) as error:
            self.close()
            raise self._told(error) from None

    def _told(self, error: Exception) -> MediaError:
        if "locked" in str(error):
            return MediaError(f"{self.path}: another run of limner works on this batch; wait for its end")
        if isinstance(error, sqlite3.DatabaseError) and not isinstance(error, sqlite3.OperationalError):
            return MediaError(f"{self.path}: is no ledger, or damaged: {error}; remove it to start over")
        return MediaError(f"{self.path}: the ledger cannot be used: {error}; name another place with ‹state›")

    def size(self, item: Item, options: str) -> int | None:
        """Bytes of the item's result, if that was made of this photo by these options; else None."""
        if self._file is None:
            return None
        try:
            row = self._file.execute(
                "SELECT source, identity, options, size FROM done WHERE target = ?", (item.target,)
            ).fetchone()
        except sqlite3.Error as error:
            raise self._told(error) from None
        return row[3] if row is not None and row[:3] == (item.source, item.identity, options) else None

    def enter(self, done: Iterable[tuple[Item, int]], options: str) -> None:
        """Results that are in their places, with their sizes in bytes; all of them or, on an error, none.

        Raises:
            MediaError: the ledger cannot be written.
        """
        assert self._file is not None
        rows = [(item.target, item.source, item.identity, options, size) for item, size in done]
        try:
            self._file.execute("BEGIN")
            self._file.executemany("INSERT OR REPLACE INTO done VALUES (?, ?, ?, ?, ?)", rows)
            self._file.execute("COMMIT")
        except sqlite3.Error as error:
            with suppress(sqlite3.Error):
                self._file.execute("ROLLBACK")
            raise self._told(error) from None

    def close(self) -> None:
        """Lets go of the file."""
        if self._file is not None:
            with suppress(sqlite3.Error):
                self._file.close()
            self._file = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
