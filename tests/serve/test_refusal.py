"""Lines that are told."""

from __future__ import annotations

import pytest

from limner.errors import LimnerError, MediaError, MissingExtraError, ModelError, OptionError
from limner.serve.refusal import RefusedError, of_error, one_line


@pytest.mark.parametrize(
    ("text", "line"),
    [("a\nb", "a b"), ("a\r\nSet-Cookie: x\0", "a Set-Cookie: x"), ("ü × ›", "ü × ›"), ("\x1b[31mred", "[31mred"),
     ("x" * 700, "x" * 599 + "…")],
)  # fmt: skip
def test_one_line(text: str, line: str) -> None:
    assert one_line(text) == RefusedError(400, text).reason == line


@pytest.mark.parametrize(
    ("error", "status", "reason"),
    [
        (OptionError("‹blur_strength› 2 is out of range"), 422, "blur-strength 2 is out of range"),
        (MediaError("photo: is damaged"), 422, "photo: is damaged"),
        (ModelError("the model cannot run"), 500, "the model cannot run"),
        (MissingExtraError("X", "x", "heic"), 501, "X needs x, which is not installed: pip install 'limner[heic]'"),
    ],
)  # fmt: skip
def test_errors_of_the_library(error: LimnerError, status: int, reason: str) -> None:
    refused = of_error(error)
    assert (refused.status, refused.reason) == (status, reason)
