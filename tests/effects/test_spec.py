"""Descriptions of chains, as people write them."""

from __future__ import annotations

import pytest

from limner.effects.spec import Link, parse_spec


@pytest.mark.parametrize(
    ("spec", "links"),
    [
        ("blur", [Link("blur")]),
        ("blur:0.7", [Link("blur", "0.7")]),
        (" harmonize , light_wrap:0.5,replace: beach.jpg ",
         [Link("harmonize"), Link("light_wrap", "0.5"), Link("replace", "beach.jpg")]),
        ("color:rgb(255, 0, 10),light_wrap", [Link("color", "rgb(255, 0, 10)"), Link("light_wrap")]),
        (r"replace:a\,b.jpg,blur", [Link("replace", "a,b.jpg"), Link("blur")]),
        ("replace:C:/x.jpg", [Link("replace", "C:/x.jpg")]),
        ("replace:a).jpg,blur", [Link("replace", "a).jpg"), Link("blur")]),
    ],
)  # fmt: skip
def test_names_and_texts(spec: str, links: list[Link]) -> None:
    assert parse_spec(spec) == links
