"""Sizes on the command line are width × height."""

from __future__ import annotations

import pytest

from limner.cli.sizes import parse_size
from limner.errors import OptionError


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("1280x720", (1280, 720)),
        ("720×1280", (720, 1280)),
        (" 640 X 360 ", (640, 360)),
        ("256", (256, 256)),
        (None, None),
    ],
)
def test_a_size_is_width_and_height(text: str | None, size: tuple[int, int] | None) -> None:
    assert parse_size(text, "--size") == size


@pytest.mark.parametrize("text", ["", "big", "64x", "x64", "0", "0x9", "8x64", "64x17000", "1x2x3", "-4x4"])
def test_what_is_no_size_is_named(text: str) -> None:
    with pytest.raises(OptionError, match=r"^--size .*: is no size; say width x height, such as 1280x720"):
        parse_size(text, "--size", least=16)
