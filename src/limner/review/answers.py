"""What the page of a review asks for: its own files, photos and masks by number, and decisions to keep."""

from __future__ import annotations

import hmac
import io
import json
import re
from collections.abc import Collection
from http import HTTPStatus
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from limner.errors import DataError
from limner.review.desk import Desk, read_mask
from limner.review.snapping import snapped
from limner.web.answering import Answer
from limner.web.headers import POLICY, content_type
from limner.web.request import RefusedError, Request

PAGE = Path(__file__).with_name("page")
MOST_BYTES = 64_000_000
"""Of a mask that is sent: PNG of 60 megapixels at worst."""
_NUMBERED = re.compile(r"(photo|mask|decide|repair|snap)/(\d{1,9})")
_VERDICTS = ("accept", "reject", "nobody", None)


class ReviewAnswers:
    """Answers the requests of the page.

    Everything lies below a key that nobody can guess, so that neither other users of the machine nor web pages that are
    open in the same browser see a photo. Photos have numbers: no path of a request reaches the disk.

    Args:
        desk: what is reviewed.
        hosts: the names that this server has; a request for another host is refused.
        key: of letters, digits, - and _.
    """

    def __init__(self, desk: Desk, hosts: Collection[str], key: str) -> None:
        self._desk, self._hosts, self._key = desk, hosts, key
        self._files = {path.name: path for path in PAGE.iterdir() if path.is_file()}

    def to(self, request: Request) -> Answer:
        """The answer.

        Raises:
            RefusedError: the request is not of the page, or cannot be met.
        """
        if request.host not in self._hosts:
            raise RefusedError(HTTPStatus.MISDIRECTED_REQUEST, "this server has another name; open it as 127.0.0.1")
        if request.target.partition("?")[0] == f"/{self._key}/":
            return _answer(self._files["index.html"].read_bytes(), content_type("index.html"))
        key, _, path = request.path.partition("/")
        if not hmac.compare_digest(key.encode(), self._key.encode()):
            raise RefusedError(HTTPStatus.NOT_FOUND, "there is nothing here; open the address that was printed")
        if request.method == "POST":
            _check_origin(request)
        elif request.method not in ("GET", "HEAD"):
            raise RefusedError(HTTPStatus.METHOD_NOT_ALLOWED, "only GET and POST", {"Allow": "GET, HEAD, POST"})
        try:
            return self._at(path, request)
        except DataError as error:
            raise RefusedError(HTTPStatus.UNPROCESSABLE_ENTITY, str(error)) from None
        except OSError as error:
            reason = error.strerror or "unknown why"
            raise RefusedError(HTTPStatus.INSUFFICIENT_STORAGE, f"cannot be written: {reason}") from None

    def _at(self, path: str, request: Request) -> Answer:
        posted = request.method == "POST"
        if not posted and path in self._files:
            return _answer(self._files[path].read_bytes(), content_type(path))
        if not posted and path == "items.json":
            return _json({"folder": str(self._desk.folder.folder), "items": self._desk.told()})
        found = _NUMBERED.fullmatch(path)
        if found is None or int(found[2]) >= len(self._desk.items):
            raise RefusedError(HTTPStatus.NOT_FOUND, "there is nothing of that name")
        what, index = found[1], int(found[2])
        if posted != (what in ("decide", "repair", "snap")):
            raise RefusedError(HTTPStatus.METHOD_NOT_ALLOWED, "the wrong method for this")
        if what == "photo":
            return _answer(_encoded(".jpg", self._desk.photo(index)), "image/jpeg")
        if what == "mask":
            return _answer(_encoded(".png", self._desk.mask(index)), "image/png")
        if what == "decide":
            self._desk.decide(index, _verdict(request.body))
            return _json({"verdict": self._desk.decisions.of(self._desk.items[index].photo)})
        sent = read_mask(request.body)
        if what == "repair":
            self._desk.repair(index, np.ascontiguousarray(sent[..., 0]))
            return _json({"verdict": "repair"})
        rgb = self._desk.photo(index)
        if sent.shape != rgb.shape:
            raise DataError("the mask has not the size of the photo")
        region = np.ascontiguousarray(sent[..., 1])
        mask = snapped(rgb, np.ascontiguousarray(sent[..., 0]), region if region.any() else None)
        return _answer(_encoded(".png", mask), "image/png")


def _check_origin(request: Request) -> None:
    """Refuse what another site's page sends; browsers say whose page it is."""
    origin = request.fields.get("origin")
    if origin is not None and origin != f"http://{request.fields.get('host', '')}":
        raise RefusedError(HTTPStatus.FORBIDDEN, "the request comes from another site")


def _verdict(body: bytes) -> Any:
    try:
        verdict = json.loads(body)["verdict"]
    except (ValueError, KeyError, TypeError):
        raise RefusedError(HTTPStatus.BAD_REQUEST, "the body must be JSON with a verdict") from None
    if verdict not in _VERDICTS:
        raise RefusedError(HTTPStatus.BAD_REQUEST, "the verdict must be accept, reject, nobody or null")
    return verdict


def _encoded(suffix: str, picture: NDArray[np.uint8]) -> bytes:
    ordered = picture if picture.ndim == 2 else cv2.cvtColor(picture, cv2.COLOR_RGB2BGR)
    full = [cv2.IMWRITE_JPEG_SAMPLING_FACTOR, cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444]
    options = [cv2.IMWRITE_JPEG_QUALITY, 95, *full] if suffix == ".jpg" else [cv2.IMWRITE_PNG_COMPRESSION, 2]
    return cv2.imencode(suffix, ordered, options)[1].tobytes()


def _json(value: Any) -> Answer:
    return _answer(json.dumps(value, ensure_ascii=False).encode(), "application/json")


def _answer(data: bytes, kind: str) -> Answer:
    headers = {**POLICY, "Cache-Control": "no-store", "Content-Type": kind}
    return Answer(HTTPStatus.OK, headers, io.BytesIO(data), len(data))
