"""Numbers as options: read from text, and held within their range."""

from __future__ import annotations

from limner.errors import OptionError


def number(text: str, *, option: str) -> float:
    """The number that `text` is. `option` is what the error calls it.

    Raises:
        OptionError: it is none.
    """
    try:
        return float(text)
    except ValueError:
        raise OptionError(f"{option} {text!r} is no number") from None


def check_range(value: float, low: float, high: float, *, option: str, says: str) -> float:
    """`value`, if it lies in [low, high]. `says` is how the error describes that range.

    Raises:
        OptionError: it does not, or is not a number.
    """
    if not low <= value <= high:  # also refuses NaN
        raise OptionError(f"{option} {value} is out of range: say {says}")
    return value
