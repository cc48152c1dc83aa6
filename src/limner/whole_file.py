"""Files that appear whole or not at all: written aside in their folder, then renamed; devices get theirs directly."""

from __future__ import annotations

import errno
import os
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from limner.errors import MediaError

_REMEDY = {
    errno.ENOSPC: "free some space or name another disk",
    errno.EDQUOT: "free some space or name another disk",
    errno.EFBIG: "the disk or a limit allows no larger file; name another disk",
    errno.EACCES: "make the folder writable or name another",
    errno.EROFS: "name another disk",
}


@contextmanager
def aside(target: str | Path, *, folder: Path | None = None) -> Iterator[Path]:
    """An empty file to write; it takes the name ``target`` when the block ends, and vanishes if the block fails.

    It gets the permissions of the file it replaces, or those of an ordinary new file. A link is followed.

    Args:
        folder: where it lies until then, on the same file system; the target's own by default.

    Raises:
        OSError: the file cannot be written there.
    """
    path = Path(os.path.realpath(target))
    handle, name = tempfile.mkstemp(dir=folder or path.parent, prefix=f".{shortened(path.name)}.", suffix=".part")
    os.close(handle)
    partial = Path(name)
    try:
        yield partial
        partial.chmod(_mode(path))
        partial.replace(path)
    finally:
        with suppress(OSError):
            partial.unlink()


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
        raise cannot_write(target, error) from None


@contextmanager
def writing(target: str | Path) -> Iterator[None]:
    """Makes one line of what the system says where the block cannot write ``target``.

    Raises:
        MediaError: instead of any OSError.
    """
    try:
        yield
    except OSError as error:
        raise cannot_write(target, error) from None


def cannot_write(target: str | Path, error: Exception, fate: str = "") -> MediaError:
    """The one-line error for a failed write; `fate` is what it says where there is no remedy."""
    number = getattr(error, "errno", None)
    reason = getattr(error, "strerror", None) or str(error)
    remedy = _REMEDY.get(number, fate) if isinstance(number, int) else fate
    return MediaError("; ".join(filter(None, (f"{target}: cannot be written: {reason}", remedy))))


def shortened(name: str) -> str:
    """The beginning of a file name, 80 bytes at most: systems allow 255 bytes, and an emoji takes four of them."""
    return name.encode("utf-8", "surrogateescape")[:80].decode("utf-8", "ignore")


def whole_text(target: str | Path, text: str) -> None:
    """Write ``text`` as UTF-8, whole or not at all; its line ends stay as they are."""
    with aside(target) as partial:
        partial.write_bytes(text.encode("utf-8"))


def _mode(path: Path) -> int:
    """Permissions of the file that is replaced, or those that a new file gets here."""
    with suppress(OSError):
        return stat.S_IMODE(path.stat().st_mode)
    mask = os.umask(0)
    os.umask(mask)
    return 0o666 & ~mask
