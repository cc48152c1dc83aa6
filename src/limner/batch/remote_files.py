"""Buckets and other places that fsspec knows: s3://, gs://, az://, https://, zip archives in any of them, …"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO, NoReturn
from urllib.parse import urlsplit

from limner.batch.storage import FaultError, Found, fixed_part, is_pattern, scheme
from limner.errors import MediaError, MissingExtraError, OptionError

_OBJECTS = frozenset(["s3", "s3a", "gs", "gcs", "az", "abfs", "abfss", "adl", "oci", "oss", "memory"])
"""Places where an object appears when all of it is there, as results must."""
_WEB = ("http", "https")
_VERSION = ("ETag", "etag", "md5Hash", "content_md5", "md5", "crc32c", "CRC")
_TIME = ("LastModified", "last_modified", "mtime", "modified", "updated", "created")
_LASTING = (FileNotFoundError, PermissionError, NotADirectoryError, IsADirectoryError, NotImplementedError, ImportError)
_EXTRAS = {"s3": ("s3fs", "s3"), "s3a": ("s3fs", "s3")}


class RemoteFiles:
    """See `limner.batch.storage.Storage`.

    Args:
        address: any of the place.

    Raises:
        MissingExtraError: fsspec, or what it needs for s3://, is not installed.
        OptionError: there is no such kind of address, or it needs a package that is not installed.
    """

    def __init__(self, address: str) -> None:
        self._kind = scheme(address)
        self._fs, _ = _opened(address)
        first, chained, rest = address.partition("::")
        inner = "://" not in first and chained  # simplecache::s3://bucket/…
        self._before = f"{first}::" if inner else ""
        self._after = f"::{rest}" if chained and not inner else ""

    def find(self, address: str, output: str) -> Iterator[Found]:
        _, path = _opened(address)
        try:
            if self._kind in _WEB:
                facts = self._fs.info(path)
                yield Found(
                    address, urlsplit(address).path.rpartition("/")[2] or "index", _identity(facts), _size(facts)
                )
                return
            self._fs.invalidate_cache()
            found, top = self._listed(address, path)
        except Exception as error:
            _cannot(address, "read", error)
        results = _opened(output)[1].rstrip("/") + "/" if scheme(output) == self._kind else None
        if results == path.rstrip("/") + "/":
            results = None
        for name in sorted(found):
            if found[name].get("type") == "directory":
                continue
            below = name.removeprefix(top).lstrip("/")
            hidden = any(part.startswith(".") for part in below.split("/"))
            if not hidden and not (results and name.startswith(results)):
                yield Found(self._address(name), below, _identity(found[name]), _size(found[name]))

    def _listed(self, address: str, path: str) -> tuple[Mapping[str, Any], str]:
        """Name -> facts, and the folder that their paths are told below."""
        if is_pattern(address):
            return self._fs.glob(path, detail=True), fixed_part(path)
        facts = self._fs.info(path)
        if facts["type"] != "directory":
            return {facts["name"]: facts}, facts["name"].rpartition("/")[0]
        return self._fs.find(path, detail=True), path.rstrip("/")

    def _address(self, name: str) -> str:
        return f"{self._before}{self._fs.unstrip_protocol(name)}{self._after}"

    def sizes(self, addresses: Iterable[str]) -> dict[str, int]:
        asked = {_opened(address)[1]: address for address in addresses}
        if not asked:
            return {}
        top = _folder_of_all(min(asked), max(asked))
        try:
            self._fs.invalidate_cache()
            found = self._fs.find(top, detail=True)
        except FileNotFoundError:
            return {}
        except Exception as error:
            _cannot(top, "read", error)
        return {asked[name]: _size(facts) for name, facts in found.items() if name in asked}

    def read(self, address: str, span: tuple[int, int] | None = None) -> bytes:
        start, end = (None, None) if span is None else (span[0], span[0] + span[1])
        try:
            return bytes(self._fs.cat_file(_opened(address)[1], start=start, end=end))
        except Exception as error:
            _cannot(address, "read", error)

    def write(self, address: str, data: bytes) -> None:
        try:
            self._fs.pipe_file(_opened(address)[1], data)
        except Exception as error:
            _cannot(address, "written", error)

    def put(self, address: str, file: Path) -> None:
        try:
            self._fs.put_file(str(file), _opened(address)[1])
        except Exception as error:
            _cannot(address, "written", error)

    def fetch(self, address: str, folder: Path) -> Path:
        copy = folder / f"source{Path(urlsplit(address).path).suffix}"
        try:
            self._fs.get_file(_opened(address)[1], str(copy))
        except Exception as error:
            _cannot(address, "read", error)
        return copy

    def remove(self, addresses: Iterable[str]) -> None:
        for address in addresses:
            with contextlib.suppress(Exception):
                self._fs.rm_file(_opened(address)[1])

    def open(self, address: str) -> BinaryIO:
        try:
            opened: BinaryIO = self._fs.open(_opened(address)[1], "rb")
            return opened
        except Exception as error:
            _cannot(address, "read", error)

    def check(self, address: str) -> None:
        if self._kind in _WEB:
            raise OptionError(f"‹to› {address}: {self._kind} can only be read; name a bucket or a folder")
        if self._kind not in _OBJECTS or self._after or self._before:
            kinds = ", ".join(f"{kind}://" for kind in ("s3", "gs", "az"))
            raise OptionError(f"‹to› {address}: results could be half-written there; name {kinds} or a folder")
        probe = f"{address.rstrip('/')}/.limner-probe"
        self.write(probe, b"")
        self.remove([probe])  # which who may only write cannot


def _opened(address: str) -> tuple[Any, str]:
    """fsspec's file system for an address, the same one each time, and the path in it."""
    try:
        from fsspec.core import url_to_fs
    except ImportError:
        raise MissingExtraError(f"{scheme(address)}://", "fsspec", "batch") from None
    try:
        opened: tuple[Any, str] = url_to_fs(address)
        return opened
    except ImportError as error:
        kind = scheme(address)
        if kind in _EXTRAS:
            raise MissingExtraError(f"{kind}://", *_EXTRAS[kind]) from None
        raise OptionError(f"{address}: {kind}:// needs a package that is not installed: {error}") from None
    except Exception as error:
        raise OptionError(f"{address}: cannot be opened: {_one_line(error)}") from None


def _cannot(address: str, done: str, error: Exception) -> NoReturn:
    if isinstance(error, MediaError | OptionError):
        raise error
    kind = MediaError if isinstance(error, _LASTING) else FaultError
    reason = "no such file or folder" if isinstance(error, FileNotFoundError) else _one_line(error)
    raise kind(f"{address}: cannot be {done}: {reason}") from None


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split()) or type(error).__name__


def _identity(facts: Mapping[str, Any]) -> str:
    said = next((str(facts[key]) for key in (*_VERSION, *_TIME) if facts.get(key)), "")
    return f"{facts.get('size')}-{said}"


def _size(facts: Mapping[str, Any]) -> int:
    return int(facts.get("size") or 0)


def _folder_of_all(first: str, last: str) -> str:
    """The folder that holds both paths, and so all that lie between them in order."""
    same = next((at for at, (one, other) in enumerate(zip(first, last, strict=False)) if one != other), len(first))
    return first[:same].rpartition("/")[0]
