"""What the command line calls the options that errors of the library name."""

from __future__ import annotations

from limner.errors import LimnerError

_CALLED = {"out": "output"}
"""Field of the library -> what every command calls it."""


def flag(name: str) -> str:
    """``--keep-going`` for the field ``keep_going``."""
    return f"--{_CALLED.get(name, name).replace('_', '-')}"


def told(error: LimnerError) -> str:
    """The text of an error for somebody at the command line."""
    return error.told(flag)
