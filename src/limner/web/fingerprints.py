"""SHA-256 of files, computed once for each state of a file."""

from __future__ import annotations

import hashlib
import os
import threading
from io import BufferedReader, BytesIO

Body = BufferedReader | BytesIO
"""Bytes that can be read from any place of theirs: of a file, or made here."""
_State = tuple[int, int, int, int]


class Fingerprints:
    """Remembers them by device, inode, size and time of change, so that a file that is replaced gets another one."""

    def __init__(self) -> None:
        self._known: dict[_State, str] = {}
        self._lock = threading.Lock()

    def of(self, file: Body) -> str:
        """64 hex digits of all that is in ``file``, which stands at its beginning, and does so again afterwards."""
        if isinstance(file, BytesIO):
            return hashlib.sha256(file.getbuffer()).hexdigest()
        status = os.fstat(file.fileno())
        state = (status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns)
        with self._lock:
            found = self._known.get(state)
        if found is None:
            found = hashlib.file_digest(file, "sha256").hexdigest()
            file.seek(0)
            with self._lock:
                self._known[state] = found
        return found
