"""Where photos are read from and results go: what local disks and buckets have in common, and which one an address
means."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Protocol

from limner.errors import MediaError

_SCHEME = re.compile(r"([a-zA-Z][a-zA-Z0-9+.-]*)(?:://|::)")
_GLOB = re.compile(r"[*?\[]")


class FaultError(MediaError):
    """A fault that may pass, such as that of a network: another try is worth it."""


@dataclass(frozen=True, slots=True)
class Found:
    """A file that is there.

    Attributes:
        address: of the file.
        below: its path below the folder that was named, with "/" between its parts; its name where none was.
        identity: changes whenever the file does.
        size: in bytes.
        span: where it lies within the file of that address (first byte, count), as in a tar; None is all of it.
        parts: what belongs to it in a tar of samples: (extension, first byte, count).
        member: its name in a tar.
    """

    address: str
    below: str
    identity: str
    size: int
    span: tuple[int, int] | None = None
    parts: tuple[tuple[str, int, int], ...] = ()
    member: str = ""

    @property
    def name(self) -> str:
        """What messages call it."""
        return f"{self.address}/{self.member}" if self.member else self.address


class Storage(Protocol):
    """One kind of place."""

    def find(self, address: str, output: str) -> Iterator[Found]:
        """The file, or all files of the folder or pattern but hidden ones and those below ``output``; sorted.

        Raises:
            MediaError: there is nothing of this name, or it cannot be listed.
        """

    def sizes(self, addresses: Iterable[str]) -> dict[str, int]:
        """Address -> bytes, of those that are there."""

    def read(self, address: str, span: tuple[int, int] | None = None) -> bytes:
        """The file's bytes, or those of ``span`` (first, count).

        Raises:
            MediaError: it cannot be read; a `FaultError` where another try is worth it.
        """

    def write(self, address: str, data: bytes) -> None:
        """Writes a file, whole or not at all.

        Raises:
            MediaError: it cannot be written; a `FaultError` where another try is worth it.
        """

    def put(self, address: str, file: Path) -> None:
        """As `write`, of what is in a local file, which may be gone afterwards."""

    def fetch(self, address: str, folder: Path) -> Path:
        """The file as one of this machine: itself, or a copy in ``folder`` that has the name's end.

        Raises:
            MediaError: it cannot be read; a `FaultError` where another try is worth it.
        """

    def remove(self, addresses: Iterable[str]) -> None:
        """Removes files, and local folders that are empty then; what cannot be removed stays."""

    def open(self, address: str) -> BinaryIO:
        """The file, to read and to seek in.

        Raises:
            MediaError: it cannot be read.
        """

    def check(self, address: str) -> None:
        """Results could be written below the address now.

        Raises:
            LimnerError: they could not.
        """


def scheme(address: str) -> str:
    """ "s3" of "s3://bucket/photo.jpg"; "" of a path."""
    found = _SCHEME.match(address)
    return found[1].lower() if found else ""


def is_pattern(address: str) -> bool:
    """Whether an address has the wildcards of a shell in it, and is no file of that very name."""
    kind = scheme(address)  # the "?" of a web address begins its query
    return (
        _GLOB.search(address) is not None
        and kind not in ("http", "https")
        and (bool(kind) or not Path(address).exists())
    )


def fixed_part(pattern: str) -> str:
    """The folder of a pattern, up to its first wildcard: results keep the paths below it."""
    found = _GLOB.search(pattern)
    return pattern if found is None else pattern[: found.start()].rpartition("/")[0]


def joined(folder: str, below: str) -> str:
    """The address of a path below a folder."""
    return f"{folder.rstrip('/')}/{below}"


def storage_of(address: str, *, parts: Path | None = None) -> Storage:
    """The storage that an address means.

    Args:
        parts: folder in which local results lie until they are whole.

    Raises:
        LimnerError: there is no such kind of address, or it needs a package that is not installed.
    """
    if scheme(address) in ("", "file"):
        from limner.batch.local_files import LocalFiles

        return LocalFiles(parts)
    from limner.batch.remote_files import RemoteFiles

    return RemoteFiles(address)
