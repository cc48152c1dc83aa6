"""What a request is told that gets no picture: a status, and one line that says what is wrong and what to do."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus

from limner.errors import LimnerError, MissingExtraError, ModelError

_LONGEST = 600


class RefusedError(Exception):
    """A request is refused.

    Attributes:
        status: of HTTP.
        reason: one line.
        headers: beside those that every answer has.
    """

    def __init__(self, status: int, reason: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(reason)
        self.status, self.reason, self.headers = int(status), one_line(reason), dict(headers or {})


class GoneError(Exception):
    """The client is not there any more: nobody needs an answer."""


def one_line(text: str) -> str:
    """``text`` without line breaks and other control characters, and of a bounded length."""
    plain = " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())
    return plain if len(plain) <= _LONGEST else plain[: _LONGEST - 1] + "…"


def body(status: int, reason: str) -> dict[str, object]:
    """What the JSON of a refusal holds."""
    return {"status": status, "error": reason}


def of_error(error: LimnerError) -> RefusedError:
    """What an error of the library means over HTTP. Options are called what the parameters are."""
    status = HTTPStatus.UNPROCESSABLE_ENTITY
    if isinstance(error, MissingExtraError):
        status = HTTPStatus.NOT_IMPLEMENTED
    elif isinstance(error, ModelError):
        status = HTTPStatus.INTERNAL_SERVER_ERROR
    return RefusedError(status, error.told(lambda name: name.replace("_", "-")))
