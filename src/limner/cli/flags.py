"""What the command line calls the options that errors of the library name."""

from __future__ import annotations

from limner.errors import LimnerError


def flag(name: str) -> str:
    """``--keep-going`` for the field ``keep_going``."""
    return f"--{name.replace('_', '-')}"


def told(error: LimnerError) -> str:
    """The text of an error for somebody at the command line."""
    return error.told(flag)
