"""Codings, entity tags and parts, as RFC 9110 has them."""

from __future__ import annotations

import pytest

from limner.web import conditions

ALL = ("br", "gzip", "identity")


@pytest.mark.parametrize(
    ("accepted", "there", "expected"),
    [
        (None, ALL, "identity"),
        ("", ALL, "identity"),
        ("gzip, deflate, br, zstd", ALL, "br"),
        ("gzip, deflate, br, zstd", ("gzip", "identity"), "gzip"),
        ("gzip, deflate, br, zstd", ("identity",), "identity"),
        ("br;q=0.2, gzip;q=0.8", ALL, "gzip"),
        ("br;q=0, gzip;q=0", ALL, "identity"),
        ("GZIP", ALL, "gzip"),
        ("x-gzip", ALL, "gzip"),
        ("*", ALL, "br"),
        ("*;q=0, gzip", ALL, "gzip"),
        ("*;q=0", ALL, None),
        ("identity;q=0", ALL, None),
        ("identity;q=0, br", ALL, "br"),
        ("identity, gzip;q=0.5", ALL, "identity"),
        ("gzip;q=0.001", ALL, "gzip"),
        ("gzip;q=2", ALL, "identity"),
        ("gzip;q=nan", ALL, "identity"),
        ("gzip;level=9", ALL, "identity"),
        (",,;;q=1,", ALL, "identity"),
    ],
)
def test_coding(accepted: str | None, there: tuple[str, ...], expected: str | None) -> None:
    assert conditions.coding(accepted, there) == expected


@pytest.mark.parametrize(
    ("field", "weak", "strong"),
    [
        ('"a"', True, True),
        ('"b", "a"', True, True),
        ('W/"a"', True, False),
        ("*", True, True),
        ('"b"', False, False),
        ('"ab"', False, False),
        ("a", False, False),
        ("", False, False),
        ('"b", *', False, False),
    ],
)
def test_names(field: str, weak: bool, strong: bool) -> None:
    assert conditions.names(field, '"a"', weak=True) is weak
    assert conditions.names(field, '"a"', weak=False) is strong


@pytest.mark.parametrize(
    ("field", "expected"),
    [
        ("bytes=0-0", (0, 1)),
        ("bytes=3-5", (3, 3)),
        ("bytes=3-", (3, 7)),
        ("bytes=3-99", (3, 7)),
        ("bytes=-3", (7, 3)),
        ("bytes=-99", (0, 10)),
        ("BYTES=1-2", (1, 2)),
        ("bytes= 1-2 ", (1, 2)),
        ("bytes=000000000000000000000001-2", (1, 2)),
        ("bytes=5-2", None),
        ("bytes=-", None),
        ("bytes=1-2,4-5", None),
        ("bytes=1-2,", None),
        ("bytes=+1-2", None),
        ("bytes=1 - 2", None),
        ("bytes=١-٢", None),
        ("items=1-2", None),
        ("bytes", None),
    ],
)
def test_part(field: str, expected: tuple[int, int] | None) -> None:
    assert conditions.part(field, 10) == expected


@pytest.mark.parametrize(
    ("field", "size"), [("bytes=10-", 10), ("bytes=99-100", 10), ("bytes=-0", 10), ("bytes=0-", 0), ("bytes=-1", 0)]
)
def test_parts_that_are_not_there(field: str, size: int) -> None:
    with pytest.raises(conditions.UnsatisfiableError):
        conditions.part(field, size)
