"""Clients that are slow, silent or no clients of HTTP, and too many of them."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from typing import Any

import pytest
import uvicorn
from starlette.types import Receive, Scope, Send

from limner.serve.options import Limits
from limner.serve.protocol import limited
from serve_parts import PHOTO, serving

LIMITS = Limits(head_seconds=0.6, stall_seconds=0.6, connections=4)
LONG = b"x" * 64_000_000


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    """A server with short limits and an application that answers before it reads."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        body = LONG if scope["path"] == "/long" else b"short"
        length = (b"content-length", str(len(body)).encode())
        await send({"type": "http.response.start", "status": 200, "headers": [length]})
        await send({"type": "http.response.body", "body": body})

    config: Any = uvicorn.Config(app, http=limited(LIMITS), ws="none", lifespan="off", log_config=None)
    server = uvicorn.Server(config)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        yield listener.getsockname()[1]
        server.should_exit = True
        thread.join()


def connect(port: int) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port), timeout=30)


def rest(connection: socket.socket) -> bytes:
    """All that still comes, until the server hangs up."""
    found = b""
    try:
        while chunk := connection.recv(1_000_000):
            found += chunk
    except ConnectionResetError:
        pass
    return found


def refusal(answer: bytes) -> tuple[int, str]:
    """Status and error of a refusal."""
    head, _, body = answer.partition(b"\r\n\r\n")
    found = json.loads(body)
    assert int(head.split()[1]) == found["status"]
    return found["status"], found["error"]


def test_silence_ends(port: int) -> None:
    with connect(port) as silent:
        assert rest(silent) == b""


def test_half_a_head_ends_with_a_word(port: int) -> None:
    with connect(port) as slow:
        slow.sendall(b"GET / HTTP/1.1\r\nHost: loc")
        assert refusal(rest(slow)) == (408, "the head of the request did not come to an end in time")


def test_a_head_that_drips_ends_too(port: int) -> None:
    with connect(port) as slow:
        slow.sendall(b"GET / HTTP/1.1\r\n")
        sent = 0
        try:
            while sent < 200:
                slow.sendall(b"X-%d: x\r\n" % sent)
                sent += 1
                threading.Event().wait(0.05)
        except OSError:
            pass
        assert sent < 200


def test_a_body_that_nobody_reads_has_no_time(port: int) -> None:
    with connect(port) as slow:
        slow.sendall(b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000\r\n\r\nabc")
        assert rest(slow).endswith(b"short")


@pytest.mark.slow  # which takes the server as long as its patience
def test_a_client_that_does_not_read_its_answer_is_given_up(port: int) -> None:
    with connect(port) as slow:
        slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        slow.sendall(b"GET /long HTTP/1.1\r\nHost: localhost\r\n\r\n")
        threading.Event().wait(3)
        assert len(rest(slow)) < len(LONG)


@pytest.mark.parametrize(
    "line",
    [b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", b"GET\r\n\r\n", b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
     b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabc",
     b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: xchunked\r\n\r\n",
     b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"x" * 300_000 + b"\r\n\r\n"],
)  # fmt: skip
def test_what_is_no_request(port: int, line: bytes) -> None:
    with connect(port) as odd:
        odd.sendall(line + (b"\n\n" if line.startswith(b"\x16") else b""))
        status, error = refusal(rest(odd))
        assert status in (400, 501)
        assert error


def test_one_connection_too_many_is_told(port: int) -> None:
    many = [connect(port) for _ in range(4)]
    threading.Event().wait(0.1)
    with connect(port) as one_more:
        assert refusal(rest(one_more)) == (503, "too many connections; try again in a moment")
    for connection in many:
        connection.close()


def test_a_connection_serves_several_requests(port: int) -> None:
    threading.Event().wait(0.2)
    with connect(port) as kept:
        for _ in range(3):
            kept.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
            found = b""
            while not found.endswith(b"short"):
                found += kept.recv(1000)


def test_a_slow_body_is_told_and_does_not_keep_its_place() -> None:
    with serving("--queue", "1") as server, server.connect() as slow:
        slow.sendall(b"POST /v1/image HTTP/1.1\r\nHost: localhost\r\nContent-Type: image/jpeg\r\n")
        slow.sendall(b"Content-Length: %d\r\n\r\n" % len(PHOTO) + PHOTO[:2])
        head, _, body = slow.recv(5000).partition(b"\r\n\r\n")
        assert b" 408 " in head
        assert json.loads(body or slow.recv(5000))["error"] == "the body of the request comes too slowly"
        server.wait_for("limner_in_flight", 0)
