"""Heads as they come in: in pieces, several at once, too late, too long."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

from limner.web.inbox import Inbox, Limits
from limner.web.request import RefusedError

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
