"""What must hold after anything went wrong: inputs as they were, results whole, nothing half-written in sight."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import av
from PIL import Image

PHOTOS = (".jpg", ".png", ".webp", ".avif", ".tif", ".bmp", ".heic")
CLIPS = (".mp4", ".mov", ".mkv", ".webm")


@dataclass(slots=True)
class Tally:
    """What became of one kind of fault.

    Attributes:
        kind, expected: words for the table.
        tried: how often it was injected.
        otherwise: what ended in another way than expected, a line each.
        lost: inputs, and results that were whole before, that are no longer what they were.
        half: files under a result's name that are not whole.
        left: hidden files that a killed process had no chance to remove; they are not counted as faults.
    """

    kind: str
    expected: str
    tried: int = 0
    otherwise: list[str] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)
    half: list[str] = field(default_factory=list)
    left: int = 0

    @property
    def good(self) -> bool:
        return self.tried > 0 and not (self.otherwise or self.lost or self.half)


class Kept:
    """Files that must stay as they are: their contents, remembered."""

    def __init__(self, paths: Iterable[Path]) -> None:
        self._hashes = {path: _hash(path) for path in paths if path.is_file()}

    def lost(self) -> list[str]:
        """Those that are gone or changed."""
        return [str(path) for path, known in self._hashes.items() if not path.is_file() or _hash(path) != known]


def files_in(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def visible(folder: Path) -> list[Path]:
    """Files whose path below the folder has no hidden part."""
    return [path for path in files_in(folder) if not any(p.startswith(".") for p in path.relative_to(folder).parts)]


def hidden(folder: Path) -> list[Path]:
    return [path for path in files_in(folder) if path not in set(visible(folder))]


def broken(path: Path) -> str | None:
    """Why a picture or clip is not whole, None where it is: all of it is decoded."""
    try:
        if path.suffix.lower() in CLIPS:
            frames = frames_of(path)
            return None if frames else f"{path.name}: no frame"
        with contextlib.suppress(ImportError):
            from pillow_heif import register_heif_opener

            register_heif_opener()
        with Image.open(path) as picture:
            picture.load()
    except Exception as error:
        return f"{path.name}: {type(error).__name__}: {error}"
    return None


def frames_of(path: Path) -> int:
    """Frames of a clip, all of them decoded."""
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        stream.codec_context.thread_count = 1
        return sum(1 for _ in container.decode(stream))


def half_written(folder: Path) -> list[str]:
    """What is wrong with the pictures and clips of a folder of results."""
    found = [path for path in visible(folder) if path.suffix.lower() in PHOTOS + CLIPS]
    return [why for path in found if (why := broken(path)) is not None]


def _hash(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
