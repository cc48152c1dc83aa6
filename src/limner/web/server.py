"""Serves a site over HTTP/1.1: one thread a connection, and no client can keep the others waiting."""

from __future__ import annotations

import socket
import socketserver
import sys
import threading
import time
import traceback
from contextlib import suppress
from dataclasses import replace
from email.utils import formatdate
from http import HTTPStatus
from types import TracebackType
from typing import Any, Self

from limner.web.answering import Answer, Answerer, refusal
from limner.web.clients import Clients
from limner.web.inbox import Inbox, Limits
from limner.web.request import RefusedError, parse

_CHUNK = 65_536
_LINGER_SECONDS, _LINGER_BYTES = 2.0, 1 << 20


class WebServer(socketserver.ThreadingMixIn, socketserver.TCPServer):
    """A server, as a context: it listens once made, and answers until the block ends.

    Args:
        address: of ``resolved``.
        answers: to requests.
        limits: of each client.
        body_bytes: of a request at most; 0 reads no bodies, and a request with one is the last of its connection.

    Raises:
        OSError: nothing can listen at the address.
    """

    daemon_threads = True
    block_on_close = False
    allow_reuse_address = True
    request_queue_size = 128

    def __init__(
        self, address: tuple[str, int], answers: Answerer, limits: Limits | None = None, *, body_bytes: int = 0
    ) -> None:
        self.answers, self.limits, self.body_bytes = answers, limits or Limits(), body_bytes
        self.address_family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
        self.clients = Clients(self.limits)
        super().__init__(address, _Connection)
        self._thread = threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.2}, daemon=True)

    @property
    def port(self) -> int:
        """That it listens at, where any free one was asked for, too."""
        return int(self.socket.getsockname()[1])

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.shutdown()
        self.server_close()
        self.clients.hang_up()
        self._thread.join()

    def verify_request(self, request: Any, client_address: Any) -> bool:
        """Whether there is room for a new connection."""
        there_is = self.clients.admit(request)
        if not there_is:
            _turn_away(request)
        return there_is

    def shutdown_request(self, request: Any) -> None:
        """Forget a connection, and close it."""
        self.clients.forget(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away is no news; a bug is."""
        if not isinstance(sys.exception(), OSError):
            traceback.print_exc()


class _Connection(socketserver.BaseRequestHandler):
    """Answers the requests of one connection, one after the other."""

    server: WebServer
    request: socket.socket

    def handle(self) -> None:
        self.request.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        inbox = Inbox(self.request, self.server.limits)
        while self.server.clients.note(self.request, answered=False):
            if not self._one(inbox):
                break

    def _one(self, inbox: Inbox) -> bool:
        """Answer the next request; whether there may be another one."""
        only_head = keep = False
        try:
            head = inbox.head()
            if head is None or not self.server.clients.note(self.request, answered=True):
                return False
            request = parse(head)
            only_head = request.method == "HEAD"
            keep = request.keep_alive and not request.has_body  # nothing can follow a body that nobody reads
            if request.has_body and self.server.body_bytes:
                request = replace(request, body=inbox.body(request, self.server.body_bytes))
                keep = request.keep_alive
            answer = self.server.answers.to(request)
        except RefusedError as error:
            answer = refusal(error)
        except OSError:  # of the connection
            raise
        except Exception:
            self._send(
                refusal(RefusedError(HTTPStatus.INTERNAL_SERVER_ERROR, "a bug in Limner")), only_head, keep=False
            )
            raise
        with answer.body:
            sent = self._send(answer, only_head, keep=keep)
        if not (keep and sent):
            _linger(self.request)
        return keep and sent

    def _send(self, answer: Answer, only_head: bool, *, keep: bool) -> bool:
        """Send an answer; whether all of it could be read."""
        out = _head(answer, keep=keep)
        left = 0 if only_head else answer.length or 0
        self.request.settimeout(self.server.limits.write_seconds)
        while left:
            chunk = answer.body.read(min(left, _CHUNK))
            if not chunk:  # the file has become shorter
                break
            left -= len(chunk)
            self.request.sendall(out + chunk)
            self.server.clients.note(self.request, answered=True)
            out = b""
        if out:
            self.request.sendall(out)
        return not left


def _head(answer: Answer, *, keep: bool) -> bytes:
    """Status line and headers, as they are sent."""
    length = {} if answer.length is None else {"Content-Length": str(answer.length)}
    connection = "keep-alive" if keep else "close"
    headers = {"Date": formatdate(usegmt=True), **answer.headers, **length, "Connection": connection}
    lines = [f"HTTP/1.1 {answer.status.value} {answer.status.phrase}", *(f"{n}: {v}" for n, v in headers.items())]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


def _turn_away(connection: socket.socket) -> None:
    """Tell a client that there is no room, without waiting for it."""
    answer = refusal(RefusedError(HTTPStatus.SERVICE_UNAVAILABLE, "too many connections", {"Retry-After": "1"}))
    with suppress(OSError):
        connection.settimeout(0)
        connection.send(_head(answer, keep=False) + answer.body.read())


def _linger(connection: socket.socket) -> None:
    """Let a client that still sends read the answer first: closing at once would take it away from it."""
    with suppress(OSError):
        connection.shutdown(socket.SHUT_WR)
        until, left = time.monotonic() + _LINGER_SECONDS, _LINGER_BYTES
        while left > 0 and (seconds := until - time.monotonic()) > 0:
            connection.settimeout(seconds)
            dropped = len(connection.recv(_CHUNK))
            if not dropped:
                break
            left -= dropped
