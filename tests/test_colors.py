"""Colours as people write them."""

from __future__ import annotations

import pytest

from limner.colors import is_color, parse_color
from limner.errors import OptionError


@pytest.mark.parametrize(
    ("text", "expected"),
    [("Magenta", (255, 0, 255)), (" #0f0 ", (0, 255, 0)), ("#0102ff", (1, 2, 255)), ("rgb(1,2,3)", (1, 2, 3)),
     ("rgb(100%,0%,0%)", (255, 0, 0))],
)  # fmt: skip
def test_colours_as_people_write_them(text: str, expected: tuple[int, int, int]) -> None:
    assert parse_color(text, option="x") == expected
    assert is_color(text)


def test_what_is_no_colour() -> None:
    assert not is_color("beach.jpg")
    with pytest.raises(OptionError):
        parse_color("beach.jpg", option="x")


def test_a_misspelt_colour_is_told_with_the_one_that_was_meant() -> None:
    with pytest.raises(OptionError, match=r"tint 'gren' is no colour; did you mean 'green'\? Or say a name"):
        parse_color("gren", option="tint")
