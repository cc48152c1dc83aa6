"""The routes: what is answered under which path, and how that is described in OpenAPI."""

from __future__ import annotations

import functools
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Annotated, Any

from fastapi import FastAPI, Query, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp

from limner.effects.registry import EFFECTS
from limner.errors import MissingExtraError
from limner.serve import schema
from limner.serve.backgrounds import Backgrounds
from limner.serve.crew import Crew
from limner.serve.desk import Desk
from limner.serve.door import BUG, Door
from limner.serve.gate import Gate
from limner.serve.key import Lock
from limner.serve.metrics import CONTENT_TYPE
from limner.serve.negotiation import media_type
from limner.serve.options import ServeOptions
from limner.serve.parameters import ImageParameters, InfoParameters, LiveParameters, told
from limner.serve.refusal import RefusedError, body
from limner.serve.remote import Remote
from limner.serve.work import Info
from limner.serve.workplace import Threads, Workplace
from limner.version import __version__

_PAGE = Path(__file__).with_name("page")


@dataclass(frozen=True, slots=True)
class Serving:
    """A server's application, and what ends it.

    Attributes:
        app: to run.
        gate: the work in flight.
        names: of the models.
        end_live: ends what would not end by itself; called once nothing new is taken in.
        close: ends the workers.
    """

    app: ASGIApp
    gate: Gate
    names: tuple[str, ...]
    end_live: Callable[[], Awaitable[None]]
    close: Callable[[], None]


def build_app(options: ServeOptions, *, names: frozenset[str] | None = None) -> Serving:
    """The application; starts the workers, which load the models.

    Args:
        options: the operator's.
        names: what a request may call this server; None: anything.

    Raises:
        LimnerError: an option or a model cannot be used.
    """
    if options.live:
        _check_live()
    limits = options.limits
    backgrounds = Backgrounds(options.backgrounds, limits.max_pixels)
    lock = Lock(options.key)
    workplace: Workplace = Crew(options) if options.in_processes else Threads(options)
    gate = Gate(limits)
    desk = Desk(workplace, gate, Remote(options.url_hosts, limits), limits)
    app = FastAPI(
        title="Limner",
        version=__version__,
        description="Finds the person in every pixel of a photo, and changes the rest.",
        docs_url=None,  # both load scripts from elsewhere
        redoc_url=None,
        openapi_url=None,
        telemetry={"tracing": False, "metrics": False, "logs": False, "auto_configure": False},
        generate_unique_id_function=lambda route: route.name,
    )
    _add_errors(app)
    _add_work(app, desk)
    _add_facts(app, desk, backgrounds)
    _add_page(app)
    end_live = _add_live(app, desk, backgrounds, options.live) if options.live else _nothing
    _add_schema(app, keyed=not lock.is_open)
    loaded = tuple(facts.name for facts in workplace.facts)
    return Serving(Door(app, lock, names, desk.metrics), gate, loaded, end_live, workplace.close)


def _check_live() -> None:
    try:
        import aiortc  # noqa: F401
    except ModuleNotFoundError:
        raise MissingExtraError("live video", "aiortc", "webrtc") from None


def _add_live(app: FastAPI, desk: Desk, backgrounds: Backgrounds, streams: int) -> Callable[[], Awaitable[None]]:
    """Adds the routes of live video; what ends it."""
    from limner.serve.live import Live
    from limner.serve.live_routes import add_live

    live = Live(desk.gate, streams)
    add_live(app, live, desk.workplace, backgrounds, desk.limits)
    return live.close


async def _nothing() -> None:
    return


def _add_work(app: FastAPI, desk: Desk) -> None:
    def picture(result: Any) -> Response:
        desk.metrics.stages(result.milliseconds)
        timing = ", ".join(f"{stage};dur={took}" for stage, took in result.milliseconds.items())
        headers = {
            "Server-Timing": timing,
            "Limner-Person": f"{result.person:.4f}",
            "Limner-Confidence": f"{result.confidence:.4f}",
            "Vary": "Accept",
        }
        return Response(result.data, media_type=media_type(result.format), headers=headers)

    def info(result: Info) -> Response:
        desk.metrics.stages(result.milliseconds)
        return Response(json.dumps(schema.plain(result)) + "\n", media_type="application/json")

    @app.post("/v1/image", name="image", tags=["photos"], **schema.IMAGE)
    async def image(request: Request, parameters: Annotated[ImageParameters, Query()]) -> Response:  # type: ignore[valid-type]
        """The photo through an effect: blurred, replaced, cut out, a mask, …"""
        return await desk.answer(request, parameters, "picture", picture)

    @app.post("/v1/info", name="info", tags=["photos"], **schema.INFO)
    async def info_(request: Request, parameters: Annotated[InfoParameters, Query()]) -> Response:  # type: ignore[valid-type]
        """What is known of the photo: its size, where the person is, and how sure the model is."""
        return await desk.answer(request, parameters, "info", info)


def _add_facts(app: FastAPI, desk: Desk, backgrounds: Backgrounds) -> None:
    @app.get("/v1/models", name="models", tags=["facts"], **schema.MODELS)
    async def models() -> Response:
        """The models that requests may choose from; the first is what they get unasked."""
        return _json([schema.plain(facts) for facts in desk.workplace.facts])

    @app.get("/v1/effects", name="effects", tags=["facts"], **schema.EFFECTS)
    async def effects() -> Response:
        """The effects with their settings, and the names of the backgrounds that are here."""
        return _json(schema.effects(EFFECTS, backgrounds.names))

    @app.get("/health/live", name="live", tags=["health"], **schema.HEALTH)
    async def live() -> Response:
        """200 as long as the server runs, even while it ends."""
        return _json({"status": "live"})

    @app.get("/health/ready", name="ready", tags=["health"], **schema.HEALTH)
    @app.get("/health", name="health", tags=["health"], **schema.HEALTH)
    async def ready() -> Response:
        """200 where requests are taken: a worker is there, and the server is not about to end."""
        desk.gate.check_open()
        if not desk.workplace.alive():
            reason = "no worker is there at the moment; try again in some seconds"
            raise RefusedError(HTTPStatus.SERVICE_UNAVAILABLE, reason, {"Retry-After": "5"})
        return _json({"status": "ready"})

    @app.get("/metrics", name="metrics", tags=["health"], **schema.METRICS)
    async def metrics() -> Response:
        """Counts for Prometheus."""
        return Response(desk.metrics.text(), media_type=CONTENT_TYPE)


def _add_page(app: FastAPI) -> None:
    files = {"/": ("index.html", "text/html"), "/page.js": ("page.js", "text/javascript"),
             "/page.css": ("page.css", "text/css")}  # fmt: skip
    for path, (name, kind) in files.items():
        data = (_PAGE / name).read_bytes()
        answer = functools.partial(_file, data, kind)
        app.add_api_route(path, answer, methods=["GET"], include_in_schema=False, name=name)


async def _file(data: bytes, kind: str) -> Response:
    return Response(data, media_type=kind, headers={"Cache-Control": "no-cache"})


def _add_schema(app: FastAPI, *, keyed: bool) -> None:
    described = json.dumps(schema.finished(app.openapi(), keyed=keyed)).encode() + b"\n"

    @app.get("/openapi.json", include_in_schema=False)
    async def openapi() -> Response:
        return Response(described, media_type="application/json")


def _json(value: Any) -> Response:
    return Response(json.dumps(value) + "\n", media_type="application/json")


def _add_errors(app: FastAPI) -> None:
    """Every error is one line of JSON with its status."""

    async def wrong(request: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)
        kinds = {"/v1/image": ImageParameters, "/v1/info": InfoParameters}
        kind = kinds.get(request.url.path, LiveParameters)
        return _refusal(RefusedError(HTTPStatus.UNPROCESSABLE_ENTITY, told(error.errors()[0], kind)))

    async def http(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        reasons = {404: "there is nothing under this path; see /openapi.json", 405: "this path takes another method"}
        reason = reasons.get(error.status_code, str(error.detail))
        return _refusal(RefusedError(error.status_code, reason, error.headers))

    async def refused(request: Request, error: Exception) -> Response:
        assert isinstance(error, RefusedError)
        return _refusal(error)

    async def bug(request: Request, error: Exception) -> Response:
        return _refusal(RefusedError(HTTPStatus.INTERNAL_SERVER_ERROR, BUG))  # the door tells the operator more

    app.add_exception_handler(Exception, bug)
    app.add_exception_handler(RequestValidationError, wrong)
    app.add_exception_handler(HTTPException, http)
    app.add_exception_handler(RefusedError, refused)


def _refusal(error: RefusedError) -> Response:
    text = json.dumps(body(error.status, error.reason)) + "\n"
    return Response(text, error.status, error.headers, media_type="application/json")
