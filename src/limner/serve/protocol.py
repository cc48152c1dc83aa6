"""uvicorn's HTTP/1.1 with limits of time and number for each connection, and refusals that are JSON."""

from __future__ import annotations

import asyncio
import json
from http import HTTPStatus
from typing import Any, ClassVar

from uvicorn.protocols.http.h11_impl import H11Protocol

from limner.serve.options import Limits
from limner.serve.refusal import body

_LOOK_EVERY = 0.5


class Protocol(H11Protocol):
    """One connection.

    A look twice a second finds clients that send no head, that do not end a body nobody reads any more, and that do not
    read their answer. A body that is read has limits of its own, see ``limner.serve.upload``.
    """

    limits: ClassVar[Limits] = Limits()
    _timer: asyncio.TimerHandle | None = None
    _since = _moved = 0.0
    _buffered = 0
    _heard = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._since = self._moved = self.loop.time()
        self._timer = self.loop.call_later(_LOOK_EVERY, self._look)
        if len(self.connections) > self.limits.connections:
            self._refuse(HTTPStatus.SERVICE_UNAVAILABLE, "too many connections; try again in a moment")

    def connection_lost(self, exc: Exception | None) -> None:
        if self._timer is not None:
            self._timer.cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self.transport.is_closing():
            return
        self._heard = True
        super().data_received(data)

    def send_400_response(self, msg: str) -> None:
        self._refuse(HTTPStatus.BAD_REQUEST, "this is not an HTTP/1.1 request")

    def _refuse(self, status: HTTPStatus, reason: str) -> None:
        """Say why, unless an answer has begun, and hang up."""
        if self._is_idle():
            data = (json.dumps(body(status, reason)) + "\n").encode()
            head = (
                f"HTTP/1.1 {status.value} {status.phrase}\r\nContent-Type: application/json\r\n"
                f"Content-Length: {len(data)}\r\nRetry-After: 1\r\nConnection: close\r\n\r\n"
            )
            self.transport.write(head.encode("ascii") + data)
        self.transport.close()

    def _is_idle(self) -> bool:
        cycle: Any = self.cycle
        return cycle is None or cycle.response_complete

    def _look(self) -> None:
        now = self.loop.time()
        self._timer = self.loop.call_later(_LOOK_EVERY, self._look)
        buffered = self.transport.get_write_buffer_size()
        if buffered != self._buffered or not buffered:
            self._buffered, self._moved = buffered, now
        elif now - self._moved > self.limits.stall_seconds:
            self.transport.abort()
            return
        if not self._is_idle():
            self._since, self._heard = now, False
        elif now - self._since > self.limits.head_seconds and not self.transport.is_closing():
            if self._heard and self.cycle is None:
                self._refuse(HTTPStatus.REQUEST_TIMEOUT, "the head of the request did not come to an end in time")
            else:
                self.transport.close()


def limited(limits: Limits) -> type[Protocol]:
    """The class of connections with these limits."""
    return type("LimitedProtocol", (Protocol,), {"limits": limits})
