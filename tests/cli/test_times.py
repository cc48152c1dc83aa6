"""Times and rates as they are typed: exact, and what is none says so."""

from __future__ import annotations

from fractions import Fraction

import pytest

from limner.cli.times import parse_rate, parse_time
from limner.errors import OptionError


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("12.5", Fraction(25, 2)),
        ("0", Fraction(0)),
        (".25", Fraction(1, 4)),
        ("1:02.5", Fraction(125, 2)),
        ("1:00:02", Fraction(3602)),
        ("0.1", Fraction(1, 10)),
    ],
)
def test_times_are_read_exactly(text: str, seconds: Fraction) -> None:
    assert parse_time(text, "--start") == seconds


@pytest.mark.parametrize("text", ["", "abc", "-1", "1:2:3:4", "1e3", "nan", "1,5"])
def test_what_is_no_time_says_so(text: str) -> None:
    with pytest.raises(OptionError, match="--start"):
        parse_time(text, "--start")


@pytest.mark.parametrize(
    ("text", "rate"),
    [(None, None), ("25", Fraction(25)), ("29.97", Fraction(2997, 100)), (" 30000/1001 ", Fraction(30000, 1001))],
)
def test_a_rate_is_exact(text: str | None, rate: Fraction | None) -> None:
    assert parse_rate(text, "--fps") == rate


@pytest.mark.parametrize("text", ["", "fast", "-1", "25/0", "1e3", "25fps", "nan"])
def test_what_is_no_rate_is_told(text: str) -> None:
    with pytest.raises(OptionError, match=r"--fps '.*' is no rate: say frames a second, such as"):
        parse_rate(text, "--fps")
