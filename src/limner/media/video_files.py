"""Where results go: names that can be written, and files that appear whole or not at all."""

from __future__ import annotations

import errno
import os
import secrets
from pathlib import Path

from limner.errors import MediaError
from limner.whole_file import shortened

_REMEDY = {
    errno.ENOSPC: "free some space or name another disk",
    errno.EDQUOT: "free some space or name another disk",
    errno.EFBIG: "the disk or a limit allows no larger file; name another disk",
    errno.EACCES: "make the folder writable or name another",
    errno.EROFS: "name another disk",
}


def check_target(target: Path, source: Path | None = None) -> None:
    """
    Raises:
        MediaError: `target` is `source`, or its folder is missing or cannot be written to.
    """
    folder = target.parent
    if source is not None and target.exists() and source.exists() and target.samefile(source):
        raise MediaError(f"{target}: is the clip itself; name another file for the result")
    if not folder.exists():
        raise MediaError(f"{target}: the folder {folder} does not exist; make it first")
    if not folder.is_dir():
        raise MediaError(f"{target}: {folder} is not a folder; name another place")
    if not os.access(folder, os.W_OK | os.X_OK):
        raise MediaError(f"{target}: permission denied in {folder}; make it writable or name another folder")


def aside(target: Path) -> Path:
    """A hidden name that is free, in the same folder, so that renaming it to `target` is a single step."""
    return target.with_name(f".{shortened(target.name.replace('%', ''))}.{secrets.token_hex(4)}.part")


def cannot_write(target: Path, error: OSError | Exception, fate: str = "nothing was kept") -> MediaError:
    """The one-line error for a failed write; `fate` is what it says where there is no remedy."""
    number = getattr(error, "errno", None)
    reason = getattr(error, "strerror", None) or str(error)
    remedy = _REMEDY.get(number, fate) if isinstance(number, int) else fate
    return MediaError("; ".join(filter(None, (f"{target}: cannot be written: {reason}", remedy))))
