"""What happens to a bug, seen from both sides: one line of JSON for the client, the traceback for the operator."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from starlette.types import Message

from limner.serve import schema
from limner.serve.app import build_app
from limner.serve.door import HEADERS
from limner.serve.options import ServeOptions


def ask(app: Any, path: str, headers: dict[str, str]) -> tuple[int, dict[str, str], bytes]:
    """Status, headers and body of what an application answers to a GET."""
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    scope = {"type": "http", "method": "GET", "path": path, "raw_path": path.encode(), "query_string": b"",
             "root_path": "", "scheme": "http", "http_version": "1.1", "server": ("127.0.0.1", 80), "client": None,
             "headers": [(name.encode(), value.encode("latin-1")) for name, value in headers.items()]}  # fmt: skip
    asyncio.run(app(scope, receive, send))
    start, *rest = sent
    found = {name.decode(): value.decode("latin-1") for name, value in start["headers"]}
    return start["status"], found, b"".join(message["body"] for message in rest)


@pytest.fixture(scope="module")
def app() -> Any:
    options = ServeOptions(models=("tiny",), runtime="onnxruntime", worker_class="threads")
    return build_app(options, names=frozenset(["localhost", "[::1]"])).app


def test_a_bug_is_told_to_both_sides(
    app: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError("secret numbers")

    monkeypatch.setattr(schema, "effects", broken)
    status, headers, body = ask(app, "/v1/effects", {"host": "localhost"})
    assert (status, headers["content-type"]) == (500, "application/json")
    assert json.loads(body) == {"status": 500, "error": "a bug in Limner; its operator finds more in its log"}
    assert "ZeroDivisionError: secret numbers" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("host", "origin", "status"),
    [
        ("localhost", None, 200),
        ("LOCALHOST:8770", None, 200),
        ("[::1]:8770", None, 200),
        ("[::1]", None, 200),
        ("", None, 421),
        ("localhost.evil.example", None, 421),
        ("localhost:8770", "http://localhost:8770", 200),
        ("localhost:8770", "http://localhost:8771", 403),
        ("localhost:8770", "null", 403),
        ("localhost:8770", "http://[", 403),
    ],
)
def test_names_and_origins(app: Any, host: str, origin: str | None, status: int) -> None:
    found, headers, _ = ask(app, "/health", {"host": host, **({} if origin is None else {"origin": origin})})
    assert found == status
    assert {name.lower() for name in HEADERS} <= headers.keys()
