"""Which packages Limner asks for are installed, and which extra brings those that are not."""

from __future__ import annotations

import re
from dataclasses import dataclass
from importlib import metadata

_NOT_FOR_USERS = ("dev",)


@dataclass(frozen=True, slots=True)
class Package:
    """A package of the base install (``extras`` is empty) or of extras; ``version`` is "" where it is not installed."""

    name: str
    version: str
    extras: tuple[str, ...]


def packages() -> list[Package]:
    """All that Limner's own metadata names: the base install first, then those of extras, by name.

    Empty where Limner runs from a folder that was never installed.
    """
    try:
        required = metadata.requires("limner") or []
    except metadata.PackageNotFoundError:
        return []
    extras: dict[str, set[str]] = {}
    base = set()
    for line in required:
        name = re.split(r"[\s<>=!~\[;]", line, maxsplit=1)[0].lower()
        extra = re.search(r"extra == ['\"]([^'\"]+)['\"]", line)
        if extra is None:
            base.add(name)
        elif extra[1] not in _NOT_FOR_USERS:
            extras.setdefault(name, set()).add(extra[1])
    listed = [Package(name, version(name), ()) for name in sorted(base)]
    listed += [Package(name, version(name), tuple(sorted(extras[name]))) for name in sorted(extras.keys() - base)]
    return [item for item in listed if item.name != "limner"]


def version(package: str) -> str:
    """Of an installed package; "" where it is not installed."""
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return ""
