"""Times and rates as they are typed."""

from __future__ import annotations

import re
from fractions import Fraction

from limner.errors import OptionError

_CLOCK = re.compile(r"(?:(?:(\d+):)?(\d+):)?(\d+(?:\.\d*)?|\.\d+)")
_RATE = re.compile(r"(\d+(?:\.\d+)?)(?:/(\d+))?")


def parse_time(text: str | None, option: str) -> Fraction | None:
    """Seconds, exact, of "12.5", "1:02.5" or "1:00:02".

    Raises:
        OptionError: it is no time.
    """
    if text is None:
        return None
    found = _CLOCK.fullmatch(text.strip())
    if found is None:
        raise OptionError(
            f"{option} {text!r} is no time: say seconds such as 12.5, or minutes and seconds such as 1:02.5"
        )
    hours, minutes, seconds = found.groups()
    return int(hours or 0) * 3600 + int(minutes or 0) * 60 + Fraction(seconds)


def parse_rate(text: str | None, option: str) -> Fraction | None:
    """Frames a second, exact, of "25", "29.97" or "30000/1001".

    Raises:
        OptionError: it is no rate.
    """
    if text is None:
        return None
    found = _RATE.fullmatch(text.strip())
    if found is None or (found[2] is not None and int(found[2]) == 0):
        raise OptionError(f"{option} {text!r} is no rate: say frames a second, such as 25, 29.97 or 30000/1001")
    return Fraction(found[1]) / int(found[2] or 1)
