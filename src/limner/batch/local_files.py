"""Files of this machine, and of disks that it shares with others."""

from __future__ import annotations

import contextlib
import glob
import os
import shutil
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import BinaryIO

from limner.batch.storage import FaultError, Found, fixed_part, is_pattern
from limner.errors import MediaError
from limner.places import check_folder
from limner.processing.planning import walk
from limner.suggestions import check_the_name
from limner.whole_file import aside, cannot_write

_PASSES = (TimeoutError, ConnectionError, InterruptedError, BlockingIOError)


def local_path(address: str) -> Path:
    """The path of a local address; "file://" before it is taken off."""
    return Path(address.removeprefix("file://"))


class LocalFiles:
    """See `limner.batch.storage.Storage`.

    Args:
        parts: folder in which results lie until they are whole, so that all that a kill leaves is found there; their
            own folder by default, and where that is another file system.
    """

    def __init__(self, parts: Path | None = None) -> None:
        self._parts = parts

    def find(self, address: str, output: str) -> Iterator[Found]:
        path = local_path(address)
        if is_pattern(address):
            yield from self._matching(str(path), output)
        elif path.is_dir():
            for file, below in walk(path, local_path(output)):
                yield _found(file, below.as_posix())
        elif path.exists():
            yield _found(path, path.name)
        else:
            raise MediaError(f"{address}: no such file or folder{check_the_name(path)}")

    def _matching(self, pattern: str, output: str) -> Iterator[Found]:
        root, results = Path(fixed_part(pattern)), local_path(output).resolve()
        empty = True
        for name in sorted(glob.iglob(pattern, recursive=True)):  # noqa: PTH207 - absolute patterns too
            path = Path(name)
            if path.is_file() and not path.resolve().is_relative_to(results):
                empty = False
                yield _found(path, path.relative_to(root).as_posix())
        if empty:
            raise MediaError(f"{pattern}: matches no file")

    def sizes(self, addresses: Iterable[str]) -> dict[str, int]:
        found = {}
        for address in addresses:
            try:
                found[address] = local_path(address).stat().st_size
            except OSError:
                continue
        return found

    def read(self, address: str, span: tuple[int, int] | None = None) -> bytes:
        path = local_path(address)
        try:
            with path.open("rb") as file:
                if span is None:
                    return file.read()
                file.seek(span[0])
                return file.read(span[1])
        except _PASSES as error:
            raise FaultError(f"{address}: cannot be read: {error.strerror or error}") from None
        except OSError as error:
            raise MediaError(f"{address}: cannot be read: {error.strerror or error}") from None

    def write(self, address: str, data: bytes) -> None:
        self._place(address, lambda partial: partial.write_bytes(data))

    def put(self, address: str, file: Path) -> None:
        self._place(address, lambda partial: shutil.copyfile(file, partial))

    def _place(self, address: str, fill: Callable[[Path], object]) -> None:
        target = Path(os.path.realpath(local_path(address)))
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            with aside(target, folder=self._beside(target)) as partial:
                fill(partial)
        except _PASSES as error:
            raise FaultError(*cannot_write(address, error).args) from None
        except OSError as error:
            raise cannot_write(address, error) from None

    def _beside(self, target: Path) -> Path | None:
        if self._parts is None:
            return None
        self._parts.mkdir(parents=True, exist_ok=True)
        return self._parts if self._parts.stat().st_dev == target.parent.stat().st_dev else None

    def fetch(self, address: str, folder: Path) -> Path:
        return local_path(address)

    def remove(self, addresses: Iterable[str]) -> None:
        for address in addresses:
            path = local_path(address)
            with contextlib.suppress(OSError):
                path.unlink(missing_ok=True)
                path.parent.rmdir()

    def open(self, address: str) -> BinaryIO:
        try:
            return local_path(address).open("rb")
        except OSError as error:
            raise MediaError(f"{address}: cannot be read: {error.strerror or error}") from None

    def check(self, address: str) -> None:
        check_folder(local_path(address), error=MediaError, option="to")


def _found(path: Path, below: str) -> Found:
    try:
        facts = path.stat()
    except OSError as error:
        raise MediaError(f"{path}: cannot be read: {error.strerror or error}") from None
    return Found(str(path), below, f"{facts.st_size}-{facts.st_mtime_ns}", facts.st_size)
