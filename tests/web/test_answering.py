"""Answers over real HTTP: types, forms, tags, parts, and what nobody gets."""

from __future__ import annotations

import errno
import gzip
import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from limner.models.catalogue import find_model
from limner.web.headers import FOREVER, POLICY
from web_parts import SCRIPT, Client, build_page, plain, serving, status

HASHED = "/assets/index-B2x9_a1c.js"


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_page(tmp_path_factory.mktemp("site") / "page")


@pytest.fixture(scope="module")
def client(page: Path) -> Iterator[Client]:
    with serving(page) as client:
        yield client


# ------------------------------------------------------------------ what browsers get


@pytest.mark.parametrize(
    ("path", "kind", "cache"),
    [
        ("/", "text/html; charset=utf-8", "no-cache"),
        ("/index.html?x=1", "text/html; charset=utf-8", "no-cache"),
        ("/sw.js", "text/javascript; charset=utf-8", "no-cache"),
        ("/manifest.webmanifest", "application/manifest+json", "no-cache"),
        (HASHED, "text/javascript; charset=utf-8", FOREVER),
        ("/assets/ort-wasm-simd-threaded.wasm", "application/wasm", "no-cache"),
        ("/models/fast.onnx", "application/octet-stream", "no-cache"),
        ("/models/fast.json", "application/json", "no-cache"),
        ("/models/index.json", "application/json", "no-cache"),
    ],
)
def test_files_come_with_their_type_and_under_the_policy(client: Client, path: str, kind: str, cache: str) -> None:
    reply = client.ask(path)
    assert (reply.status, reply.headers["content-type"], reply.headers["cache-control"]) == (200, kind, cache)
    assert reply.headers.items() >= {name.lower(): value for name, value in POLICY.items()}.items()
    assert int(reply.headers["content-length"]) == len(reply.body)
    head = client.ask(path, method="HEAD")
    assert (head.status, head.body) == (200, b"")
    assert {**head.headers, "date": ""} == {**reply.headers, "date": ""}


def test_models_are_those_of_the_package(client: Client) -> None:
    index = json.loads(client.ask("/models/index.json").body)
    assert index["default"] == index["models"][0]["name"] == "fast"
    assert {model["name"] for model in index["models"]} == {"fast", "quality", "selfie", "tiny", "video"}
    for model in index["models"]:
        assert client.ask(f"/models/{model['model']}").body == find_model(model["name"]).path.read_bytes()
        assert json.loads(client.ask(f"/models/{model['card']}").body)["sha256"] == model["sha256"]


def test_the_form_that_the_client_prefers_is_sent(client: Client) -> None:
    for accepted, coding in (("gzip", "gzip"), ("gzip, br", "br"), ("br;q=0.5, gzip", "gzip")):
        reply = client.ask(HASHED, accept_encoding=accepted)
        assert (reply.headers["content-encoding"], reply.headers["vary"]) == (coding, "Accept-Encoding")
        assert reply.headers["content-type"] == "text/javascript; charset=utf-8"
    assert gzip.decompress(client.ask(HASHED, accept_encoding="gzip").body) == SCRIPT
    reply = client.ask(HASHED, accept_encoding="identity")
    assert (reply.body, reply.headers["vary"]) == (SCRIPT, "Accept-Encoding")
    assert "content-encoding" not in reply.headers
    refused = client.ask(HASHED, accept_encoding="identity;q=0, zstd")
    assert (refused.status, refused.headers["vary"]) == (406, "Accept-Encoding")
    assert client.ask(f"{HASHED}.gz").status == 404


def test_a_file_that_the_client_has_is_not_sent_again(client: Client) -> None:
    tags = {accepted: client.ask(HASHED, accept_encoding=accepted).headers["etag"] for accepted in ("gzip", "identity")}
    assert tags["gzip"] != tags["identity"]
    reply = client.ask(HASHED, accept_encoding="gzip", if_none_match=f'"other", W/{tags["gzip"]}')
    assert (reply.status, reply.body, reply.headers["etag"]) == (304, b"", tags["gzip"])
    assert reply.headers.keys() >= {"cache-control", "vary", "content-security-policy"}
    assert reply.headers.keys().isdisjoint({"content-type", "content-length", "content-encoding"})
    assert client.ask(HASHED, if_none_match="*").status == 304
    assert client.ask(HASHED, accept_encoding="gzip", if_none_match=tags["identity"]).status == 200
    assert client.ask(HASHED, if_match='"other"').status == 412


def test_a_file_that_changes_gets_another_tag(tmp_path: Path) -> None:
    page = build_page(tmp_path)
    with serving(page) as client:
        before = client.ask("/sw.js").headers["etag"]
        (page / "new").write_bytes(b"// changed\n")
        (page / "new").replace(page / "sw.js")
        reply = client.ask("/sw.js", if_none_match=before)
        assert (reply.status, reply.body) == (200, b"// changed\n")
        assert reply.headers["etag"] != before


@pytest.mark.parametrize(
    ("asked", "part"),
    [
        ("bytes=0-0", slice(0, 1)),
        ("bytes=10-19", slice(10, 20)),
        ("bytes=900-", slice(900, None)),
        ("bytes=-7", slice(-7, None)),
        ("bytes=-99999", slice(0, None)),
        (f"bytes=5-{'9' * 5000}", slice(5, None)),
    ],
)
def test_parts(client: Client, asked: str, part: slice) -> None:
    reply = client.ask(HASHED, range=asked)
    start, stop, _ = part.indices(len(SCRIPT))
    assert (reply.status, reply.body) == (206, SCRIPT[part])
    assert reply.headers["content-range"] == f"bytes {start}-{stop - 1}/{len(SCRIPT)}"
    tag = reply.headers["etag"]
    assert client.ask(HASHED, range=asked, if_range=tag).status == 206
    assert client.ask(HASHED, range=asked, if_range='"other"').body == SCRIPT
    assert client.ask(HASHED, range=asked, method="HEAD").status == 200


@pytest.mark.parametrize("asked", ["bytes=5-2", "bytes=0-1,4-5", "bytes=-", "bytes=a-b", "lines=0-1", "bytes 0-1", ""])
def test_what_is_no_single_part_gets_the_whole(client: Client, asked: str) -> None:
    reply = client.ask(HASHED, range=asked)
    assert (reply.status, reply.body) == (200, SCRIPT)
    assert "content-range" not in reply.headers


@pytest.mark.parametrize(
    ("path", "asked", "size"),
    [
        (HASHED, "bytes=-0", len(SCRIPT)),
        (HASHED, f"bytes={len(SCRIPT)}-", len(SCRIPT)),
        (HASHED, f"bytes={'9' * 5000}-", len(SCRIPT)),
        ("/assets/empty.txt", "bytes=0-", 0),
        ("/assets/empty.txt", "bytes=-1", 0),
    ],
)
def test_parts_that_are_not_there_are_refused(client: Client, path: str, asked: str, size: int) -> None:
    reply = client.ask(path, range=asked)
    assert (reply.status, reply.headers["content-range"]) == (416, f"bytes */{size}")
    assert reply.body.decode() == f"416 Requested Range Not Satisfiable: the file has {size} bytes\n"


# ------------------------------------------------------------------ what nobody gets


@pytest.mark.parametrize(
    "path",
    [
        "/none.js",
        "/assets",
        "/assets/",
        "//sw.js",
        "/sw.js/",
        "/models/",
        "/models/harmonize.onnx",
        "/models/card.py",
        "/models/../index.html",
        "/../../../../etc/passwd",
        "/%2e%2e/%2e%2e/etc/passwd",
        "/..%2f..%2fetc%2fpasswd",
        "/assets/%2e%2e/sw.js",
        "/assets%2findex-B2x9_a1c.js",
        "/assets\\..\\sw.js",
        "/%5c%5chost%5cshare",
        "/.secret/key.txt",
        "/sw.js%00.html",
        "/sw.js%0d%0aX-Injected:%201",
        "/C:/windows/win.ini",
        f"/{'a' * 5000}",
        f"/{'a/' * 2000}a",
    ],
)
def test_nothing_else_is_served(client: Client, path: str) -> None:
    answer = client.send(f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
    assert status(answer) == 404
    assert plain(answer)


def test_links_do_not_lead_out_of_the_page(tmp_path: Path) -> None:
    page = build_page(tmp_path / "page")
    (tmp_path / "outside.txt").write_text("outside")
    (page / "out.txt").symlink_to(tmp_path / "outside.txt")
    (page / "up").symlink_to(tmp_path)
    (page / "in.txt").symlink_to(page / "sw.js")
    (page / "round").symlink_to(page / "round")
    os.mkfifo(page / "pipe")
    with serving(page) as client:
        found = {
            path: client.ask(f"/{path}").status for path in ("out.txt", "up/outside.txt", "in.txt", "round", "pipe")
        }
    assert found == {"out.txt": 404, "up/outside.txt": 404, "in.txt": 200, "round": 404, "pipe": 404}


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE", "get", "BREW"])
def test_files_are_only_read(client: Client, method: str) -> None:
    reply = client.ask("/", method=method)
    assert (reply.status, reply.headers["allow"]) == (405, "GET, HEAD")
    assert reply.body == b"405 Method Not Allowed: files are only read here\n"


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("localhost", 200),
        ("LOCALHOST:1", 200),
        ("127.0.0.1:8765", 200),
        ("[::1]:8765", 200),
        ("rebound.example", 421),
        ("localhost.rebound.example", 421),
        ("127.0.0.1.rebound.example:8765", 421),
        ("127.0.0.2", 421),
        ("", 400),
        ("a b", 400),
        ("localhost:x", 400),
        ("user@localhost", 400),
        ("localhost/x", 400),
    ],
)
def test_only_names_of_this_machine_open_a_local_server(client: Client, host: str, expected: int) -> None:
    reply = client.ask("/", host=host)
    assert reply.status == expected
    whole = f"GET http://{host}/sw.js HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    if expected in (200, 421):
        assert status(client.send(whole.encode())) == expected


def test_a_server_for_other_machines_takes_any_name(page: Path) -> None:
    with serving(page, local=False) as client:
        assert client.ask("/", host="lab-7.example").status == 200
        assert client.ask("/", host="lab 7").status == 400


def test_a_file_that_cannot_be_read_is_said(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def denied(*_: object) -> None:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    monkeypatch.setattr(Path, "open", denied)
    reply = client.ask("/sw.js")
    told = b"500 Internal Server Error: the file cannot be read: Permission denied\n"
    assert (reply.status, reply.body) == (500, told)
