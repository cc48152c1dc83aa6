"""The routes of live video: WHIP in, WHEP out (RFC 9725 and its draft for watching), without trickled candidates."""

from __future__ import annotations

import functools
import secrets
from dataclasses import replace
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import FastAPI, Path, Query, Request, Response
from pydantic import BaseModel
from starlette.requests import ClientDisconnect

from limner.errors import LimnerError
from limner.frame import Frame
from limner.serve import schema
from limner.serve.backgrounds import Backgrounds
from limner.serve.gate import Errand
from limner.serve.live import FRAME_SECONDS, Live, Process
from limner.serve.models import check_model
from limner.serve.options import Limits
from limner.serve.parameters import LiveParameters, given
from limner.serve.refusal import GoneError, RefusedError, of_error
from limner.serve.upload import read_body
from limner.serve.work import live_effect
from limner.serve.workplace import Workplace

SDP = "application/sdp"
Name = Annotated[str, Path(pattern=r"^[a-z0-9-]{1,64}$", description="What the stream is called.")]
Session = Annotated[str, Path(pattern=r"^[A-Za-z0-9_-]{1,64}$", description="Of the header Location.")]


def add_live(app: FastAPI, live: Live, workplace: Workplace, backgrounds: Backgrounds, limits: Limits) -> None:
    """Adds the routes."""
    make = functools.partial(_process, workplace, backgrounds, limits)

    @app.post("/v1/live/{name}", name="publish", tags=["live"], status_code=201, **schema.PUBLISH)
    async def publish(name: Name, request: Request, parameters: Annotated[LiveParameters, Query()]) -> Response:  # type: ignore[valid-type]
        """WHIP: publish video, of which every frame goes through the effect. DELETE its Location to end the stream."""
        offer = await _offer(request, limits)
        answer, session = await live.publish(name, offer, lambda: make(parameters))
        return _created(name, answer, session)

    @app.post("/v1/live/{name}/watch", name="watch", tags=["live"], status_code=201, **schema.WATCH)
    async def watch(name: Name, request: Request) -> Response:
        """WHEP: watch what the effect makes of a stream. DELETE its Location to leave."""
        offer = await _offer(request, limits)
        return _created(name, *await live.watch(name, offer))

    @app.delete("/v1/live/{name}/{session}", name="leave", tags=["live"], **schema.LEAVE)
    async def leave(name: Name, session: Session) -> Response:
        """Ends a session."""
        await live.end(name, session)
        return Response()


async def _offer(request: Request, limits: Limits) -> str:
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != SDP:
        raise RefusedError(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, f"Content-Type must be {SDP}")
    try:
        chunks = (chunk async for chunk in request.stream() if chunk)
        return (await read_body(chunks, request.headers, replace(limits, body=1))).decode()
    except ClientDisconnect:
        raise GoneError from None
    except UnicodeDecodeError:
        raise RefusedError(HTTPStatus.BAD_REQUEST, "the body is no offer of video in SDP") from None


def _created(name: str, answer: str, session: str) -> Response:
    headers = {"Location": f"/v1/live/{name}/{session}"}
    return Response(answer, HTTPStatus.CREATED, headers, media_type=SDP)


def _process(workplace: Workplace, backgrounds: Backgrounds, limits: Limits, parameters: BaseModel) -> Process:
    """What becomes of a frame; each stands alone.

    Raises:
        RefusedError: 422, an option cannot be used.
    """
    said: dict[str, Any] = given(parameters)
    try:
        live_effect(said, backgrounds, limits.max_pixels)
        check_model(said.get("model"), workplace.facts)
    except LimnerError as error:
        raise of_error(error) from error
    stream = secrets.token_hex(8)

    def process(frame: Frame) -> Frame:
        found: Frame = workplace.do("frame", Errand(FRAME_SECONDS), stream, said, frame)
        return found

    return process
