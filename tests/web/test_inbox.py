"""Heads as they come in: in pieces, several at once, too late, too long."""

from __future__ import annotations

import io
import socket
from collections.abc import Iterator
from http import HTTPStatus

import pytest

from limner.web.answering import Answer
from limner.web.inbox import Inbox, Limits
from limner.web.request import RefusedError, Request
from limner.web.server import WebServer
from web_parts import Client, status

HEAD = b"GET / HTTP/1.1\r\nHost: a"
QUICK = Limits(head_seconds=0.1, idle_seconds=0.1, head_bytes=100)


@pytest.fixture
def pair() -> Iterator[tuple[socket.socket, socket.socket]]:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        yield ours, theirs


def test_heads_that_come_together_are_taken_apart(pair: tuple[socket.socket, socket.socket]) -> None:
    ours, theirs = pair
    theirs.sendall(b"\r\n" + HEAD + b"\r\n\r\n\r\n" + HEAD.replace(b"\r\n", b"\n") + b"\n\nGET")
    inbox = Inbox(ours, QUICK)
    assert inbox.head() == HEAD
    assert inbox.head() == HEAD.replace(b"\r\n", b"\n")
    with pytest.raises(RefusedError, match="in time"):
        inbox.head()


def test_silence_and_an_end_are_no_request(pair: tuple[socket.socket, socket.socket]) -> None:
    ours, theirs = pair
    assert Inbox(ours, QUICK).head() is None
    theirs.sendall(b"\r\n" * 3)
    theirs.shutdown(socket.SHUT_WR)
    assert Inbox(ours, QUICK).head() is None


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (HEAD, "ends before"),
        (b"GET /" + b"a" * 200, "address is too long"),
        (HEAD + b"a" * 200, "headers are too long"),
        (HEAD + b"a" * 200 + b"\r\n\r\n", "headers are too long"),
        (b"GET /\n", "not an HTTP/1.1 request"),
        (b"\x16\x03", "not an HTTP/1.1 request"),
    ],
)
def test_what_cannot_become_a_request_is_refused(
    pair: tuple[socket.socket, socket.socket], data: bytes, told: str
) -> None:
    ours, theirs = pair
    theirs.sendall(data)
    theirs.shutdown(socket.SHUT_WR)
    with pytest.raises(RefusedError, match=told):
        Inbox(ours, QUICK).head()


# ------------------------------------------------------------------ bodies, where a server takes them


class Echo:
    """Answers with what was sent."""

    def to(self, request: Request) -> Answer:
        return Answer(HTTPStatus.OK, {}, io.BytesIO(request.body), len(request.body))


@pytest.fixture
def echo() -> Iterator[Client]:
    with WebServer(("127.0.0.1", 0), Echo(), Limits(head_seconds=0.5), body_bytes=100_000) as server:
        yield Client(server.port)


def _post(length: int | str, more: str = "") -> bytes:
    return f"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: {length}\r\n{more}\r\n".encode()


@pytest.mark.parametrize("size", [1, 5_000, 100_000])
def test_a_body_is_read_whole_and_the_next_request_is_the_next(echo: Client, size: int) -> None:
    body = bytes(range(256)) * (size // 256 + 1)
    sent = _post(size) + body[:size] + _post(3, "Connection: close\r\n") + b"end"
    answer = echo.send(sent)
    assert answer.count(b"HTTP/1.1 200") == 2
    assert body[:size] in answer
    assert answer.endswith(b"\r\n\r\nend")


@pytest.mark.parametrize(
    ("sent", "told"),
    [
        (_post(100_001) + b"x", 413),
        (b"POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n", 411),
        (_post(9) + b"x", 408),
    ],
)
def test_bodies_that_are_not_taken(echo: Client, sent: bytes, told: int) -> None:
    answer = echo.send(sent)
    assert status(answer) == told
    assert b"Connection: close" in answer
    assert status(echo.send(_post(9) + b"x", end=True)) == 400
