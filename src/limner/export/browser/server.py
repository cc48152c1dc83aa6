"""Serves a model, libraries and pictures to one page on this machine, and takes what the page computed."""

from __future__ import annotations

import json
import math
import secrets
import threading
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import unquote

import numpy as np
from numpy.typing import NDArray

Feeds = Mapping[str, NDArray[Any]]
_TYPES = {".html": "text/html", ".mjs": "text/javascript", ".js": "text/javascript", ".wasm": "application/wasm"}
_DTYPES = {"float32": np.float32, "int32": np.int32, "uint8": np.uint8, "int8": np.int8, "bool": np.bool_}
_ISOLATED = {
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Embedder-Policy": "require-corp",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}
"""Without these a page gets neither threads nor fine clocks."""


class PageServer:
    """A server on a port of its own of 127.0.0.1, as a context; only who knows ``url`` gets anything.

    Args:
        page: folder of page.html and page.mjs.
        libraries: served under ``lib/``.
        model: folder served under ``model/``.
        job: what the page asks for first, as JSON.
        feeds: inputs of each call, by name.

    Attributes:
        outputs: of each call so far, by the page's number of the call.
        done: what the page said when it had finished; None before.
        failed: what the page said where it could not; None otherwise.
        ended: set when either is there.
        heard: rises with everything the page asks for.
    """

    def __init__(
        self, page: Path, libraries: Path, model: Path, job: Mapping[str, Any], feeds: Sequence[Feeds]
    ) -> None:
        self.folders = {"": page, "lib": libraries, "model": model}
        self.job, self.feeds = job, feeds
        self.outputs: dict[int, dict[str, NDArray[Any]]] = {}
        self.done: dict[str, Any] | None = None
        self.failed: str | None = None
        self.ended = threading.Event()
        self.heard = 0
        self._secret = secrets.token_urlsafe(16)
        self._server = _Server(("127.0.0.1", 0), _handler(self, f"/{self._secret}/"))
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)

    @property
    def url(self) -> str:
        """Of the page."""
        return f"http://127.0.0.1:{self._server.server_port}/{self._secret}/page.html"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def answer(self, path: str) -> tuple[bytes, str] | None:
        """Body and content type of what lies at ``path``; None where there is nothing."""
        self.heard += 1
        first, _, rest = path.partition("/")
        if path == "job.json":
            return json.dumps(self.job).encode(), "application/json"
        if first == "input":
            if not rest.isdecimal() or int(rest) >= len(self.feeds):
                return None
            arrays = (np.ascontiguousarray(array).tobytes() for array in self.feeds[int(rest)].values())
            return b"".join(arrays), "application/octet-stream"
        folder = self.folders[first if first in self.folders and rest else ""]
        file = (folder / (rest if folder is not self.folders[""] else path)).resolve()
        if not file.is_relative_to(folder.resolve()) or not file.is_file():
            return None
        return file.read_bytes(), _TYPES.get(file.suffix, "application/octet-stream")

    def take(self, path: str, meta: str | None, body: bytes) -> bool:
        """What the page posts; whether it makes sense."""
        self.heard += 1
        first, _, rest = path.partition("/")
        try:
            if first == "output" and meta is not None:
                self.outputs[int(rest)] = _arrays(json.loads(meta), body)
                return True
            if path == "done":
                self.done = json.loads(body)
            elif path == "failed":
                self.failed = body.decode("utf-8", "replace")
            else:
                return False
        except (ValueError, KeyError, TypeError):
            return False
        self.ended.set()
        return True


def _arrays(specs: Sequence[Mapping[str, Any]], body: bytes) -> dict[str, NDArray[Any]]:
    arrays, offset = {}, 0
    for spec in specs:
        dtype, count = np.dtype(_DTYPES[spec["dtype"]]), math.prod(spec["shape"])
        arrays[spec["name"]] = np.frombuffer(body, dtype, count, offset).reshape(spec["shape"])
        offset += count * dtype.itemsize
    return arrays


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A browser that is ended lets go of its connections; that is no news, and bugs show in the page's answers."""


def _handler(server: PageServer, prefix: str) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            path = unquote(self.path)
            found = server.answer(path.removeprefix(prefix)) if path.startswith(prefix) else None
            if found is None:
                self._reply(HTTPStatus.NOT_FOUND, b"", "text/plain")
            else:
                self._reply(HTTPStatus.OK, *found)

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            path = unquote(self.path)
            known = path.startswith(prefix) and server.take(path.removeprefix(prefix), self.headers.get("x-meta"), body)
            self._reply(HTTPStatus.OK if known else HTTPStatus.BAD_REQUEST, b"", "text/plain")

        def _reply(self, status: HTTPStatus, body: bytes, kind: str) -> None:
            self.send_response(status)
            headers = {"Content-Type": kind, "Content-Length": str(len(body)), **_ISOLATED}
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:
            """Nobody reads a log of one page."""

    return Handler
