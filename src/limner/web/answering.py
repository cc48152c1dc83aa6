"""From a request to its answer: which form of which file, which part of it, and under which headers."""

from __future__ import annotations

import io
import os
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from typing import Protocol

from limner.web import conditions
from limner.web.fingerprints import Body, Fingerprints
from limner.web.headers import POLICY
from limner.web.request import RefusedError, Request
from limner.web.site import Resource, Site

METHODS = ("GET", "HEAD")


@dataclass(frozen=True, slots=True)
class Answer:
    """A status, headers without the connection's own, and ``length`` bytes from where ``body`` stands.

    A ``length`` of None says that the answer is one that never has a body.
    """

    status: HTTPStatus
    headers: Mapping[str, str]
    body: Body = field(default_factory=io.BytesIO)
    length: int | None = None


class Answerer(Protocol):
    """Answers requests; whoever sends an answer closes its body."""

    def to(self, request: Request) -> Answer:
        """The answer.

        Raises:
            RefusedError: there is none but a refusal.
        """


class Answers:
    """Answers requests for the files of a site.

    Args:
        site: what is served.
        hosts: the names that this server has; a request for another host is refused. None: any.
    """

    def __init__(self, site: Site, hosts: Collection[str] | None = None) -> None:
        self._site, self._hosts = site, hosts
        self._fingerprints = Fingerprints()

    def to(self, request: Request) -> Answer:
        """The answer; whoever sends it closes its body.

        Raises:
            RefusedError: the request gets no file.
        """
        host = request.host
        if self._hosts is not None and host is not None and host not in self._hosts:
            # Any site can give itself a name that leads to this machine, and would be let in as if it were ours.
            raise RefusedError(
                HTTPStatus.MISDIRECTED_REQUEST, f"this server is not {host}; open it as 127.0.0.1 or localhost"
            )
        if request.method not in METHODS:
            raise RefusedError(HTTPStatus.METHOD_NOT_ALLOWED, "files are only read here", {"Allow": ", ".join(METHODS)})
        found = self._site.find(request.path)
        if found is None:
            raise RefusedError(HTTPStatus.NOT_FOUND, "there is no such file")
        varies = {"Vary": "Accept-Encoding"} if len(found.forms) > 1 else {}
        coding = conditions.coding(request.fields.get("accept-encoding"), found.forms)
        if coding is None:
            raise RefusedError(HTTPStatus.NOT_ACCEPTABLE, "there is no form of this file that is acceptable", varies)
        if coding != "identity":
            varies["Content-Encoding"] = coding
        body = _opened(found.forms[coding])
        try:
            return self._of_file(request, found, body, varies)
        except OSError as error:
            body.close()
            raise _unreadable(error) from None
        except BaseException:
            body.close()
            raise

    def _of_file(self, request: Request, found: Resource, body: Body, more: Mapping[str, str]) -> Answer:
        etag = f'"{self._fingerprints.of(body)[:32]}"'
        size = body.seek(0, os.SEEK_END)
        body.seek(0)
        asked = request.fields
        kept = {**POLICY, "Cache-Control": found.cache, "ETag": etag, **more}
        if "if-match" in asked and not conditions.names(asked["if-match"], etag, weak=False):
            raise RefusedError(HTTPStatus.PRECONDITION_FAILED, "the file is another version", {"ETag": etag})
        if "if-none-match" in asked and conditions.names(asked["if-none-match"], etag, weak=True):
            kept.pop("Content-Encoding", None)
            body.close()
            return Answer(HTTPStatus.NOT_MODIFIED, kept)
        headers = {**kept, "Content-Type": found.kind, "Accept-Ranges": "bytes"}
        whole = asked.get("if-range", etag) != etag
        if request.method == "GET" and "range" in asked and not whole:
            try:
                part = conditions.part(asked["range"], size)
            except conditions.UnsatisfiableError:
                raise RefusedError(
                    HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE,
                    f"the file has {size} bytes",
                    {"Content-Range": f"bytes */{size}"},
                ) from None
            if part is not None:
                start, length = part
                body.seek(start)
                headers["Content-Range"] = f"bytes {start}-{start + length - 1}/{size}"
                return Answer(HTTPStatus.PARTIAL_CONTENT, headers, body, length)
        return Answer(HTTPStatus.OK, headers, body, size)


def refusal(error: RefusedError) -> Answer:
    """A line of plain text."""
    text = f"{error.status.value} {error.status.phrase}: {error.reason}\n".encode()
    headers = {**POLICY, "Cache-Control": "no-store", "Content-Type": "text/plain; charset=utf-8", **error.headers}
    return Answer(error.status, headers, io.BytesIO(text), len(text))


def _opened(form: Path | bytes) -> Body:
    if isinstance(form, bytes):
        return io.BytesIO(form)
    try:
        return form.open("rb")
    except FileNotFoundError:
        raise RefusedError(HTTPStatus.NOT_FOUND, "there is no such file any more") from None
    except OSError as error:
        raise _unreadable(error) from None


def _unreadable(error: OSError) -> RefusedError:
    return RefusedError(HTTPStatus.INTERNAL_SERVER_ERROR, f"the file cannot be read: {error.strerror or 'unknown why'}")
