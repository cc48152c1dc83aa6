"""What the command line calls the options that errors of the library name."""

from __future__ import annotations

import math

import typer

from limner.errors import LimnerError

_CALLED = {"out": "output"}
"""Field of the library -> what every command calls it."""


def flag(name: str) -> str:
    """``--keep-going`` for the field ``keep_going``."""
    return f"--{_CALLED.get(name, name).replace('_', '-')}"


def told(error: LimnerError) -> str:
    """The text of an error for somebody at the command line."""
    return error.told(flag)


def a_time(minutes: float | None) -> float | None:
    """Callback of typer: ``minutes`` as they are, unless they are no number, which a least value lets pass.

    Raises:
        typer.BadParameter: they are not a number.
    """
    if minutes is not None and math.isnan(minutes):
        raise typer.BadParameter("is no number of minutes")
    return minutes
