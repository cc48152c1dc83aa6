"""The files a model consists of, where its card lies, and its sha256, whether it is one file, several or a folder.

Kinds of model files: `.onnx` and `.tflite` are whole; OpenVINO's `.xml` and ncnn's `.param` have their weights in a
`.bin` of the same stem; `.mlpackage`, `.savedmodel` and `.tfjs` are folders; `.pt2` and `.engine` are whole.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

from limner.errors import ModelError

WITH_WEIGHTS_BESIDE = {".xml": ".bin", ".param": ".bin"}
"""Suffix of a model's description -> suffix of its weights, in a file of the same stem."""


def model_parts(path: Path) -> tuple[Path, ...]:
    """Every file of the model called ``path``: itself first; the files of a folder sorted by name."""
    if path.is_dir():
        return tuple(sorted(file for file in path.rglob("*") if file.is_file()))
    weights = WITH_WEIGHTS_BESIDE.get(path.suffix.lower())
    return (path, path.with_suffix(weights)) if weights else (path,)


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
