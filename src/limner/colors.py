"""Colours as people write them: a name, #rgb, #rrggbb or rgb(r, g, b)."""

from __future__ import annotations

from limner.errors import OptionError
from limner.suggestions import did_you_mean

Color = tuple[int, int, int]
"""Red, green and blue, each 0 to 255, in sRGB."""

HOW = "say a name such as magenta, #rgb, #rrggbb or 'rgb(255, 0, 255)'"


def parse_color(value: str | tuple[int, ...], *, option: str) -> Color:
    """The colour that `value` names, in sRGB. `option` is what the error calls it.

    Raises:
        OptionError: `value` is no colour, or has transparency, which no effect could show.
    """
    if not isinstance(value, str):
        if len(value) != 3 or not all(isinstance(c, int) and 0 <= c <= 255 for c in value):
            raise OptionError(f"{option} {value!r} is no colour: three whole numbers from 0 to 255")
        return value[0], value[1], value[2]
    from PIL import ImageColor  # costs 20 ms, so only where a colour is needed

    try:
        rgb = ImageColor.getrgb(value.strip())
    except ValueError:
        near = nearest_color(value)
        raise OptionError(f"{option} {value!r} is no colour{f'{near} Or' if near else ':'} {HOW}") from None
    if len(rgb) == 4:
        raise OptionError(f"{option} {value!r} has transparency, which cannot be kept: {HOW}")
    red, green, blue = (min(max(channel, 0), 255) for channel in rgb)
    return red, green, blue


def nearest_color(value: str) -> str:
    """``"; did you mean 'green'?"`` for "gren"; nothing where no colour's name is like ``value``."""
    from PIL import ImageColor

    return did_you_mean(value.strip(), ImageColor.colormap)


def is_color(value: str) -> bool:
    """Whether `parse_color` would take `value`."""
    try:
        parse_color(value, option="colour")
    except OptionError:
        return False
    return True
