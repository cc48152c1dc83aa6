"""What the page gets from its server and what the server makes of the page's answers; asked over real HTTP."""

from __future__ import annotations

import http.client
import json
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np
import pytest

from limner.export.browser.server import PageServer

FEEDS = [
    {"image": np.full((1, 2, 2, 3), call / 4, np.float32), "previous": np.full((1, 2, 2, 1), call, np.uint8)}
    for call in range(2)
]


@pytest.fixture
def server(tmp_path: Path) -> Iterator[PageServer]:
    for name, text in (
        ("page/page.html", "hello"),
        ("lib/a/b.wasm", "code"),
        ("models/m.onnx", "net"),
        ("no", "secret"),
    ):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True, parents=True)
        path.write_text(text)
    with PageServer(tmp_path / "page", tmp_path / "lib", tmp_path / "models", {"calls": 2}, FEEDS) as server:
        yield server


def ask(
    server: PageServer, path: str, *, body: bytes | None = None, meta: object = None, outside: bool = False
) -> tuple[int, bytes, dict[str, str]]:
    """Status, body and headers of a GET, or of a POST where there is a body, as the path is written."""
    place = urlsplit(server.url)
    connection = http.client.HTTPConnection("127.0.0.1", place.port, timeout=10)
    headers = {} if meta is None else {"x-meta": json.dumps(meta)}
    base = "/" if outside else place.path.removesuffix("page.html")
    connection.request("GET" if body is None else "POST", base + path, body, headers)
    answer = connection.getresponse()
    found = answer.status, answer.read(), {name.lower(): value for name, value in answer.getheaders()}
    connection.close()
    return found


@pytest.mark.parametrize(
    ("path", "text", "kind"),
    [
        ("page.html", b"hello", "text/html"),
        ("lib/a/b.wasm", b"code", "application/wasm"),
        ("model/m.onnx", b"net", "application/octet-stream"),
        ("job.json", b'{"calls": 2}', "application/json"),
    ],
)
def test_the_page_gets_what_it_needs_isolated_from_everything_else(
    server: PageServer, path: str, text: bytes, kind: str
) -> None:
    status, body, headers = ask(server, path)
    assert (status, body, headers["content-type"]) == (200, text, kind)
    assert headers["cross-origin-opener-policy"] == "same-origin"
    assert headers["cross-origin-embedder-policy"] == "require-corp"


def test_inputs_come_as_the_bytes_of_all_arrays_of_a_call(server: PageServer) -> None:
    status, body, _ = ask(server, "input/1")
    assert status == 200
    assert np.array_equal(np.frombuffer(body[:48], np.float32), np.full(12, 0.25))
    assert list(body[48:]) == [1] * 4


@pytest.mark.parametrize(
    "path", ["input/2", "input/x", "../no", "model/../../no", "model/%2e%2e/no", "lib/none.js", "", "model"]
)
def test_nothing_else_is_served(server: PageServer, path: str) -> None:
    assert ask(server, path)[0] == 404


def test_who_does_not_know_the_url_gets_nothing(server: PageServer) -> None:
    assert ask(server, "page.html", outside=True)[0] == 404
    assert ask(server, "done", body=b"{}", outside=True)[0] == 400
    assert not server.ended.is_set()


def test_outputs_become_arrays_again(server: PageServer) -> None:
    alpha, classes = np.arange(4, dtype=np.float32), np.array([[7, 8]], np.int32)
    specs = [
        {"name": "alpha", "dtype": "float32", "shape": [1, 2, 2, 1]},
        {"name": "classes", "dtype": "int32", "shape": [1, 2]},
    ]
    assert ask(server, "output/1", body=alpha.tobytes() + classes.tobytes(), meta=specs)[0] == 200
    assert np.array_equal(server.outputs[1]["alpha"], alpha.reshape(1, 2, 2, 1))
    assert np.array_equal(server.outputs[1]["classes"], classes)
    assert not server.ended.is_set()


@pytest.mark.parametrize(
    ("path", "body", "meta"),
    [
        ("output/0", b"abc", [{"name": "alpha", "dtype": "float32", "shape": [1]}]),
        ("output/0", b"abcd", [{"name": "alpha", "dtype": "float16", "shape": [2]}]),
        ("output/0", b"abcd", None),
        ("done", b"{", None),
        ("elsewhere", b"", None),
    ],
)
def test_answers_that_make_no_sense_are_refused(server: PageServer, path: str, body: bytes, meta: object) -> None:
    assert ask(server, path, body=body, meta=meta)[0] == 400
    assert server.outputs == {}
    assert not server.ended.is_set()


def test_the_end_is_told_with_or_without_success(server: PageServer) -> None:
    ask(server, "failed", body=b"no such operator")
    assert server.ended.is_set()
    assert server.failed == "no such operator"
    ask(server, "done", body=b'{"load_ms": 1}')
    assert server.done == {"load_ms": 1}
