"""Where Limner keeps what it made once for this user and this machine."""

from __future__ import annotations

import os
from pathlib import Path


def cache_folder() -> Path:
    """``$LIMNER_CACHE``, or ``limner`` in ``$XDG_CACHE_HOME``, or ``~/.cache/limner``; not made here."""
    own = os.environ.get("LIMNER_CACHE")
    if own:
        return Path(own).expanduser()
    return Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser() / "limner"
