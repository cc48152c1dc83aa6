"""Remembers which runtime was fastest: a small JSON file in the user's cache folder that may be deleted at any time."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from limner.cache import cache_folder
from limner.whole_file import whole_text

_SCHEMA = 2
_MOST = 500
"""Choices kept; the oldest go first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """What was measured for one model on this machine.

    Attributes:
        runtime: the fastest, or the preferred one where the difference is none to speak of.
        milliseconds: runtime -> least time of a call.
        failed: runtime -> why it could not be taken.
        circumstances: all that the choice holds for: file name and sha256, device, threads, CPU, versions.
    """

    runtime: str
    milliseconds: Mapping[str, float]
    failed: Mapping[str, str]
    circumstances: Mapping[str, str]


def choices_file() -> Path:
    """Where choices are kept."""
    return cache_folder() / "runtimes.json"


def recall(circumstances: Mapping[str, str]) -> Choice | None:
    """The choice made in the same circumstances (the file's name may differ); None where there is none."""
    return _read().get(_key(circumstances))


def all_choices() -> list[Choice]:
    """Every choice that is kept, the oldest first."""
    return list(_read().values())


def remember(choice: Choice) -> None:
    """Keep a choice. Where the folder cannot be written it is not kept, and is made again next time."""
    kept = _read()
    kept.pop(_key(choice.circumstances), None)
    kept[_key(choice.circumstances)] = choice
    last = list(kept.items())[-_MOST:]
    text = json.dumps({"schema": _SCHEMA, "choices": {key: asdict(value) for key, value in last}}, indent=1)
    with suppress(OSError):
        choices_file().parent.mkdir(parents=True, exist_ok=True)
        whole_text(choices_file(), text + "\n")


def _key(circumstances: Mapping[str, str]) -> str:
    telling = sorted((name, value) for name, value in circumstances.items() if name != "file")
    return hashlib.sha256(repr(telling).encode()).hexdigest()[:24]


def _read() -> dict[str, Choice]:
    """What the file holds; nothing where it is missing, damaged or of another version: it is made anew then."""
    try:
        told = json.loads(choices_file().read_text(encoding="utf-8"))
        if told["schema"] != _SCHEMA:
            return {}
        return {str(key): _choice(value) for key, value in told["choices"].items()}
    except (OSError, ValueError, LookupError, TypeError, AttributeError):
        return {}


def _choice(told: Any) -> Choice:
    return Choice(
        runtime=str(told["runtime"]),
        milliseconds={str(name): float(value) for name, value in told["milliseconds"].items()},
        failed={str(name): str(value) for name, value in told["failed"].items()},
        circumstances={str(name): str(value) for name, value in told["circumstances"].items()},
    )
