"""A folder that one run at a time writes into: the system holds the lock, and lets go of it however the run ends."""

from __future__ import annotations

import os
import time
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from limner.errors import LimnerError, MediaError
from limner.places import check_folder

try:
    import fcntl
except ImportError:  # no such locks there
    fcntl = None  # type: ignore[assignment]


class OneWriter:
    """Takes a folder for this run alone, as long as the block lasts. No file is left behind, not even by ``kill -9``.

    Two runs of one process exclude each other as well. Where a file system has no locks, nobody is kept out.

    Args:
        folder: is made, with its parents, where it is not there; if it is still empty in the end it goes again.
        error: the kind that is raised.
        wait: seconds to wait for another run.

    Raises:
        LimnerError: of that kind: another run writes into it, or it cannot be made.
    """

    def __init__(self, folder: Path, *, error: type[LimnerError] = MediaError, wait: float = 0) -> None:
        self.folder = folder
        self._made = [place for place in (folder, *folder.parents) if not place.exists()]
        try:
            check_folder(folder, error=error)
            folder.mkdir(parents=True, exist_ok=True)
            self._handle = os.open(folder, os.O_RDONLY)
        except BaseException as fault:
            self._go()
            if not isinstance(fault, OSError):
                raise
            raise error(f"{folder}: the folder cannot be made or read: {fault.strerror or fault}") from None
        try:
            until = time.monotonic() + wait
            while not self._taken():
                if time.monotonic() < until:
                    time.sleep(0.02)
                    continue
                raise error(f"{folder}: another run of limner writes into it; wait for its end, or name another folder")
        except BaseException:
            os.close(self._handle)
            raise

    def _taken(self) -> bool:
        if fcntl is None:
            return True
        try:
            fcntl.flock(self._handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        except OSError:  # some network file systems
            return True
        with suppress(OSError):
            return os.path.samestat(os.fstat(self._handle), self.folder.stat())
        return False  # another run put its result in this place meanwhile

    @property
    def made(self) -> bool:
        """Whether the folder was not there before."""
        return bool(self._made)

    def release(self) -> None:
        """Lets go of it; nothing where that was done."""
        if self._handle < 0:
            return
        self._go()
        os.close(self._handle)
        self._handle = -1

    def _go(self) -> None:
        with suppress(OSError):
            for place in self._made:
                place.rmdir()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()
