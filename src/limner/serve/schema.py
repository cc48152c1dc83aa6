"""What OpenAPI says of the routes: bodies, answers and errors, by the same classes that they are made of."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from fastapi import Response
from pydantic import BaseModel, ConfigDict, Field

from limner.effects.registry import Effects
from limner.serve.backgrounds import file_settings
from limner.serve.models import ModelFacts
from limner.serve.negotiation import TYPES
from limner.serve.parameters import ImageParameters, InfoParameters
from limner.serve.upload import FORM, JSON, PHOTO
from limner.serve.work import Info


class Refusal(BaseModel):
    """Why a request was refused, in one line."""

    model_config = ConfigDict(extra="forbid")
    status: int = Field(ge=400, le=599)
    error: str


class Health(BaseModel):
    """Whether the server runs, or takes requests."""

    model_config = ConfigDict(extra="forbid")
    status: str


class SettingFacts(BaseModel):
    """A setting of an effect."""

    model_config = ConfigDict(extra="forbid")
    name: str
    type: str
    help: str
    photo: bool = Field(description="Whether a part of the form with a photo will do.")


class EffectFacts(BaseModel):
    """An effect."""

    model_config = ConfigDict(extra="forbid")
    name: str
    settings: list[SettingFacts]


class EffectList(BaseModel):
    """All effects, and the backgrounds of this server by name."""

    model_config = ConfigDict(extra="forbid")
    effects: list[EffectFacts]
    backgrounds: list[str]


_TOLD = {
    400: "The request or its body is damaged.",
    401: "The key is missing or wrong.",
    403: "The page of another site asks, or the photo's host is not allowed.",
    404: "There is no such stream or session.",
    406: "Accept leaves no format.",
    408: "The body comes too slowly.",
    409: "There is a stream of that name already.",
    413: "The body is too large.",
    415: "The body is of a type that is not taken.",
    421: "The server is not called so.",
    422: "A parameter cannot be used, or the photo cannot be read.",
    429: "Too many requests are in work; see Retry-After.",
    500: "A model cannot be used, or there is a bug.",
    501: "This server lacks the package for a format.",
    502: "The photo's host gives none.",
    503: "The server ends, or took too long; see Retry-After.",
    504: "The photo's host is too slow.",
}
_ALWAYS = (400, 401, 403, 421, 500)
_BINARY = {"type": "string", "format": "binary"}


def _errors(*statuses: int) -> dict[int | str, dict[str, Any]]:
    return {status: {"model": Refusal, "description": _TOLD[status]} for status in sorted((*_ALWAYS, *statuses))}


def _body(parameters: type[BaseModel], *, files: tuple[str, ...] = ()) -> dict[str, Any]:
    """The three ways in which a photo comes. ``files``: options of a form that may be photos, too."""
    options = parameters.model_json_schema(by_alias=True)["properties"]
    form = {name: {"anyOf": [item, _BINARY]} if name in files else item for name, item in options.items()}
    address = {"type": "string", "maxLength": 2048, "description": "Where the photo is; the operator names the hosts."}
    content: dict[str, Any] = {
        FORM: {"schema": _object({PHOTO: _BINARY, **form}, PHOTO)},
        JSON: {"schema": _object({"url": address, **options}, "url")},
    }
    content |= {kind: {"schema": _BINARY} for kind in (*TYPES.values(), "image/gif", "application/octet-stream")}
    return {"requestBody": {"required": True, "content": content}}


def _object(properties: dict[str, Any], required: str) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": [required], "additionalProperties": False}


def _route(ok: dict[str, Any], *errors: int, **more: Any) -> dict[str, Any]:
    """What a route of FastAPI is told of its answers, which are all made by hand."""
    return {"response_class": Response, "responses": {200: ok, **_errors(*errors)}, **more}


def _json(kind: Any, description: str) -> dict[str, Any]:
    return {"model": kind, "description": description}


_WORK = (406, 408, 413, 415, 422, 429, 501, 502, 503, 504)
_NUMBER = {"type": "number", "minimum": 0, "maximum": 1}
_HEADERS = {
    "Server-Timing": {"description": "Milliseconds by stage.", "schema": {"type": "string"}},
    "Limner-Person": {"description": "Share of the photo that is person.", "schema": _NUMBER},
    "Limner-Confidence": {"description": "How sure the model is.", "schema": _NUMBER},
}
_PICTURE = {
    "description": "The result.",
    "headers": _HEADERS,
    "content": {kind: {"schema": _BINARY} for kind in TYPES.values()},
}
IMAGE = _route(_PICTURE, *_WORK, openapi_extra=_body(ImageParameters, files=file_settings()))
INFO = _route(_json(Info, "What is known of the photo."), *_WORK, openapi_extra=_body(InfoParameters))
MODELS = _route(_json(list[ModelFacts], "The models."))
EFFECTS = _route(_json(EffectList, "The effects."))
HEALTH = _route(_json(Health, "Yes."), 503)
METRICS = _route({"description": "Counts.", "content": {"text/plain": {"schema": {"type": "string"}}}})


_OFFER = {"requestBody": {"required": True, "content": {"application/sdp": {"schema": {"type": "string"}}}}}
_CREATED = {
    "description": "The answer to the offer.",
    "headers": {"Location": {"description": "DELETE it to end the session.", "schema": {"type": "string"}}},
    "content": {"application/sdp": {"schema": {"type": "string"}}},
}
_SDP = {"response_class": Response, "openapi_extra": _OFFER}
PUBLISH: dict[str, Any] = {**_SDP, "responses": {201: _CREATED, **_errors(408, 409, 413, 415, 422, 429, 503)}}
WATCH: dict[str, Any] = {**_SDP, "responses": {201: _CREATED, **_errors(404, 408, 413, 415, 422, 429)}}
LEAVE = _route({"description": "It has ended."}, 404, 422)


def effects(known: Effects, backgrounds: tuple[str, ...]) -> dict[str, Any]:
    """What ``EffectList`` says."""
    found = [
        EffectFacts(
            name=name,
            settings=[
                SettingFacts(
                    name=item.name.replace("_", "-"),
                    type="number" if item.kind is float else "text",
                    help=item.help,
                    photo=item.names_file,
                )
                for item in known.settings(name)
            ],
        )
        for name in known
    ]
    return EffectList(effects=found, backgrounds=list(backgrounds)).model_dump()


def plain(value: Any) -> dict[str, Any]:
    """A dataclass as JSON holds it."""
    return asdict(value)


def finished(described: dict[str, Any], *, keyed: bool) -> dict[str, Any]:
    """FastAPI's description, with the key where one is needed, and without defaults that no value has."""
    if keyed:
        described.setdefault("components", {})["securitySchemes"] = {"key": {"type": "http", "scheme": "bearer"}}
        for path, routes in described["paths"].items():
            for route in routes.values():
                if not path.startswith("/health"):
                    route["security"] = [{"key": []}]
    found: dict[str, Any] = _without_null(described)
    return found


def _without_null(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_null(item) for key, item in value.items() if not (key == "default" and item is None)}
    return [_without_null(item) for item in value] if isinstance(value, list) else value
