"""What an error of a codec says, in one short line."""

from __future__ import annotations

import pytest

from limner.media.image import reason


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (OSError(28, "No space left on device"), "No space left on device"),
        (ValueError("image file is\n   truncated."), "image file is truncated"),
        (ValueError("ends in X."), "ends in X"),
        (EOFError(), "EOFError"),
        (ValueError("x" * 200), "x" * 120),
    ],
)
def test_the_reason_is_short_and_on_one_line(error: Exception, told: str) -> None:
    assert reason(error) == told
