"""Where results may go, found out before the work: places that can be written, and that hold nothing that is read."""

from __future__ import annotations

import os
import stat
import tempfile
from collections.abc import Iterable
from pathlib import Path

from limner.errors import LimnerError, MediaError, OptionError
from limner.whole_file import cannot_write


class RealPaths:
    """``os.path.realpath`` for very many files of few folders: each folder is looked at once."""

    def __init__(self) -> None:
        self._folders: dict[str, str] = {}

    def __call__(self, path: str | Path) -> str:
        """The path with all links followed, absolute."""
        folder, name = os.path.split(path)
        if name in ("", ".", ".."):
            return os.path.realpath(path)
        if folder not in self._folders:
            self._folders[folder] = os.path.realpath(folder)
        whole = os.path.join(self._folders[folder], name)  # noqa: PTH118 - pathlib takes five times as long
        return os.path.realpath(whole) if os.path.islink(whole) else whole  # noqa: PTH114


def check_file(target: Path, *, error: type[LimnerError] = MediaError, option: str = "") -> None:
    """A result file could be written there now: what would otherwise be found out when all the work is done.

    Args:
        target: is followed where it is a link. A device or pipe is taken as it is.
        error: the kind that is raised.
        option: that named it, such as "report", for the error.

    Raises:
        LimnerError: of that kind: it is a folder, or its folder is missing or cannot be written to.
    """
    told = f"‹{option}› {target}" if option else str(target)
    path, parent = Path(os.path.realpath(target)), target.parent
    if path.is_dir():
        raise error(f"{told}: is a folder; name a file in it")
    if path.exists() and not stat.S_ISREG(path.stat().st_mode):
        return
    if not path.parent.exists():
        raise error(f"{told}: the folder {parent} does not exist; make it first")
    if not path.parent.is_dir():
        raise error(f"{told}: {parent} is not a folder; name another place")
    _try(path.parent, told, error)


def check_folder(folder: Path, *, error: type[LimnerError] = OptionError, option: str = "") -> None:
    """Files could be written into the folder now, which is made first, with its parents, where it is not there.

    Raises:
        LimnerError: of the kind ``error``: it is a file, or neither it nor what it would be made in can be written to.
    """
    told = f"‹{option}› {folder}" if option else str(folder)
    there = Path(os.path.realpath(folder))
    while not there.exists() and there != there.parent:
        there = there.parent
    if not there.is_dir():
        what = "is a file" if folder.exists() else f"{there} is not a folder"
        raise error(f"{told}: {what}; name another folder")
    _try(there, told, error)


def _try(folder: Path, told: str, error: type[LimnerError]) -> None:
    """Whether a file can be made there, by making one: rights alone do not tell of full and of read-only disks."""
    try:
        handle, name = tempfile.mkstemp(prefix=".limner-", dir=folder)
        os.close(handle)
        Path(name).unlink()
    except OSError as fault:
        raise error(*cannot_write(told, fault, "name another place").args) from None


def refuse_to_replace(
    targets: Iterable[Path], files: Iterable[Path], *, folder: Path | None = None, option: str = "output"
) -> None:
    """
    Args:
        targets: the results.
        files: what is read for them; those that do not exist do not matter.
        folder: all that is in it is read for them, too, such as a data folder.
        option: that named the results.

    Raises:
        OptionError: one of the results would replace a file that is read for it.
    """
    read = [path for path in files if path.exists()]
    for target in filter(Path.exists, targets):
        if any(target.samefile(path) for path in read):
            raise OptionError(f"‹{option}› {target}: is read as well; name another place")
        if folder is not None and target.resolve().is_relative_to(folder.resolve()) and target.is_file():
            raise OptionError(f"‹{option}› {target}: is a file of {folder}, which is read; name another place")
