"""What tests of the web server share: a small built page, a server of it on a port of its own, ways to talk to it."""

from __future__ import annotations

import gzip
import http.client
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from limner.address import local_names
from limner.web.answering import Answers
from limner.web.headers import POLICY
from limner.web.inbox import Limits
from limner.web.server import WebServer
from limner.web.site import Site

SCRIPT = b"console.log('limner');\n" * 40


def build_page(folder: Path) -> Path:
    """What `make web` leaves, in small."""
    files = {
        "index.html": b"<!doctype html><title>Limner</title>",
        "sw.js": b"// nothing\n",
        "manifest.webmanifest": b"{}",
        "assets/index-B2x9_a1c.js": SCRIPT,
        "assets/index-B2x9_a1c.js.gz": gzip.compress(SCRIPT, mtime=0),
        "assets/index-B2x9_a1c.js.br": b"as if it were brotli",
        "assets/ort-wasm-simd-threaded.wasm": b"\0asm",
        "assets/empty.txt": b"",
        ".secret/key.txt": b"hidden",
    }
    for name, data in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return folder


@dataclass(frozen=True)
class Reply:
    """What came back; headers in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True)
class Client:
    """Talks to one server."""

    port: int

    def ask(self, path: str, *, method: str = "GET", body: bytes | None = None, **headers: str) -> Reply:
        """One request of a real client; ``if_none_match`` is the header If-None-Match."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            named = {name.replace("_", "-"): value for name, value in headers.items()}
            connection.request(method, path, body, named)
            answer = connection.getresponse()
            return Reply(answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read())
        finally:
            connection.close()

    def connect(self) -> socket.socket:
        """A bare connection."""
        return socket.create_connection(("127.0.0.1", self.port), timeout=20)

    def send(self, data: bytes, *, end: bool = False) -> bytes:
        """Everything that comes back for bytes as they are, until the server closes; ``end`` says that no more come."""
        with self.connect() as connection:
            connection.sendall(data)
            if end:
                connection.shutdown(socket.SHUT_WR)
            return received(connection)


def received(connection: socket.socket) -> bytes:
    """All that comes until the other side closes."""
    parts = []
    while part := connection.recv(65_536):
        parts.append(part)
    return b"".join(parts)


def status(answer: bytes) -> int:
    """Of the first answer in what came back."""
    assert answer.startswith(b"HTTP/1.1 "), answer[:100]
    return int(answer.split(b" ", 2)[1])


def plain(answer: bytes) -> bool:
    """Whether an answer is a line of plain text under all headers of the policy, as errors are."""
    head, _, body = answer.partition(b"\r\n\r\n")
    named = all(f"{name}: {value}".encode() in head for name, value in POLICY.items())
    return named and b"Content-Type: text/plain; charset=utf-8" in head and body.count(b"\n") == 1


@contextmanager
def serving(
    page: Path, *, own: Path | None = None, local: bool = True, limits: Limits | None = None
) -> Iterator[Client]:
    """A client of a server of ``page``, which ends with the block; ``local``: it takes its own names only."""
    answers = Answers(Site(page, own=own), local_names("127.0.0.1", "127.0.0.1") if local else None)
    with WebServer(("127.0.0.1", 0), answers, limits) as server:
        yield Client(server.port)
