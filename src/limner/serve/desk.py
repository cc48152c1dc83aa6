"""A request with a photo, from its head to its answer."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import AsyncIterator, Awaitable, Callable
from http import HTTPStatus
from typing import Any, TypeVar

from fastapi import Request, Response
from pydantic import BaseModel, ValidationError
from starlette.requests import ClientDisconnect
from starlette.types import Receive, Scope, Send

from limner.errors import LimnerError
from limner.serve.gate import Errand, Gate, Ticket
from limner.serve.metrics import Metrics
from limner.serve.options import RATE, Limits
from limner.serve.parameters import given, told
from limner.serve.refusal import GoneError, RefusedError, of_error
from limner.serve.remote import Remote
from limner.serve.upload import Sent, read_body, take_apart
from limner.serve.work import Asked
from limner.serve.workplace import Job, Workplace

T = TypeVar("T")
_PIECE = 256 * 1024


class Desk:
    """Takes a request from its head to its answer."""

    def __init__(self, workplace: Workplace, gate: Gate, remote: Remote, limits: Limits) -> None:
        self.workplace, self.gate, self.remote, self.limits = workplace, gate, remote, limits
        self.metrics = Metrics(gate, workplace)

    async def answer(
        self,
        request: Request,
        parameters: BaseModel,
        job: Job,
        show: Callable[[Any], Response],
    ) -> Response:
        """The answer to a request with a photo, whose place it keeps until it is sent."""
        ticket = self.gate.enter()
        try:
            result = await self._done(request, parameters, job, ticket)
            return _Kept(show(result), ticket)
        except GoneError:
            ticket.give_back()
            self.metrics.left()
            return _Nothing()
        except LimnerError as error:
            ticket.give_back()
            raise of_error(error) from error
        except MemoryError:
            ticket.give_back()
            reason = "the photo does not fit into memory at the moment; try again, or a smaller one"
            raise RefusedError(HTTPStatus.SERVICE_UNAVAILABLE, reason, {"Retry-After": "5"}) from None
        except BaseException:
            ticket.give_back()
            raise

    async def _done(self, request: Request, parameters: BaseModel, job: Job, ticket: Ticket) -> Any:
        try:
            data = await read_body(_without_empty(request.stream()), request.headers, self.limits)
        except ClientDisconnect:
            raise GoneError from None
        self.metrics.read(len(data))
        sent = take_apart(data, request.headers.get("content-type", ""))
        del data
        parameters = _merged(parameters, sent)
        errand = Errand(self.limits.timeout)
        return await _while_there(request, self._run(sent, parameters, request, job, errand, ticket))

    async def _run(
        self,
        sent: Sent,
        parameters: BaseModel,
        request: Request,
        job: Job,
        errand: Errand,
        ticket: Ticket,
    ) -> Any:
        photo = sent.photo
        if photo is None:
            photo = await self.gate.elsewhere(functools.partial(self.remote.fetch, sent.url or ""))
        asked = Asked(photo, given(parameters), sent.files, request.headers.get("accept"))
        return await self.gate.run(ticket, errand, functools.partial(self.workplace.do, job, errand, asked))


async def _without_empty(chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    async for chunk in chunks:
        if chunk:
            yield chunk


async def _while_there(request: Request, work: Awaitable[T]) -> T:
    """The result of ``work``, which is given up where the client leaves before it is there.

    Raises:
        GoneError: it has left.
    """
    task = asyncio.ensure_future(work)
    left = asyncio.ensure_future(request.receive())  # after the body nothing but its end comes
    try:
        await asyncio.wait({task, left}, return_when=asyncio.FIRST_COMPLETED)
        if not task.done():
            raise GoneError
        return task.result()
    finally:
        left.cancel()
        task.cancel()


def _merged(parameters: BaseModel, sent: Sent) -> BaseModel:
    """The parameters of the address with those of the body."""
    if not sent.options:
        return parameters
    kind = type(parameters)
    said = parameters.model_dump(by_alias=True, exclude_unset=True)
    if twice := sorted(said.keys() & sent.options.keys()):
        raise RefusedError(
            HTTPStatus.UNPROCESSABLE_ENTITY, f"{twice[0]} is given twice, in the address and in the body: give it once"
        )
    try:
        return kind.model_validate({**said, **sent.options})
    except ValidationError as error:
        found: Any = error.errors()[0]
        raise RefusedError(HTTPStatus.UNPROCESSABLE_ENTITY, told(found, kind)) from None


class _Nothing(Response):
    """No answer: nobody would read it."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        return


class _Kept(Response):
    """An answer that keeps its request's place until it is sent, and is sent only as long as the client reads it."""

    def __init__(self, inner: Response, ticket: Ticket) -> None:
        super().__init__(inner.body, inner.status_code)
        self.raw_headers = inner.raw_headers
        self._ticket = ticket

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        whole = memoryview(self.body)
        try:
            async with asyncio.timeout(10 + len(whole) / RATE):
                await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
                for start in range(0, len(whole), _PIECE):
                    piece = bytes(whole[start : start + _PIECE])
                    await send({"type": "http.response.body", "body": piece, "more_body": True})
                await send({"type": "http.response.body", "body": b""})
        except TimeoutError:
            raise GoneError from None
        finally:
            self._ticket.give_back()
