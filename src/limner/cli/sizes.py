"""Sizes of pictures as the command line takes them: always width × height."""

from __future__ import annotations

import re

from limner.errors import OptionError

_SIZE = re.compile(r"(\d+)(?:\s*[x×*]\s*(\d+))?")


def parse_size(text: str | None, option: str, *, least: int = 1, most: int = 16384) -> tuple[int, int] | None:
    """(width, height) in pixels of "1280x720"; of "256" both sides; None of None.

    Raises:
        OptionError: it is no size, or a side is not between ``least`` and ``most`` pixels.
    """
    if text is None:
        return None
    found = _SIZE.fullmatch(text.strip().lower())
    sides = (int(found[1]), int(found[2] or found[1])) if found is not None else (0, 0)
    if not all(least <= side <= most for side in sides):
        raise OptionError(
            f"{option} {text}: is no size; say width x height, such as 1280x720, or one number for a square "
            f"({least} to {most} pixels a side)"
        )
    return sides
