"""Reads the heads of requests from a connection, within limits of time and of size."""

from __future__ import annotations

import re
import socket
import time
from dataclasses import dataclass
from http import HTTPStatus

from limner.web.request import RefusedError, Request, check_line

_END = re.compile(rb"\r?\n\r?\n")


@dataclass(frozen=True, slots=True)
class Limits:
    """What one client may take.

    Attributes:
        head_seconds: from the first byte of a request's head to its last.
        idle_seconds: without a request, after which a connection is closed.
        write_seconds: for each 64 kB of an answer, after which a client that does not read is given up.
        head_bytes: of a request's head.
        connections: open at a time. One more closes the one that has been without a request for longest, or, where all
            are being answered, the one that has taken nothing for longest.
        stall_seconds: that a connection which is being answered may take nothing before it can be closed for another.
    """

    head_seconds: float = 10.0
    idle_seconds: float = 30.0
    write_seconds: float = 30.0
    head_bytes: int = 32_768
    connections: int = 256
    stall_seconds: float = 2.0


class Inbox:
    """The requests that come in on one connection."""

    def __init__(self, connection: socket.socket, limits: Limits) -> None:
        self._connection, self._limits = connection, limits
        self._buffer = b""

    def head(self) -> bytes | None:
        """The next request's head, without the blank line; None where the client is silent or gone.

        Raises:
            RefusedError: 400, it does not begin or end as a request does; 408, it is slow; 414 and 431, it is long.
            OSError: the connection is broken.
        """
        until = time.monotonic() + self._limits.idle_seconds
        begun, searched = False, 0
        while True:
            if not begun:
                self._buffer = self._buffer.lstrip(b"\r\n")  # some clients end a body with an empty line too many
            if not begun and self._buffer:
                begun, until = True, time.monotonic() + self._limits.head_seconds
            end = _END.search(self._buffer, searched)
            if end and end.start() <= self._limits.head_bytes:
                found, self._buffer = self._buffer[: end.start()], self._buffer[end.end() :]
                return found
            searched = max(0, len(self._buffer) - 3)
            self._check()
            more = self._more(until)
            if not more and not begun:
                return None
            if more is None:
                raise RefusedError(HTTPStatus.REQUEST_TIMEOUT, "the request did not come to an end in time")
            if not more:
                raise RefusedError(HTTPStatus.BAD_REQUEST, "the request ends before its headers do")
            self._buffer += more

    def body(self, request: Request, most: int) -> bytes:
        """What follows the head of ``request``: at most ``most`` bytes.

        Raises:
            RefusedError: 408, it is slow; 400, it ends early; 411, it does not say how long it is; 413, it is too long.
            OSError: the connection is broken.
        """
        if "transfer-encoding" in request.fields:
            raise RefusedError(HTTPStatus.LENGTH_REQUIRED, "the request does not say how long its body is")
        length = int(request.fields["content-length"])
        if length > most:
            raise RefusedError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"the body has more than {most} bytes")
        parts, missing = [self._buffer[:length]], length - len(self._buffer)
        self._buffer = self._buffer[length:]
        while missing > 0:
            more = self._more(time.monotonic() + self._limits.head_seconds)
            if more is None:
                raise RefusedError(HTTPStatus.REQUEST_TIMEOUT, "the body did not come to an end in time")
            if not more:
                raise RefusedError(HTTPStatus.BAD_REQUEST, "the request ends before its body does")
            parts.append(more[:missing])
            self._buffer = more[missing:]
            missing -= len(more)
        return b"".join(parts)

    def _check(self) -> None:
        """Refuse what cannot become a request any more."""
        line, ends, _ = self._buffer.partition(b"\n")
        if ends:
            check_line(line.removesuffix(b"\r"))
        elif line[:1] and not 0x20 < line[0] < 0x7F:
            raise RefusedError(HTTPStatus.BAD_REQUEST, "this is not an HTTP/1.1 request")  # TLS begins so
        if len(self._buffer) > self._limits.head_bytes:
            if ends:
                raise RefusedError(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, "the headers are too long")
            raise RefusedError(HTTPStatus.REQUEST_URI_TOO_LONG, "the address is too long")

    def _more(self, until: float) -> bytes | None:
        """What the client sends next; nothing at its end, None after ``until``."""
        left = until - time.monotonic()
        if left <= 0:
            return None
        self._connection.settimeout(left)
        try:
            return self._connection.recv(16_384)
        except TimeoutError:
            return None
