"""Where results go: names that can be written, and files that appear whole or not at all."""

from __future__ import annotations

import secrets
from pathlib import Path

from limner.errors import MediaError
from limner.places import check_file
from limner.whole_file import shortened


def check_target(target: Path, source: Path | None = None) -> None:
    """
    Raises:
        MediaError: `target` is `source` or a folder, or its folder is missing or cannot be written to.
    """
    if source is not None and target.exists() and source.exists() and target.samefile(source):
        raise MediaError(f"{target}: is the clip itself; name another file for the result")
    check_file(target)


def aside(target: Path) -> Path:
    """A hidden name that is free, in the same folder, so that renaming it to `target` is a single step."""
    return target.with_name(f".{shortened(target.name.replace('%', ''))}.{secrets.token_hex(4)}.part")
