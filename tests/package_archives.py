"""Small package archives as npm makes them, with weights in chunks or whole, for tests of fetching."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
from collections.abc import Mapping
from pathlib import Path


def write_archive(path: Path, files: Mapping[str, bytes], *, links: Mapping[str, str] | None = None) -> Path:
    """A .tgz with ``files`` and symbolic ``links``, by their names inside it."""
    with tarfile.open(path, "w:gz") as tar:
        for name, target in (links or {}).items():
            info = tarfile.TarInfo(name)
            info.type, info.linkname = tarfile.SYMTYPE, target
            tar.addfile(info)
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    return path


def package_files(package: str, files: Mapping[str, bytes]) -> dict[str, bytes]:
    """``files`` inside the folder package/, with a package.json."""
    name, _, version = package.rpartition("@")
    own = json.dumps({"name": name, "version": version}).encode()
    return {"package/package.json": own, **{f"package/{path}": data for path, data in files.items()}}


def chunked(data: bytes, size: int, key: str = "/models/medium") -> dict[str, bytes]:
    """``data`` in chunks named by their hashes, and the table that lists them; the chunks come in another order."""
    chunks = [data[start : start + size] for start in range(0, len(data), size)]
    names = [hashlib.sha256(chunk).hexdigest() for chunk in chunks]
    table = {key: {"chunks": [{"hash": name} for name in names], "size": len(data)}}
    files = {f"dist/{name}": chunk for name, chunk in sorted(zip(names, chunks, strict=True))}
    return {**files, "dist/resources.json": json.dumps(table).encode()}
