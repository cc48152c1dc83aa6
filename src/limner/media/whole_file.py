"""Media files that appear whole or not at all, and devices and pipes, which are written to directly."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from limner.errors import MediaError
from limner.whole_file import aside


@contextmanager
def whole_file(target: str | Path) -> Iterator[BinaryIO]:
    """A binary file to write into; it takes the name `target` when the block ends, and vanishes if the block fails.

    It lies in the same folder until then. A device or pipe is written to directly, and a link is followed.

    Raises:
        MediaError: the file cannot be written there.
    """
    path = Path(target)
    try:
        # Before links are followed: /dev/stdout leads to a pipe that has no name.
        if path.exists() and not stat.S_ISREG(path.stat().st_mode):
            if path.is_dir():
                raise MediaError(f"{target}: is a folder; name a file in it")
            with path.open("wb") as device:
                yield device
            return
        path = Path(os.path.realpath(target))
        if not path.parent.is_dir():
            raise MediaError(f"{target}: there is no folder {path.parent}; make it first")
        with aside(path) as partial, partial.open("w+b") as file:
            yield file
            file.flush()
    except OSError as error:
        raise MediaError(f"{target}: cannot be written: {error.strerror or error}") from None
