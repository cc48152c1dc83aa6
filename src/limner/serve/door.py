"""What every request passes first and every answer last: names, origins, the key; headers, counts, bugs."""

from __future__ import annotations

import asyncio
import json
import sys
import time
import traceback
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from limner.serve.key import Lock
from limner.serve.metrics import Metrics
from limner.serve.refusal import GoneError, RefusedError, body, one_line

HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}
"""What every answer carries."""
BUG = "a bug in Limner; its operator finds more in its log"
_FREE = ("/", "/page.js", "/page.css", "/openapi.json", "/health", "/health/live", "/health/ready")
"""Paths that need no key: they tell nothing of anybody's photos."""


class Door:
    """Wraps the application.

    Args:
        app: what answers requests.
        lock: the key.
        names: what this server may be called; None: anything. See ``limner.address.local_names``.
        metrics: what is told of each answer.
    """

    def __init__(self, app: ASGIApp, lock: Lock, names: frozenset[str] | None, metrics: Metrics) -> None:
        self._app, self._lock, self._names, self._metrics = app, lock, names, metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        began, status = time.monotonic(), 0

        async def sent(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                given = {name.lower() for name, _ in message["headers"]}
                more = [(name.lower().encode(), value.encode()) for name, value in HEADERS.items()]
                message["headers"] = [*message["headers"], *(item for item in more if item[0] not in given)]
            await send(message)

        try:
            self._check(scope)
            await self._app(scope, receive, sent)
        except (GoneError, asyncio.CancelledError):  # the latter once the server's grace is over
            self._metrics.left()
        except RefusedError as error:
            await refuse(sent, error)
        except Exception:
            traceback.print_exc(file=sys.stderr)
            if status == 0:
                await refuse(sent, RefusedError(HTTPStatus.INTERNAL_SERVER_ERROR, BUG))
        if status:
            route = getattr(scope.get("route"), "path", "other")
            self._metrics.answered(route, status, time.monotonic() - began)

    def _check(self, scope: Scope) -> None:
        fields = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        host = fields.get("host", "").lower()
        if self._names is not None and _bare(host) not in self._names and host not in self._names:
            # Any site can give itself a name that leads to this machine, and would be let in as if it were ours.
            reason = f"this server is not called {host}; a name of a reverse proxy has to be told with --name"
            raise RefusedError(HTTPStatus.MISDIRECTED_REQUEST, reason)
        origin = fields.get("origin")
        if origin is not None and not _same(origin, host):
            raise RefusedError(HTTPStatus.FORBIDDEN, "pages of other sites may not use this server")
        free = scope["path"] in _FREE and scope["method"] in ("GET", "HEAD")
        authorization = fields.get("authorization")
        if not free and not self._lock.fits(None if authorization is None else authorization.encode("latin-1")):
            reason = "the key is missing or wrong; send the header Authorization: Bearer KEY"
            raise RefusedError(HTTPStatus.UNAUTHORIZED, reason, {"WWW-Authenticate": "Bearer"})


async def refuse(send: Send, error: RefusedError) -> None:
    """Send a refusal."""
    await send_json(send, error.status, body(error.status, error.reason), error.headers)


async def send_json(send: Send, status: int, value: Any, headers: Mapping[str, str] | None = None) -> None:
    """Send one line of JSON."""
    data = (json.dumps(value) + "\n").encode()
    all_headers = {"Content-Type": "application/json", "Content-Length": str(len(data)), **(headers or {})}
    lines = [(name.lower().encode(), one_line(text).encode("latin-1", "replace")) for name, text in all_headers.items()]
    await send({"type": "http.response.start", "status": status, "headers": lines})
    await send({"type": "http.response.body", "body": data})


def _bare(host: str) -> str:
    """A host without its port."""
    name, colon, port = host.rpartition(":")
    return name if colon and port.isdigit() else host


def _same(origin: str, host: str) -> bool:
    try:
        return urlsplit(origin).netloc.lower() == host
    except ValueError:
        return False
