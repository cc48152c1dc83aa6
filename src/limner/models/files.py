"""The files a model consists of, where its card lies, and its sha256, whether it is one file, several or a folder.

Which kinds there are stands in ``limner.kinds``.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

from limner.errors import ModelError
from limner.kinds import kind_of


def model_parts(path: Path) -> tuple[Path, ...]:
    """Every file of the model called ``path``: itself first; the files of a folder sorted by name."""
    if path.is_dir():
        return tuple(sorted(file for file in path.rglob("*") if file.is_file()))
    kind = kind_of(path)
    return (path,) if kind is None or kind.beside is None else (path, path.with_suffix(kind.beside))


def model_bytes(path: Path) -> int:
    """Size on disk of all files of a model."""
    return sum(part.stat().st_size for part in model_parts(path))


def model_sha256(path: str | Path) -> str:
    """SHA-256 of a model as 64 hex digits.

    Of one file it is that of its bytes. Of several it is that of a list with a line for each: its SHA-256, two spaces,
    its suffix (its path inside the folder, for a folder), so that a model may be renamed.

    Raises:
        ModelError: one of the files is missing or cannot be read.
    """
    path = Path(path)
    parts = model_parts(path)
    if parts == (path,):
        return file_sha256(path)
    if not parts:
        raise ModelError(f"{path}: is an empty folder, not a model")
    names = [str(part.relative_to(path).as_posix()) if path.is_dir() else part.suffix.lower() for part in parts]
    lines = [f"{file_sha256(part)}  {name}\n" for part, name in zip(parts, names, strict=True)]
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def file_sha256(path: str | Path) -> str:
    """SHA-256 of one file as 64 hex digits; ModelError where it cannot be read."""
    try:
        with Path(path).open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise ModelError(f"{path}: cannot be read: {error.strerror or error}") from None


def export_card(model: Path) -> Path:
    """Where the card of an exported model lies: ``<file name>.json``, so that files of one stem keep theirs apart."""
    return model.with_name(f"{model.name}.json")


def stem_card(model: Path) -> Path:
    """Where the card of a model on its own lies: ``<stem>.json``."""
    return model.with_suffix(".json")
