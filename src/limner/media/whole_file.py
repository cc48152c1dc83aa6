"""Output files that appear whole or not at all."""

from __future__ import annotations

import os
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from limner.errors import MediaError


@contextmanager
def whole_file(target: str | Path) -> Iterator[BinaryIO]:
    """A binary file to write into; it takes the name `target` when the block ends, and vanishes if the block fails.

    It lies in the same folder until then. A device or pipe is written to directly, and a link is followed.

    Raises:
        MediaError: the file cannot be written there.
    """
    path = Path(os.path.realpath(target))
    aside: Path | None = None
    try:
        if path.exists() and not stat.S_ISREG(path.stat().st_mode):
            if path.is_dir():
                raise MediaError(f"{target}: is a folder; name a file in it")
            with path.open("wb") as device:
                yield device
            return
        if not path.parent.is_dir():
            raise MediaError(f"{target}: there is no folder {path.parent}; make it first")
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.stem[:80]}.", suffix=f".part{path.suffix}")
        aside = Path(name)
        with os.fdopen(handle, "w+b") as file:
            yield file
        aside.chmod(_mode(path))
        aside.replace(path)
    except OSError as error:
        raise MediaError(f"{target}: cannot be written: {error.strerror or error}") from None
    finally:
        if aside is not None:
            with suppress(OSError):
                aside.unlink()


def _mode(path: Path) -> int:
    """Permissions of the file that is replaced, or those that a new file gets here."""
    with suppress(OSError):
        return stat.S_IMODE(path.stat().st_mode)
    mask = os.umask(0)
    os.umask(mask)
    return 0o666 & ~mask
