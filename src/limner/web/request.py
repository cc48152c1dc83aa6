"""One HTTP/1 request, read strictly: what is not a request by RFC 9112 is refused, never guessed at."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from urllib.parse import unquote_to_bytes

_TOKEN = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
_LINE = re.compile(rf"({_TOKEN}) ([\x21-\x7e]+) HTTP/(\d)\.(\d)")
_FIELD = re.compile(rf"({_TOKEN}):[ \t]*([^\x00-\x08\x0a-\x1f\x7f]*?)[ \t]*")
_ABSOLUTE = re.compile(r"https?://([^/?#]*)(.*)", re.IGNORECASE)
_AUTHORITY = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(?::\d{0,5})?")
_BROKEN_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")


class RefusedError(Exception):
    """A request gets no file: the status, and a line for people."""

    def __init__(self, status: HTTPStatus, reason: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(reason)
        self.status, self.reason, self.headers = status, reason, dict(headers or {})


@dataclass(frozen=True, slots=True)
class Request:
    """The head of a request.

    Attributes:
        method: as it was sent; methods are upper case.
        target: as it was sent, still escaped.
        version: (1, 0) or (1, 1), or a later 1.
        fields: header names in lower case -> value; of a name that came several times, joined by commas.
        body: what followed the head, where a server takes bodies.
    """

    method: str
    target: str
    version: tuple[int, int]
    fields: Mapping[str, str]
    body: bytes = b""

    @property
    def keep_alive(self) -> bool:
        """Whether the client wants to send another request on the same connection."""
        options = {option.strip().lower() for option in self.fields.get("connection", "").split(",")}
        return "close" not in options if self.version >= (1, 1) else "keep-alive" in options

    @property
    def has_body(self) -> bool:
        """Whether something follows the head that is not the next request."""
        return "transfer-encoding" in self.fields or self.fields.get("content-length", "0").strip("0") != ""

    @property
    def host(self) -> str | None:
        """The host that the client thinks it is talking to, in lower case and without a port; None where it says none.

        Raises:
            RefusedError: 400, it is no host.
        """
        absolute = _ABSOLUTE.fullmatch(self.target)
        authority = absolute[1] if absolute else self.fields.get("host")
        if authority is None:
            return None
        found = _AUTHORITY.fullmatch(authority)
        if found is None:
            raise RefusedError(HTTPStatus.BAD_REQUEST, "the host of the request is not a host")
        return found[1].lower()

    @property
    def path(self) -> str:
        """Where the file lies, unescaped and relative to the site; "index.html" for the site itself.

        Raises:
            RefusedError: 400, it is no path; 404, no file can lie there.
        """
        absolute = _ABSOLUTE.fullmatch(self.target)
        escaped = (absolute[2] or "/") if absolute else self.target
        escaped = f"/{escaped}" if escaped.startswith("?") else escaped
        if not escaped.startswith("/") or "#" in escaped or _BROKEN_ESCAPE.search(escaped):
            raise RefusedError(HTTPStatus.BAD_REQUEST, "the target of the request is not a path")
        escaped = escaped.partition("?")[0]
        if escaped == "/":
            return "index.html"
        try:
            parts = [unquote_to_bytes(part).decode() for part in escaped[1:].split("/")]
        except UnicodeDecodeError:
            raise RefusedError(HTTPStatus.BAD_REQUEST, "the path of the request is not UTF-8") from None
        if not all(map(is_name, parts)):
            raise RefusedError(HTTPStatus.NOT_FOUND, "there is no such file")
        return "/".join(parts)


def is_name(part: str) -> bool:
    """Whether a part of a path can name a file here: nothing hidden, no way up, nothing that has another meaning."""
    return part != "" and not part.startswith(".") and part.isprintable() and not set(part) & set('/\\:"')


def check_line(line: bytes) -> None:
    """Refuse a first line that no request has, before its headers have come.

    Raises:
        RefusedError: 400, or 505 for another HTTP than 1.
    """
    _parse_line(line)


def parse(head: bytes) -> Request:
    """A request from its head, with or without the blank line that ends it.

    Raises:
        RefusedError: 400, it is no HTTP/1 request; 505, it is of another HTTP.
    """
    line, *rest = head.replace(b"\r\n", b"\n").rstrip(b"\n").split(b"\n")
    method, target, version = _parse_line(line)
    fields: dict[str, str] = {}
    for text in rest:
        found = _FIELD.fullmatch(text.decode("latin-1"))
        if found is None:
            raise RefusedError(HTTPStatus.BAD_REQUEST, "a header of the request is not a header")
        name, value = found[1].lower(), found[2]
        if name in fields and name in ("host", "content-length"):
            raise RefusedError(HTTPStatus.BAD_REQUEST, f"the request has several headers {name}")
        fields[name] = f"{fields[name]}, {value}" if name in fields else value
    if version >= (1, 1) and "host" not in fields:
        raise RefusedError(HTTPStatus.BAD_REQUEST, "the request has no header host")
    if not fields.get("content-length", "0").isdecimal():
        raise RefusedError(HTTPStatus.BAD_REQUEST, "the content-length of the request is not a number")
    return Request(method, target, version, fields)


def _parse_line(line: bytes) -> tuple[str, str, tuple[int, int]]:
    found = _LINE.fullmatch(line.decode("latin-1"))
    if found is None:
        raise RefusedError(HTTPStatus.BAD_REQUEST, "this is not an HTTP/1.1 request")
    version = int(found[3]), int(found[4])
    if version[0] != 1:
        raise RefusedError(HTTPStatus.HTTP_VERSION_NOT_SUPPORTED, "only HTTP/1.0 and HTTP/1.1 are spoken here")
    return found[1], found[2], version
