"""What an operator cannot say."""

from __future__ import annotations

from typing import Any

import pytest

from limner.errors import OptionError
from limner.serve.options import Limits, ServeOptions


@pytest.mark.parametrize(
    "wrong",
    [{"body": 0}, {"max_pixels": 0}, {"workers": 0}, {"workers": 100_000}, {"queue": -1}, {"timeout": 0.0},
     {"timeout": float("inf")}, {"grace": -1.0}, {"connections": 0}, {"head_seconds": -1.0}, {"body": "8"}],
)  # fmt: skip
def test_limits(wrong: dict[str, Any]) -> None:
    with pytest.raises(OptionError, match=next(iter(wrong))):
        Limits(**wrong)


def test_the_usual_limits_add_up() -> None:
    limits = Limits(workers=3, queue=5, body=2)
    assert (limits.at_once, limits.in_flight, limits.body_bytes) == (3, 8, 2 * 1024 * 1024)
    assert Limits().at_once >= 1


@pytest.mark.parametrize(
    ("wrong", "says"),
    [({"models": ()}, "model is missing"), ({"url_hosts": ("http://a/",)}, "url_host 'http://a/' is no host"),
     ({"names": ("a b",)}, "name 'a b' is no host")],
)  # fmt: skip
def test_options(wrong: dict[str, Any], says: str) -> None:
    with pytest.raises(OptionError, match=says):
        ServeOptions(**wrong)


def test_the_key_is_not_shown() -> None:
    assert "0123456789abcdef" not in repr(ServeOptions(key="0123456789abcdef"))
