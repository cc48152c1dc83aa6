"""Photos from URLs: what is fetched, and what never is."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from limner.serve.options import Limits
from limner.serve.refusal import RefusedError
from limner.serve.remote import Remote, is_public
from serve_parts import PHOTO, serving

LIMITS = Limits(body=1, body_seconds=1.0)


class Photos(BaseHTTPRequestHandler):
    """A host of photos, some of them odd."""

    def do_GET(self) -> None:
        if self.path == "/elsewhere":
            self.send_response(302)
            self.send_header("Location", "/photo.jpg")
            self.end_headers()
        elif self.path == "/none":
            self.send_error(404)
        elif self.path == "/huge":
            self.send_response(200)
            self.end_headers()
            self.wfile.write(bytes(2_000_000))
        elif self.path == "/cut":
            self.send_response(200)
            self.send_header("Content-Length", "1000")
            self.end_headers()
            self.wfile.write(b"abc")
        elif self.path == "/slow":
            self.send_response(200)
            self.end_headers()
            for _ in range(40):
                self.wfile.write(b"x")
                threading.Event().wait(0.1)
        else:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(PHOTO)

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture(scope="module")
def host() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Photos) as server:
        server.handle_error = lambda *_: None  # type: ignore[method-assign]
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"127.0.0.1:{server.server_port}"
        server.shutdown()


def test_a_host_that_the_operator_named_is_fetched_from(host: str) -> None:
    assert Remote([host], LIMITS).fetch(f"http://{host}/photo.jpg?x=1") == PHOTO


@pytest.mark.parametrize(
    ("path", "status", "says"),
    [
        ("/elsewhere", 502, "answers 302, a redirect, which is not followed"),
        ("/none", 502, "answers 404, no photo"),
        ("/huge", 413, "larger than 1 MiB"),
        ("/cut", 502, "ends before it is whole"),
        ("/slow", 504, "did not send the photo in time"),
    ],
)
def test_what_a_host_may_do_wrong(host: str, path: str, status: int, says: str) -> None:
    with pytest.raises(RefusedError, match=says) as error:
        Remote([host], LIMITS).fetch(f"http://{host}{path}")
    assert error.value.status == status


@pytest.mark.parametrize(
    ("url", "status"),
    [
        ("http://example.org/a.jpg", 403),
        ("http://127.0.0.1:1/a.jpg", 403),
        ("http://[::1]/a.jpg", 403),
        ("http://allowed.example:81/a.jpg", 403),
        ("http://allowed.example.evil.example/a.jpg", 403),
        ("http://0x7f000001/a.jpg", 403),
        ("http://2130706433/a.jpg", 403),
        ("http://localhost/a.jpg", 403),
        ("http://user:word@allowed.example/a.jpg", 422),
        ("http://allowed.example@evil.example/a.jpg", 422),
        ("http://evil.example\\@allowed.example/a.jpg", 422),
        ("file:///etc/passwd", 422),
        ("ftp://allowed.example/a.jpg", 422),
        ("http:///a.jpg", 422),
        ("http://allowed.example:99999/", 422),
        ("http://allowed.example/\r\nX: y", 422),
        ("http://allowed.example/ü", 422),
        ("http://allowed.example/" + "a" * 3000, 422),
        ("", 422),
    ],
)
def test_urls_that_are_refused_before_anything_is_looked_up(
    url: str, status: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: pytest.fail("it was looked up"))
    monkeypatch.setattr(socket, "create_connection", lambda *_, **__: pytest.fail("it was connected to"))
    with pytest.raises(RefusedError) as error:
        Remote(["allowed.example"], LIMITS).fetch(url)
    assert error.value.status == status


def test_a_named_host_inside_the_network_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(RefusedError, match="localhost is inside a private network"):
        Remote(["localhost"], LIMITS).fetch("http://localhost/")
    addresses = [(2, 1, 6, "", ("8.8.8.8", 80)), (2, 1, 6, "", ("169.254.169.254", 80))]  # one of the two
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: addresses)
    with pytest.raises(RefusedError, match="inside a private network"):
        Remote(["metadata.example"], LIMITS).fetch("http://metadata.example/")


@pytest.mark.parametrize(
    ("address", "public"),
    [("8.8.8.8", True), ("2606:4700::1111", True), ("127.0.0.1", False), ("10.1.2.3", False), ("172.16.0.1", False),
     ("192.168.1.1", False), ("169.254.169.254", False), ("100.64.0.1", False), ("0.0.0.0", False),
     ("224.0.0.1", False), ("255.255.255.255", False), ("::1", False), ("::", False), ("fe80::1", False),
     ("fd00::1", False), ("::ffff:127.0.0.1", False), ("::ffff:8.8.8.8", True), ("64:ff9b::7f00:1", False),
     ("64:ff9b::808:808", True), ("2002:7f00:1::", False), ("ff02::1", False)],
)  # fmt: skip
def test_public_addresses(address: str, public: bool) -> None:
    assert is_public(address) is public


def test_a_server_fetches_and_takes_options_beside_the_url(host: str) -> None:
    with serving("--url-host", host) as server:
        kind = {"Content-Type": "application/json"}
        body = f'{{"url": "http://{host}/photo.jpg", "effect": "mask", "format": "png", "refine": false}}'
        answer = server.ask("POST", "/v1/image", body, kind)
        assert (answer.status, answer.headers["content-type"]) == (200, "image/png")
        asked = server.post("/v1/image?effect=mask&format=png&refine=false")
        assert answer.body == asked.body
        other = server.ask("POST", "/v1/image", '{"url": "http://example.org/photo.jpg"}', kind)
        assert (other.status, "does not fetch from example.org:80" in other.error) == (403, True)
