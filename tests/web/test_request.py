"""Heads of requests: what is read, and what is refused."""

from __future__ import annotations

from http import HTTPStatus

import pytest

from limner.web.request import RefusedError, Request, parse


def request(target: str = "/", **fields: str) -> Request:
    return Request("GET", target, (1, 1), {"host": "localhost", **fields})


def test_a_head_is_read() -> None:
    found = parse(b"HEAD /a%20b?c HTTP/1.0\r\nHOST:  LocalHost:80 \r\nA: 1\r\nX-Empty:\r\na: 2")
    assert found == Request("HEAD", "/a%20b?c", (1, 0), {"host": "LocalHost:80", "a": "1, 2", "x-empty": ""})
    assert (found.host, found.path, found.keep_alive, found.has_body) == ("localhost", "a b", False, False)


@pytest.mark.parametrize(
    ("version", "connection", "expected"),
    [
        ((1, 1), None, True),
        ((1, 1), "close", False),
        ((1, 1), "Upgrade, CLOSE", False),
        ((1, 0), None, False),
        ((1, 0), "Keep-Alive", True),
    ],
)
def test_keep_alive(version: tuple[int, int], connection: str | None, expected: bool) -> None:
    fields = {} if connection is None else {"connection": connection}
    assert Request("GET", "/", version, fields).keep_alive is expected


@pytest.mark.parametrize(
    ("fields", "expected"),
    [({}, False), ({"content-length": "0"}, False), ({"content-length": "00"}, False), ({"content-length": "7"}, True)],
)
def test_body(fields: dict[str, str], expected: bool) -> None:
    assert request(**fields).has_body is expected


@pytest.mark.parametrize(
    ("target", "path"),
    [
        ("/", "index.html"),
        ("/?a=/../b", "index.html"),
        ("http://localhost", "index.html"),
        ("http://localhost?x", "index.html"),
        ("https://localhost/a/b.js?x", "a/b.js"),
        ("/a/b.js", "a/b.js"),
        ("/%61/b%2Ejs", "a/b.js"),
        ("/caf%C3%A9/%F0%9F%8E%A8.png", "café/🎨.png"),
    ],
)
def test_path(target: str, path: str) -> None:
    assert request(target).path == path


@pytest.mark.parametrize(
    ("target", "status"),
    [
        ("*", 400),
        ("localhost:80", 400),
        ("ftp://localhost/", 400),
        ("/%", 400),
        ("/%4", 400),
        ("/a#b", 400),
        ("/%ff", 400),
        ("/%c0%ae%c0%ae/", 400),  # ".." as no UTF-8 has it
        ("/a//b", 404),
        ("/a/", 404),
        ("/a/../b", 404),
        ("/a/%2e%2E/b", 404),
        ("/%252e%252e/b", None),  # a name with % in it: unescaped once
        ("/a%2fb", 404),
        ("/a%5cb", 404),
        ("/a\\b", 404),
        ("/.git/config", 404),
        ("/a%00b", 404),
        ("/a%0ab", 404),
        ("/c:/b", 404),
        ("/%E2%80%AE", 404),  # turns the text round
    ],
)
def test_targets_that_are_no_path(target: str, status: int | None) -> None:
    if status is None:
        assert request(target).path == "%2e%2e/b"
        return
    with pytest.raises(RefusedError) as refused:
        _ = request(target).path
    assert refused.value.status == HTTPStatus(status)
