"""The server over real sockets: one connection, and what broken, slow and greedy clients get."""

from __future__ import annotations

import http.client
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from limner.models.catalogue import find_model
from limner.web.inbox import Limits
from web_parts import Client, build_page, plain, received, serving, status

GET = b"GET / HTTP/1.1\r\nHost: localhost\r\n"
CLOSE = GET + b"Connection: close\r\n\r\n"
HASHED = "/assets/index-B2x9_a1c.js"


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_page(tmp_path_factory.mktemp("site") / "page")


@pytest.fixture(scope="module")
def client(page: Path) -> Iterator[Client]:
    with serving(page) as client:
        yield client


# ------------------------------------------------------------------ one connection


def test_one_connection_answers_many_requests_in_their_order(client: Client) -> None:
    asked = b"".join(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode() for path in ("/sw.js", "/none", HASHED))
    answer = client.send(asked + GET + b"Connection: close\r\n\r\n")
    assert [status(b"HTTP/1.1 " + part) for part in answer.split(b"HTTP/1.1 ")[1:]] == [200, 404, 200, 200]
    connection = http.client.HTTPConnection("127.0.0.1", client.port, timeout=20)
    for _ in range(3):
        connection.request("GET", "/sw.js")
        sock = connection.sock
        assert connection.getresponse().read() == b"// nothing\n"
        assert connection.sock is sock
    connection.close()


def test_http_1_0_closes_unless_asked_not_to(client: Client) -> None:
    answer = client.send(b"GET /sw.js HTTP/1.0\r\n\r\n")
    assert status(answer) == 200
    assert b"Connection: close\r\n" in answer
    assert answer.endswith(b"// nothing\n")
    kept = client.send(b"GET /sw.js HTTP/1.0\r\nConnection: keep-alive\r\n\r\n" + GET + b"Connection: close\r\n\r\n")
    assert kept.count(b"HTTP/1.1 200") == 2


# ------------------------------------------------------------------ broken requests


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"GET /\r\n", 400),  # HTTP/0.9
        (b"GET / HTTP/0.9\r\n\r\n", 505),
        (b"GET / HTTP/2.0\r\n\r\n", 505),
        (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505),
        (b"GET / http/1.1\r\nHost: localhost\r\n\r\n", 400),
        (b"GET  / HTTP/1.1\r\nHost: localhost\r\n\r\n", 400),
        (b"GET /a b HTTP/1.1\r\nHost: localhost\r\n\r\n", 400),
        (b"GET /\xc3\xa9 HTTP/1.1\r\nHost: localhost\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\n\r\n", 400),  # no host
        (GET + b"Host: localhost\r\n\r\n", 400),
        (GET + b"Folded: one\r\n two\r\n\r\n", 400),
        (GET + b"Spaced : x\r\n\r\n", 400),
        (GET + b"no colon\r\n\r\n", 400),
        (GET + b"Nul: a\0b\r\n\r\n", 400),
        (GET + b"Return: a\rb\r\n\r\n", 400),
        (GET + b"Content-Length: 4\r\nContent-Length: 5\r\n\r\n", 400),
        (GET + b"Content-Length: -1\r\n\r\n", 400),
        (GET.replace(b" / ", b" /%zz ") + b"\r\n", 400),
        (GET.replace(b" / ", b" /%ff ") + b"\r\n", 400),
        (GET.replace(b" / ", b" /#top ") + b"\r\n", 400),
        (GET.replace(b" / ", b" * ") + b"\r\n", 400),
        (GET.replace(b" / ", b" ftp://localhost/ ") + b"\r\n", 400),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 400),  # TLS
        (b"GET /" + b"a" * 40_000, 414),
        (GET + b"Cookie: " + b"a" * 40_000, 431),
        (GET + b"A: b\r\n" * 8_000, 431),
    ],
)
def test_what_is_no_request_is_refused_at_once(client: Client, data: bytes, expected: int) -> None:
    answer = client.send(
        data if expected == 505 or b"\r\n\r\n" not in data else data[:-2] + b"Connection: close\r\n\r\n"
    )
    assert status(answer) == expected
    assert plain(answer)
    assert answer.count(b"Date: ") == 1


def test_an_absolute_address_is_its_path(client: Client) -> None:
    for target in (b"http://localhost/sw.js", b"HTTP://127.0.0.1:9/sw.js?x"):
        assert client.send(GET.replace(b" / ", b" " + target + b" ") + b"Connection: close\r\n\r\n").endswith(
            b"nothing\n"
        )
    assert b"<!doctype" in client.send(GET.replace(b" / ", b" http://localhost ") + b"Connection: close\r\n\r\n")


def test_bare_line_feeds_and_empty_lines_before_a_request_are_taken(client: Client) -> None:
    assert status(client.send(b"\r\n\n" + GET.replace(b"\r\n", b"\n") + b"Connection: close\n\n")) == 200


@pytest.mark.parametrize(
    ("header", "body"),
    [
        (b"Content-Length: 70", b"GET /sw.js HTTP/1.1\r\nHost: localhost\r\nX-Smuggled: yes, it was, indeed\r\n\r\n"),
        (b"Transfer-Encoding: chunked", b"5\r\nhello\r\n0\r\n\r\nGET /sw.js HTTP/1.1\r\nHost: localhost\r\n\r\n"),
    ],
)
def test_a_body_is_never_taken_for_a_request(client: Client, header: bytes, body: bytes) -> None:
    for method, expected in ((b"GET", 200), (b"POST", 405)):
        answer = client.send(GET.replace(b"GET", method) + header + b"\r\n\r\n" + body)
        assert answer.count(b"Date: ") == 1
        assert status(answer) == expected
        assert b"Connection: close" in answer


def test_a_client_that_sends_much_still_reads_the_answer(client: Client) -> None:
    answer = client.send(b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 900000\r\n\r\n" + b"x" * 900_000)
    assert status(answer) == 405


def test_nobody_is_asked_to_go_on_with_a_body(client: Client) -> None:
    answer = client.send(b"POST / HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\nContent-Length: 9\r\n\r\n")
    assert status(answer) == 405


def test_a_request_that_ends_too_soon_is_refused(client: Client) -> None:
    assert status(client.send(GET, end=True)) == 400
    assert client.send(b"", end=True) == b""


# ------------------------------------------------------------------ slow and greedy clients

SHORT = Limits(head_seconds=0.3, idle_seconds=0.3, write_seconds=0.3, connections=8)


def test_slow_headers_and_silence_are_given_up(page: Path) -> None:
    with serving(page, limits=SHORT) as client:
        with client.connect() as connection:
            answer = b""
            for byte in GET + b"X-Slow: " + b"a" * 10_000:
                connection.sendall(bytes([byte]))
                connection.settimeout(0.02)
                try:
                    answer = connection.recv(65_536)
                    break
                except TimeoutError:
                    continue
        assert status(answer) == 408
        assert client.send(b"") == b""
        assert client.send(GET + b"\r\n").count(b"HTTP/1.1 200") == 1


def test_a_client_that_does_not_read_is_given_up(page: Path) -> None:
    with serving(page, limits=SHORT) as client, client.connect() as stuck:
        stuck.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        stuck.sendall(b"GET /models/quality.onnx HTTP/1.1\r\nHost: localhost\r\n\r\n" * 4)
        stuck.settimeout(20)
        assert client.ask("/sw.js").status == 200
        # What is sent after the server has gone in the middle of an answer is refused by its machine.
        with pytest.raises(ConnectionError):
            stuck.sendall(b"x" * (1 << 26))


def test_clients_that_wait_make_room_for_new_ones(page: Path) -> None:
    with serving(page, limits=Limits(connections=8)) as client:
        idle = [client.connect() for _ in range(8)]
        half = [client.connect() for _ in range(8)]
        for connection in half:
            connection.sendall(GET)
        assert client.ask("/sw.js").status == 200
        assert [received(connection) for connection in idle] == [b""] * 8
        for connection in (*idle, *half):
            connection.close()


@contextmanager
def stuck(client: Client, number: int) -> Iterator[None]:
    """That many clients that ask for much and read nothing."""
    with ExitStack() as stack:
        for _ in range(number):
            connection = stack.enter_context(client.connect())
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            connection.sendall(b"GET /models/quality.onnx HTTP/1.1\r\nHost: localhost\r\n\r\n" * 9)
            assert connection.recv(4096).startswith(b"HTTP/1.1 200")
        yield


def test_when_every_client_is_being_answered_there_is_no_room(page: Path) -> None:
    with serving(page, limits=Limits(connections=2, stall_seconds=60)) as client, stuck(client, 2):
        answer = client.send(b"")
        assert status(answer) == 503
        assert b"Retry-After: 1" in answer


def test_clients_that_read_nothing_make_room(page: Path) -> None:
    with serving(page, limits=Limits(connections=4, stall_seconds=0.1)) as client, stuck(client, 4):
        until = time.monotonic() + 20
        while (code := status(client.send(CLOSE))) == 503 and time.monotonic() < until:
            time.sleep(0.05)
        assert code == 200


def test_two_hundred_clients_at_once(client: Client) -> None:
    def ask(_: int) -> bytes:
        return client.ask("/models/tiny.onnx").body

    expected = find_model("tiny").path.read_bytes()
    with ThreadPoolExecutor(200) as pool:
        assert all(body == expected for body in pool.map(ask, range(200)))


def test_a_bug_is_one_answer_and_a_traceback(
    page: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def fails(*_: object) -> None:
        raise ValueError("seeded")

    with serving(page) as client:
        monkeypatch.setattr("limner.web.site.Site.find", fails)
        reply = client.ask("/")
    assert (reply.status, reply.body) == (500, b"500 Internal Server Error: a bug in Limner\n")
    assert "ValueError: seeded" in capfd.readouterr().err


def test_stopping_hangs_up(page: Path) -> None:
    with serving(page) as client:
        connection = client.connect()
        connection.sendall(GET + b"\r\n")
        assert connection.recv(10) == b"HTTP/1.1 2"
    assert received(connection).count(b"doctype") == 1
    connection.close()
    with pytest.raises(ConnectionRefusedError):
        client.connect()
