"""The body of a request: read within limits of size and time, and taken apart where it is a form."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from limner.serve.options import RATE, SLACK, Limits
from limner.serve.refusal import RefusedError

FORM, JSON = "multipart/form-data", "application/json"
PHOTO = "photo"
"""The part of a form that holds the photo."""
_MOST_PARTS, _LONGEST_HEADER, _LONGEST_TEXT, _LONGEST_JSON = 64, 4096, 4096, 16_384
_BARE = ("application/octet-stream",)


@dataclass(slots=True)
class Sent:
    """What a request brought.

    Attributes:
        photo: the bytes of the photo, or None where ``url`` says where it is.
        url: where the photo is.
        options: name -> value, as text from a form, as it was in JSON.
        files: name -> bytes, of the other parts of a form that are files.
    """

    photo: bytes | None = None
    url: str | None = None
    options: dict[str, Any] = field(default_factory=dict)
    files: dict[str, bytes] = field(default_factory=dict)


async def read_body(chunks: AsyncIterator[bytes], headers: Mapping[str, str], limits: Limits) -> bytes:
    """All of a request's body.

    Raises:
        RefusedError: 408, it comes too slowly; 413, it is too large; 415, it is compressed.
    """
    if headers.get("content-encoding", "identity").strip().lower() not in ("", "identity"):
        raise RefusedError(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "a compressed body is not taken; send it as it is")
    if int(headers.get("content-length") or 0) > limits.body_bytes:
        raise _too_large(limits)
    body, began = bytearray(), time.monotonic()
    while True:
        left = min(limits.body_seconds, SLACK + len(body) / RATE) - (time.monotonic() - began)
        try:
            async with asyncio.timeout(left):
                body += await anext(chunks)
        except StopAsyncIteration:
            return bytes(body)
        except TimeoutError:
            raise RefusedError(HTTPStatus.REQUEST_TIMEOUT, "the body of the request comes too slowly") from None
        if len(body) > limits.body_bytes:
            raise _too_large(limits)


def _too_large(limits: Limits) -> RefusedError:
    reason = f"the body is larger than {limits.body} MiB; send a smaller file"
    return RefusedError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, reason)


def take_apart(body: bytes, content_type: str) -> Sent:
    """What is in a body.

    Raises:
        RefusedError: 400, it is damaged; 415, it is of a type that is not taken; 422, something is missing or twice.
    """
    kind, options = parse_options_header(content_type.encode("latin-1"))
    name = kind.decode("latin-1").lower()
    if name == FORM:
        sent = _of_form(body, options.get(b"boundary", b""))
    elif name == JSON:
        sent = _of_json(body)
    elif name.startswith("image/") or name in _BARE:
        sent = Sent(photo=body)
    else:
        what = f"Content-Type {name!r} is not taken" if name else "Content-Type is missing"
        reason = f"{what}: send a photo as image/*, as the part {PHOTO} of {FORM}, or its url in {JSON}"
        raise RefusedError(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, reason)
    if sent.photo == b"":
        raise RefusedError(HTTPStatus.UNPROCESSABLE_ENTITY, "the photo is empty")
    return sent


def _of_json(body: bytes) -> Sent:
    if len(body) > _LONGEST_JSON:
        raise RefusedError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"JSON of more than {_LONGEST_JSON} bytes is not taken")
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        raise RefusedError(HTTPStatus.BAD_REQUEST, "the body is no JSON") from None
    url = found.pop("url", None) if isinstance(found, dict) else None
    if not isinstance(url, str):
        raise RefusedError(HTTPStatus.UNPROCESSABLE_ENTITY, 'the JSON must be an object with "url", a text')
    return Sent(url=url, options=found)


def _of_form(body: bytes, boundary: bytes) -> Sent:
    form = _Form(body, boundary)
    sent = Sent()
    for name, data, is_file in form.parts:
        if name == PHOTO:
            if sent.photo is not None:
                raise RefusedError(HTTPStatus.UNPROCESSABLE_ENTITY, f"the form has the part {PHOTO} twice")
            sent.photo = data
        elif name in sent.options or name in sent.files:
            raise RefusedError(HTTPStatus.UNPROCESSABLE_ENTITY, f"the form has the part {name!r} twice")
        elif is_file:
            sent.files[name] = data
        else:
            sent.options[name] = _text(name, data)
    if sent.photo is None:
        raise RefusedError(HTTPStatus.UNPROCESSABLE_ENTITY, f"the form has no part {PHOTO}: put the file there")
    return sent


def _text(name: str, data: bytes) -> str:
    try:
        if len(data) <= _LONGEST_TEXT:
            return data.decode()
    except UnicodeDecodeError:
        pass
    raise RefusedError(HTTPStatus.UNPROCESSABLE_ENTITY, f"the part {name!r} of the form is no short text in UTF-8")


class _Form:
    """The parts of a form, all of them in memory: (name, data, whether it is a file).

    Raises:
        RefusedError: 400, it is no form.
    """

    def __init__(self, body: bytes, boundary: bytes) -> None:
        self.parts: list[tuple[str, bytes, bool]] = []
        self._headers: dict[bytes, bytes] = {}
        self._name, self._value, self._data = bytearray(), bytearray(), bytearray()
        self._ended = False
        try:
            parser = MultipartParser(
                boundary,
                {
                    "on_part_begin": self._begin,
                    "on_part_data": self._more_data,
                    "on_part_end": self._end,
                    "on_header_field": self._more_name,
                    "on_header_value": self._more_value,
                    "on_header_end": self._end_header,
                    "on_end": self._end_form,
                },
            )
            parser.write(body)
            parser.finalize()
        except (FormParserError, UnicodeDecodeError):
            self._ended = False
        if not self._ended:
            raise RefusedError(HTTPStatus.BAD_REQUEST, f"the body is no whole {FORM}")

    def _begin(self) -> None:
        if len(self.parts) >= _MOST_PARTS:
            raise RefusedError(HTTPStatus.BAD_REQUEST, f"the form has more than {_MOST_PARTS} parts")
        self._headers, self._data = {}, bytearray()

    def _more_data(self, data: bytes, start: int, end: int) -> None:
        self._data += memoryview(data)[start:end]

    def _more_name(self, data: bytes, start: int, end: int) -> None:
        self._name += data[start:end]
        self._check_header()

    def _more_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]
        self._check_header()

    def _check_header(self) -> None:
        if len(self._name) + len(self._value) > _LONGEST_HEADER:
            raise RefusedError(HTTPStatus.BAD_REQUEST, "a header of the form is too long")

    def _end_header(self) -> None:
        self._headers[bytes(self._name).lower()] = bytes(self._value)
        self._name, self._value = bytearray(), bytearray()

    def _end(self) -> None:
        kind, options = parse_options_header(self._headers.get(b"content-disposition"))
        name = options.get(b"name", b"").decode()
        if kind != b"form-data" or not name:
            raise RefusedError(HTTPStatus.BAD_REQUEST, "a part of the form has no name")
        self.parts.append((name, bytes(self._data), b"filename" in options))

    def _end_form(self) -> None:
        self._ended = True
